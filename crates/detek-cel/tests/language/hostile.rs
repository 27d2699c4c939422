//! Expressions that mean harm: refused when they are compiled, or stopped by what they cost before they take much time or
//! memory. Nothing is timed here but in the test that is ignored by default: units and bytes say the same on every machine.

use crate::evaluate::{check, run};
use detek_cel::{Fault, Limits, Rule};

/// Units for one detector and object.
const FUEL: u64 = 1_000_000;
/// What an evaluation may take of memory.
const BYTES: usize = 64 << 20;

/// What an expression may be long, filled with a prefix, as many parts as fit, and a suffix.
fn filled(prefix: &str, part: &str, suffix: &str) -> String {
    let room = Limits::default().bytes - prefix.len() - suffix.len();
    format!("{prefix}{}{suffix}", part.repeat(room / part.len()))
}

#[test]
fn long_chains_are_refused_before_they_are_parsed() {
    for part in
        ["+a", ".b", "&&a", "||a", "(", "!", "-", "a?b:", "[0]", ".f()", "[", "{a:", "a.all(x,", "?a:b", " in a", "\n"]
    {
        let problems = check(&format!("a{}", part.repeat(20_000))).expect_err(part);
        assert_eq!(problems.iter().map(|problem| problem.rule).collect::<Vec<_>>(), [Rule::TooLarge], "{part}");
    }
}

#[test]
fn what_fits_the_length_is_refused_for_its_depth() {
    for (prefix, part, suffix) in [
        ("", "a+", "a"),
        ("a", ".b", ""),
        ("", "a&&", "a"),
        ("", "(", ""),
        ("", "!", "a"),
        ("", "-", "a"),
        ("", "a?a:", "a"),
        ("a", "[0]", ""),
        ("a", ".f()", ""),
        ("", "[", ""),
        ("", "{a:", ""),
        ("", "a.all(x,", ""),
        ("", "a.map(x,", ""),
        ("", "has(", ""),
    ] {
        let problems = check(&filled(prefix, part, suffix)).expect_err(part);
        assert!(matches!(problems[0].rule, Rule::TooLarge | Rule::Syntax), "{part}: {}", problems[0].text);
    }
}

#[test]
fn quotes_and_comments_do_not_hide_parts_from_the_count() {
    for hidden in
        ["r'\\' + ", "R\"\\\" + ", "'''a'\"''' + ", "\"\"\"'\"\"\" + ", "// '\n", "// \"\n", "b'\\'' + ", "br'\\' + "]
    {
        for part in ["(", "!", "-", "[", "a?a:", "a+", "a.b+", "a&&"] {
            let problems = check(&filled(hidden, part, "")).expect_err(hidden);
            assert_eq!(problems[0].rule, Rule::TooLarge, "{hidden}{part}: {}", problems[0].text);
        }
    }
}

#[test]
fn patterns_that_blow_up_are_refused() {
    for pattern in ["(a{1000}){1000}", "((a{100}){100}){100}", "(\\\\pL{500}){50}", "((((((a?){9}){9}){9}){9}){9}){9}"]
    {
        let problems = check(&format!("object.name.matches('{pattern}')")).expect_err(pattern);
        assert_eq!(problems[0].rule, Rule::BadLiteral, "{pattern}");
        let computed = run(&format!("'a'.matches(['{pattern}'][0])"), FUEL);
        assert!(computed.fault.is_some() && computed.bytes <= BYTES, "{pattern}: {computed:?}");
    }
}

/// Gives `v0` a value and binds `levels` times what a step, in which `_` is the value before, makes of it.
fn grown(start: &str, step: &str, levels: usize, body: &str) -> String {
    let bind = |inner: String, level: usize| {
        format!("cel.bind(v{level}, {}, {inner})", step.replace('_', &format!("v{}", level - 1)))
    };
    let last = body.replace('_', &format!("v{levels}"));
    format!("cel.bind(v0, {start}, {})", (1..=levels).rev().fold(last, bind))
}

const LIST: &str = "[1,2,3,4,5,6,7,8,9,10]";
const TEXT: &str = "'0123456789'";

/// Ten loops in each other, of which `open` is one: `$` is its variable and `_` its body.
fn nest(open: &str, inner: &str) -> String {
    (0..10)
        .rev()
        .fold(inner.to_owned(), |body, n| format!("{LIST}.{}", open.replace('$', &format!("x{n}")).replace('_', &body)))
}

/// Each would take minutes or gigabytes if nothing stopped it.
fn endless() -> Vec<String> {
    let mut bombs = vec![
        nest("all($, _)", "true"),
        nest("exists($, _)", "false"),
        nest("existsOne($, _)", "true"),
        nest("map($, _)", "1"),
        nest("filter($, _ == [])", "[1]"),
        nest("transformList(i, $, _)", "1"),
        nest("transformMap(i, $, _)", "1"),
        nest("sortBy($, _.size())", "[1]"),
        nest("map($, _).flatten()", "[1]"),
        "lists.range(1000000000)".into(),
        "lists.range(9223372036854775807).all(x, x > 0)".into(),
        "lists.range(100000).map(x, lists.range(100000))".into(),
        grown(TEXT, "_ + _", 24, "_"),
        grown(LIST, "_ + _", 24, "_"),
        grown("b'0123456789'", "_ + _", 24, "_"),
        grown(TEXT, "_.replace('', _)", 8, "_"),
        grown(TEXT, "'%s%s%s%s%s%s%s%s'.format([_,_,_,_,_,_,_,_])", 8, "_"),
        grown(TEXT, "[_,_,_,_,_,_,_,_,_,_].join(_)", 8, "_"),
        grown("'\"'", "strings.quote(_)", 26, "_"),
        grown(LIST, "_.map(x, _).flatten()", 8, "_"),
    ];
    // Few values, which refer to each other so often that whoever walks over all of them never ends.
    let walks = [
        "_ == _",
        "_ != _",
        "_ in [_]",
        "_ in [[1], [_]]",
        "[_].indexOf(_)",
        "[_].lastIndexOf(_)",
        "[_, _].distinct()",
        "sets.contains([_], [_])",
        "sets.equivalent([_], [_])",
        "sets.intersects([_], [_])",
        "_.flatten(12)",
        "'%s'.format([_])",
        "[[_, 1], [_, 2]].exists(x, x == [_, 3])",
        "optional.of(_) == optional.of(_)",
        "[_].includes(_)",
    ];
    bombs.extend(walks.iter().map(|walk| grown(LIST, "[_,_,_,_,_,_,_,_,_,_]", 12, walk)));
    bombs.push(grown("{'a': 1}", "{'a': _, 'b': _, 'c': _, 'd': _}", 14, "_ == _"));
    bombs
}

/// Much work for one function: whether it is stopped or not, it stays within what it may take.
fn large() -> Vec<String> {
    let lists = [
        "_.sum()",
        "_.max()",
        "_.sort()",
        "_.sortBy(x, -x)",
        "_.distinct()",
        "_.map(x, string(x)).distinct()",
        "_.map(x, [x]).distinct()",
        "_.reverse()",
        "_.slice(0, 9) == _",
        "_.map(x, string(x)).join()",
        "_.indexOf(-1)",
        "_.isSorted()",
        "sets.intersects(_, _.map(x, -x))",
        "sets.contains(_, _)",
        "lists.range(size(_)).transformMapEntry(i, x, {i: x})",
        "_.all(x, -x in _)",
        "_ == _ && _ != _ + [1]",
    ];
    let texts = [
        "_ == _",
        "_ < _ + 'a'",
        "[_, _, _].sort()",
        "lists.range(3000).map(x, _).sort()",
        "lists.range(3000).map(x, _).distinct()",
        "lists.range(3000).map(x, _).max()",
        "lists.range(3000).map(x, _).isSorted()",
        "lists.range(3000).sortBy(x, _)",
        "lists.range(3000).transformMapEntry(i, x, {_: x})",
        "lists.range(3000).all(x, _ in {_: 1})",
        "lists.range(3000).map(x, _) == lists.range(3000).map(x, _)",
        "_ in lists.range(3000).map(x, _ + 'a')",
        "_.split('')",
        "_.contains('99')",
        "_.contains(_ + 'a')",
        "_.matches('(0|1|2)*9+$')",
        "_.matches(_)",
        "_.find('[0-8]+x')",
        "_.findAll('.')",
        "_.replace('0', 'ab')",
        "_.lowerAscii()",
        "_.trim()",
        "_.reverse()",
        "_.indexOf('x')",
        "_.lastIndexOf('x')",
        "_.indexOf(_ + 'a')",
        "_.charAt(9)",
        "_.substring(3)",
        "bytes(_)",
        "base64.encode(bytes(_))",
        "int(_)",
        "double(_)",
        "quantity(_)",
        "isSemver(_)",
        "ip.isCanonical(_)",
        "isCIDR(_)",
        "isURL('http://' + _)",
        "duration(_)",
        "timestamp(_)",
        "image.parse(_)",
        "format.dns1123Label().validate(_)",
        "strings.quote(_)",
        "'%s'.format([_])",
        "_.format([])",
        "'%.1000000000f'.format([1.0])",
        "'%1000000000d'.format([1])",
    ];
    let sizes = [4, 8, 12, 14, 16, 17, 18];
    let lists = sizes.iter().flat_map(|size| lists.iter().map(|body| grown(LIST, "_ + _", *size, body)));
    let texts = sizes.iter().flat_map(|size| texts.iter().map(|body| grown(TEXT, "_ + _", *size, body)));
    lists.chain(texts).collect()
}

#[test]
fn what_would_never_end_is_stopped_by_its_cost() {
    for bomb in endless() {
        let run = run(&bomb, FUEL);
        assert_eq!(run.fault, Some(Fault::CostLimit), "{run:?}: {bomb}");
        assert!(run.bytes <= BYTES, "{run:?}: {bomb}");
    }
}

#[test]
fn large_arguments_take_no_more_memory_than_they_may() {
    for bomb in large() {
        let run = run(&bomb, FUEL);
        assert!(run.bytes <= BYTES, "{run:?}: {bomb}");
    }
}

#[test]
#[ignore = "a measurement: cargo test --release -p detek-cel --test language -- --ignored --nocapture slowest"]
fn slowest_bomb() {
    let mut times: Vec<_> = endless()
        .into_iter()
        .chain(large())
        .map(|bomb| {
            let start = std::time::Instant::now();
            let run = run(&bomb, FUEL);
            (start.elapsed(), run, bomb)
        })
        .collect();
    times.sort_by_key(|(time, ..)| *time);
    for (time, run, bomb) in times.iter().rev().take(20) {
        println!("{time:?} {run:?} {bomb}");
    }
}
