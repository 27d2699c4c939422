//! The codes of problems: permanent, one page each. Messages, `detek explain CODE` and the docs come from here.

/// Whether a problem refuses the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The pack is not loaded.
    Error,
    /// The pack is loaded, but with `--strict`.
    Warning,
}

impl Severity {
    /// As messages begin.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// What is said of a code.
#[derive(Debug)]
pub struct Page {
    /// Whose page it is.
    pub of: Code,
    /// `DTK-E411`; those of warnings have a `W`.
    pub code: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal, $cause:literal, $fix:literal;)*) => {
        /// A permanent code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $name,)* }

        /// Every page, by number.
        pub static PAGES: &[Page] = &[$(Page { of: Code::$name, code: $code, title: $title, cause: $cause, fix: $fix },)*];
    };
}

impl Code {
    /// Its page.
    pub fn page(self) -> &'static Page {
        &PAGES[self as usize]
    }

    /// `DTK-E411`.
    pub fn name(self) -> &'static str {
        self.page().code
    }

    /// Whether it refuses the pack.
    pub fn severity(self) -> Severity {
        if self.name().starts_with("DTK-W") { Severity::Warning } else { Severity::Error }
    }
}

codes! {
    YamlSyntax = "DTK-E411", "the file is not one YAML document",
        "The file is not valid YAML, holds a second document, or uses what packs do not: tags, merge keys, keys that are lists or maps.",
        "Correct the line. One detector per file; quote text that holds `: ` or ` #` or begins with one of `[{&*!|>%@`.";
    UnknownField = "DTK-E412", "unknown field",
        "The format has no field of this name here, so what it should do would not happen. The message names the nearest one.",
        "Correct the name. `detek list schemas detector` prints the JSON Schema, from which editors complete names.";
    MissingField = "DTK-E413", "missing field",
        "A field that every detector needs is not there.",
        "Add it; the message says what it is for.";
    WrongValue = "DTK-E414", "wrong type or value",
        "The field takes another type, or only certain values. Numbers and `true` are not text unless they are quoted.",
        "Write what the message names.";
    BadId = "DTK-E415", "bad id, name or file name",
        "Ids are lower case words joined by `_`, from 3 to 63 characters; a detector's file is named after it; names in expressions are identifiers and not reserved.",
        "Rename it. An id that reports have shown before must not be given another meaning.";
    DuplicateId = "DTK-E416", "given twice",
        "Two detectors, entries, variables or keys have one name. Findings and waivers find their detector by it.",
        "Rename one; the message gives the other place. Built-in ids cannot be taken.";
    LimitExceeded = "DTK-E417", "over a limit",
        "The file, a text or a list is larger than packs may be, so that no pack can slow detek down.",
        "Shorten or split it; the message gives value and limit.";
    UnknownKey = "DTK-E418", "unknown input key",
        "No collector provides this key. The message names the nearest one.",
        "`detek list collectors` shows all. Kubernetes resources are `kubernetes/GROUP/VERSION/PLURAL`, with `core` for the group of pods.";
    NotAllowed = "DTK-E419", "packs may not read this",
        "Packs are shared, so they cannot read Secrets, subresources, wildcards, or fields that detek redacts.",
        "Read something else; a compiled detector may have what you need.";
    Unused = "DTK-W420", "never used",
        "An input, a parameter or a variable is declared and no expression names it. Inputs cost a list on every cluster.",
        "Remove it, or use it.";
    PastRemoval = "DTK-W421", "past its removal",
        "The pack's version has reached the version in which the detector was to be removed.",
        "Remove the file and list the id under `spec.removed` of pack.yaml.";
    Syntax = "DTK-E431", "not an expression",
        "The text is not CEL, or a placeholder is not closed.",
        "Correct it at the caret. Text in CEL stands in quotes: 'a'.";
    UnknownName = "DTK-E432", "unknown name, function or overload",
        "Nothing of this name is defined here, or no function of this name takes these types.",
        "`detek list functions` shows all functions; the message names the nearest ones and the types that were seen.";
    UsedTooEarly = "DTK-E433", "used before it is defined",
        "A variable uses one that stands below it.",
        "Move it up: variables use earlier ones only.";
    WrongResult = "DTK-E434", "the result has the wrong type",
        "Conditions give true or false, `items` and `keys` lists, `levelExpression` text.",
        "Convert or compare the value.";
    BadLiteral = "DTK-E435", "a literal that cannot be read",
        "A literal regular expression, duration, timestamp, quantity, version or range of addresses would fail whenever it is reached.",
        "Correct it; regular expressions are RE2, without look-around and back-references.";
    NotOptional = "DTK-E436", "not an optional value",
        "`orValue`, `hasValue` and the like work on what `.?` and `[?` give.",
        "Write `.?` before the field that may be missing.";
    Unguarded = "DTK-W437", "an optional field without a guard",
        "An object without the field gives an error, so that detek cannot say anything about it.",
        "Write `a.?b.orValue(...)`, or ask `has(a.b)` first.";
    UnknownFieldOfKind = "DTK-E438", "the kind has no such field",
        "The schema of this kind does not know the field; the expression would always fail.",
        "Correct the name; the message gives the nearest.";
    TooComplex = "DTK-E439", "the expression is too long, deep or large",
        "Expressions are limited so that no pack can slow detek down.",
        "Split it into variables.";
    TooCostly = "DTK-E440", "the expression may cost too much",
        "Its loops, multiplied, are over the budget of a detector.",
        "Declare an index instead of scanning another input, or filter earlier.";
    MixedTypes = "DTK-E441", "mixed types",
        "Lists and maps hold one type, and arithmetic does not mix whole numbers with others.",
        "Convert with `double(...)`, or say `dyn(...)` if it is meant.";
    NullComparison = "DTK-W442", "compared with null",
        "Fields of documents are never null: null is dropped when they are read.",
        "Ask `has(a.b)`, or write `a.?b`.";
    ConstantCondition = "DTK-W443", "always the same",
        "The condition does not depend on anything that was read.",
        "Remove it, or use what was meant.";
    WholeObject = "DTK-W444", "the whole object is kept",
        "The expression hands on the whole object, so that all of it must stay in memory, for every object.",
        "Name the fields that are needed.";
    Scan = "DTK-W445", "scans another input for every object",
        "The time grows with the product of both lists.",
        "Declare `index` at the input and look it up: `svc.byName[?'a/b']`.";
    ComputedPattern = "DTK-W446", "a computed regular expression",
        "A pattern that is not a literal is compiled again for every object.",
        "Use a literal, or `startsWith`, `contains`.";
    MissingTest = "DTK-E451", "a test is missing",
        "Each detector shows in tests what fires, what stays silent, and that a gap gives unknown.",
        "Add the one that the message names.";
    TestFailed = "DTK-E452", "a test failed",
        "The detector does not do what its test expects.",
        "Correct the detector or the test; the message shows the difference.";
    UnknownInput = "DTK-E453", "unknown or missing input in a test",
        "A test gives an input that the detector does not read, or leaves out one that it needs.",
        "Name the inputs as under `spec.inputs`.";
    OutsideSchema = "DTK-E454", "an object does not fit its schema",
        "The object of a test could not exist in a cluster.",
        "Correct the object; take one from `kubectl get -o yaml`.";
    TestTooCostly = "DTK-E455", "a test costs too much",
        "On the objects of a test the detector is over its budget already.",
        "Declare an index, or filter earlier.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_page_in_the_order_of_numbers() {
        let number = |page: &Page| page.code["DTK-E".len()..].parse::<u32>().expect("a number");
        assert!(PAGES.is_sorted_by(|a, b| number(a) < number(b)));
        for (n, page) in PAGES.iter().enumerate() {
            assert_eq!(page.of as usize, n, "{}", page.code);
            assert!(page.fix.ends_with(['.', '`']) && page.cause.ends_with('.'), "{}", page.code);
        }
    }
}
