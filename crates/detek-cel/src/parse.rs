//! From text to a syntax tree, by the parser of the `cel` crate.
//!
//! The parser is asked to know no macros: it leaves `all`, `has` and the others as the calls they are written as, and the
//! compiler gives them meaning. It recurses, and so does everything that walks its tree, so that limits on length and
//! tokens come first, and long expressions get a stack of their own.

use crate::problem::{Problem, Rule};
use cel::{
    Env,
    common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo},
    parser::{ParseError, ParseErrors},
};
use std::{
    cell::Cell,
    ops::Range,
    panic::{self, AssertUnwindSafe},
    thread,
};

/// How large an expression may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Words, numbers, strings and signs.
    pub tokens: usize,
    /// Levels of the syntax tree.
    pub depth: usize,
    /// Nodes of the syntax tree.
    pub nodes: usize,
}

impl Default for Limits {
    /// What detectors may write. Real ones have up to 11 levels and 56 nodes.
    fn default() -> Self {
        Limits { bytes: 8 * 1024, tokens: 4_000, depth: 32, nodes: 2_000 }
    }
}

/// Up to this many tokens the parser fits on any stack.
const FEW: usize = 48;
/// For the others, in bytes: four times what 4,000 tokens were seen to take.
const STACK: usize = 16 << 20;

thread_local! {
    /// Whether this thread was made by [`with_large_stack`].
    static LARGE: Cell<bool> = const { Cell::new(false) };
}

/// A syntax tree with the places of its nodes.
pub(crate) struct Parsed {
    pub(crate) root: IdedExpr,
    info: SourceInfo,
}

impl Parsed {
    /// Where a node stands, in code points: its operator, its name or its bracket.
    pub(crate) fn place(&self, id: u64) -> Range<usize> {
        let (start, stop) = self.info.offset_for(id).unwrap_or_default();
        start as usize..stop as usize + 1
    }
}

/// Parses an expression.
///
/// # Errors
/// Its syntax errors, or the limit that it exceeds.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Parsed, Vec<Problem>> {
    let whole = 0..source.chars().count();
    let too = |what: &str, is: usize, most: usize| {
        vec![Problem::new(
            Rule::TooLarge,
            whole.clone(),
            format!("the expression has {is} {what}, and {most} are allowed"),
        )]
    };
    if source.len() > limits.bytes {
        return Err(too("bytes", source.len(), limits.bytes));
    }
    let tokens = tokens(source);
    if tokens > limits.tokens {
        return Err(too("words and signs", tokens, limits.tokens));
    }
    let work = || {
        let parsed = syntax(source)?;
        let mut size = Size::default();
        size.add(&parsed.root, 1);
        if size.depth > limits.depth {
            return Err(too("levels", size.depth, limits.depth));
        }
        if size.nodes > limits.nodes {
            return Err(too("parts", size.nodes, limits.nodes));
        }
        Ok(parsed)
    };
    let outcome = if tokens <= FEW || LARGE.get() {
        // As on a thread of its own, a panic of the parser harms this expression only.
        panic::catch_unwind(AssertUnwindSafe(work)).ok()
    } else {
        with_large_stack(work)
    };
    outcome.unwrap_or_else(|| Err(vec![Problem::new(Rule::TooLarge, whole.clone(), "the expression cannot be parsed")]))
}

/// Does work that compiles many expressions on a thread whose stack fits the largest of them. Without it each expression
/// that is not small gets a thread of its own, which takes a third of the time of a load. `None` if there is no thread to
/// be had, or if the work panicked.
pub fn with_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let work = || {
            LARGE.set(true);
            work()
        };
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok()
    })
}

fn syntax(source: &str) -> Result<Parsed, Vec<Problem>> {
    let parser = Env::default().parser().enable_optional_syntax(true).enable_ident_escape_syntax(true);
    match parser.parse_with_source_info(source) {
        Ok((root, info)) => Ok(Parsed { root, info }),
        Err(ParseErrors { errors }) => Err(errors.iter().map(|error| problem(source, error)).collect()),
    }
}

fn problem(source: &str, error: &ParseError) -> Problem {
    let (line, column) = error.pos;
    let before: usize =
        source.split_inclusive('\n').take((line - 1).max(0) as usize).map(|line| line.chars().count()).sum();
    let length = source.chars().count();
    let start = (before + (column - 1).max(0) as usize).min(length);
    let text = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    // What follows is a list of all tokens of the language.
    let text =
        text.split(" expecting {").next().unwrap_or(text).replace("'<EOF>'", "the end").replace("<EOF>", "the end");
    Problem::new(Rule::Syntax, start..start + 1, text)
}

/// Words, numbers and signs of a text, those inside of strings too: no tree has more nodes or levels.
fn tokens(source: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = ' ';
    let begins = source.chars().filter(|&c| {
        let goes_on = is_word(c) && is_word(before);
        before = c;
        !c.is_whitespace() && !goes_on
    });
    begins.count()
}

#[derive(Default)]
struct Size {
    nodes: usize,
    depth: usize,
}

impl Size {
    fn add(&mut self, node: &IdedExpr, depth: usize) {
        self.nodes += 1;
        self.depth = self.depth.max(depth);
        children(node, &mut |child| self.add(child, depth + 1));
    }
}

/// Calls `each` with the nodes right below one.
fn children(node: &IdedExpr, each: &mut dyn FnMut(&IdedExpr)) {
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Comprehension(_) => {}
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).for_each(each),
        Expr::List(list) => list.elements.iter().for_each(each),
        Expr::Select(select) => each(&select.operand),
        Expr::Map(map) => map.entries.iter().for_each(|entry| entry_children(&entry.expr, each)),
        Expr::Struct(message) => message.entries.iter().for_each(|entry| entry_children(&entry.expr, each)),
    }
}

fn entry_children(entry: &EntryExpr, each: &mut dyn FnMut(&IdedExpr)) {
    match entry {
        EntryExpr::StructField(field) => each(&field.value),
        EntryExpr::MapEntry(entry) => {
            each(&entry.key);
            each(&entry.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_bound_the_size_of_the_tree() {
        for source in
            ["a.b[0] + size('x y z') > 3", "r'\\' + \"a\\\"b\"", "[1, 2u, {'a': -3.5}].all(x, x != y)", "!!!a"]
        {
            let parsed = parse(source, &Limits::default());
            let Ok(parsed) = parsed else { continue };
            let mut size = Size::default();
            size.add(&parsed.root, 1);
            assert!(size.nodes <= tokens(source), "{source}: {} of {}", size.nodes, tokens(source));
        }
    }

    #[test]
    fn long_chains_are_refused_before_anything_recurses() {
        for chain in [".b".repeat(20_000), "+a".repeat(20_000), "(".repeat(20_000)] {
            let problems = parse(&format!("a{chain}"), &Limits::default()).err().unwrap();
            assert_eq!(problems[0].rule, Rule::TooLarge);
        }
        let problems = parse(&format!("a{}", "+a".repeat(1_000)), &Limits::default()).err().unwrap();
        assert_eq!(problems[0].text, "the expression has 1001 levels, and 32 are allowed");
    }

    #[test]
    fn a_syntax_error_names_its_place_in_code_points() {
        let problems = parse("'é' + ~", &Limits::default()).err().unwrap();
        assert_eq!((problems[0].rule, problems[0].place.clone()), (Rule::Syntax, 6..7));
    }
}
