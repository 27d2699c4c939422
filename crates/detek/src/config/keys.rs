//! Every key of the configuration, once: the parser, the precedence, `doctor --config` and the JSON Schema read this list.

use detek_packs::tree::{Mistake, Node};
use serde_json::{Value, json};

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The version of the format: 1.
    Version,
    /// A text.
    Text,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A length of time such as `5m`.
    Duration,
    /// A whole number from this one on.
    Number(u64),
    /// True or false.
    Switch,
    /// A list of texts.
    Texts,
    /// The settings of detectors, by id: see [`super::detectors`].
    Detectors,
    /// What this version does not know yet; the text says what it will be.
    Later(&'static str),
}

/// Who may set a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setter {
    /// Everybody.
    Anyone,
    /// Everybody; a project file may only name reports inside its directory.
    Inside,
    /// Not a project file: whoever clones a repository would let it choose where credentials go.
    User,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name, with dots.
    pub(crate) name: &'static str,
    /// The argument of the command line that it is the default of.
    pub(crate) flag: Option<&'static str>,
    pub(crate) shape: Shape,
    pub(crate) setter: Setter,
    /// Whether it names files: they are looked for beside the file that names them.
    pub(crate) files: bool,
    /// One line.
    pub(crate) help: &'static str,
}

impl Key {
    const fn new(name: &'static str, flag: &'static str, shape: Shape, help: &'static str) -> Self {
        Key { name, flag: Some(flag), shape, setter: Setter::Anyone, files: false, help }
    }

    const fn later(name: &'static str, what: &'static str, setter: Setter) -> Self {
        Key { name, flag: None, shape: Shape::Later(what), setter, files: false, help: what }
    }

    /// The variable that sets it: `DETEK_LIMITS_DEADLINE`.
    pub(crate) fn variable(&self) -> String {
        format!("DETEK_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

const LEVELS: &[&str] = &["fatal", "error", "warn", "info"];
const FAIL_ON: &[&str] = &["fatal", "error", "warn", "info", "none"];

/// Every key, by name.
pub(crate) static KEYS: &[Key] = &[
    Key::new(
        "allow_partial",
        "allow_partial",
        Shape::Switch,
        "exit with 0 although a required input or a detector failed",
    ),
    Key::later("certificates", "Secrets of type kubernetes.io/tls to read, as NAMESPACE/NAME", Setter::Anyone),
    Key { setter: Setter::User, ..Key::new("contexts", "context", Shape::Texts, "contexts of the kubeconfig to scan") },
    Key { flag: None, ..Key::new("detectors", "", Shape::Detectors, "settings of detectors, by id") },
    Key::new("enable", "enable", Shape::Texts, "add-ons: detectors that need a permission beyond the default role"),
    Key::new("exclude_labels", "exclude_label", Shape::Texts, "objects with these labels are not reported"),
    Key::new("exclude_namespaces", "exclude_namespace", Shape::Texts, "objects of these namespaces are not reported"),
    Key {
        setter: Setter::User,
        ..Key::new(
            "exec_policy",
            "exec_policy",
            Shape::Texts,
            "programs that a kubeconfig may run: any, none, or names",
        )
    },
    Key::new("fail_on", "fail_on", Shape::Word(FAIL_ON), "exit with 1 if a finding is at or above this level"),
    Key {
        setter: Setter::User,
        files: true,
        ..Key::new("kubeconfig", "kubeconfig", Shape::Text, "path of the kubeconfig")
    },
    Key::new("limits.concurrency", "concurrency", Shape::Number(1), "inputs read at the same time, for each cluster"),
    Key::new("limits.deadline", "deadline", Shape::Duration, "stop reading after this time"),
    Key::new("limits.max_list_bytes", "max_list_bytes", Shape::Number(0), "most bytes read of one kind"),
    Key::new("limits.max_objects", "max_objects", Shape::Number(0), "most objects read of one kind"),
    Key {
        setter: Setter::Inside,
        ..Key::new("outputs", "output", Shape::Texts, "reports to write, as FORMAT or FORMAT=FILE")
    },
    Key { files: true, ..Key::new("packs", "pack", Shape::Texts, "packs of detectors: folders, or files") },
    Key::later("push", "the hub that runs are sent to", Setter::User),
    Key::later("redaction.allow_env", "environment variables whose values may be kept", Setter::Anyone),
    Key::new("set", "set", Shape::Text, "set of detectors"),
    Key::new("skip_inputs", "skip_input", Shape::Texts, "kinds that are not read; what needs them is skipped"),
    Key::later("sources", "systems to read besides the cluster", Setter::User),
    Key { flag: None, ..Key::new("version", "", Shape::Version, "version of this format: 1") },
    Key { files: true, ..Key::new("waivers", "waivers", Shape::Texts, "files of findings that are accepted") },
];

/// Flags that no file may stand for: they say where one credential goes, once.
pub(crate) static FLAGS_ONLY: [&str; 5] =
    ["allow_insecure_http", "as", "insecure_skip_tls_verify", "server", "token_file"];

/// What may be set of a detector: its name, its JSON Schema, one line.
pub(crate) fn of_detector() -> [Field<'static>; 5] {
    let params = json!({"type": "object"});
    let names = Shape::Texts.schema();
    [
        ("enabled", Shape::Switch.schema(), "whether it runs; `reason` is required to disable it"),
        ("level", Shape::Word(LEVELS).schema(), "level of all its findings"),
        (
            "overrides",
            json!({
                "type": "array",
                "items": {"type": "object", "additionalProperties": false, "required": ["clusters", "params"],
                    "properties": {"clusters": names, "params": params}},
            }),
            "parameters for some clusters; the last that matches wins",
        ),
        ("params", params, "its parameters: `detek explain ID`"),
        ("reason", Shape::Text.schema(), "why it is set so"),
    ]
}

impl Shape {
    /// The value as the command line takes it.
    ///
    /// # Errors
    /// If it has another type. Whether it is a duration, the parser of the flag says.
    pub(crate) fn words(self, name: &str, node: &Node) -> Result<Vec<String>, Mistake> {
        match self {
            Shape::Switch => node.boolean(name).map(|on| vec![on.to_string()]),
            Shape::Texts => node.texts(name),
            Shape::Number(least) if node.json().as_u64().is_none_or(|number| number < least) => {
                Err(node.other(name, &format!("a whole number from {least} on")))
            }
            Shape::Word(words) if !node.json().as_str().is_some_and(|word| words.contains(&word)) => {
                Err(node.other(name, &format!("one of {}", words.join(", "))))
            }
            Shape::Version if node.json() != 1 => Err(node.other(name, "1, the version of the format")),
            _ => node.text(name).map(|text| vec![text]),
        }
    }

    /// Its JSON Schema.
    pub(crate) fn schema(self) -> Value {
        match self {
            Shape::Version => json!({"const": 1}),
            Shape::Text => json!({"type": "string", "minLength": 1}),
            Shape::Word(words) => json!({"enum": words}),
            Shape::Duration => json!({"type": "string", "pattern": "^(0|([0-9]+(ms|s|m|h|d|w))+)$"}),
            Shape::Number(least) => json!({"type": "integer", "minimum": least}),
            Shape::Switch => json!({"type": "boolean"}),
            Shape::Texts => json!({"type": "array", "items": Shape::Text.schema()}),
            Shape::Detectors => json!({"type": "object", "additionalProperties": object(&of_detector())}),
            Shape::Later(_) => json!(false),
        }
    }
}

/// A field of an object: its name, its schema, one line.
type Field<'f> = (&'f str, Value, &'f str);

fn object(fields: &[Field<'_>]) -> Value {
    let mut properties = serde_json::Map::new();
    for (name, schema, help) in fields {
        let mut schema = schema.clone();
        // `false` allows nothing, and has no room for words.
        if let Value::Object(fields) = &mut schema {
            fields.insert("description".to_owned(), (*help).into());
        }
        properties.insert((*name).to_owned(), schema);
    }
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// The JSON Schema of a configuration file.
pub(crate) fn schema() -> Value {
    let mut groups: Vec<(&str, Vec<Field<'_>>)> = vec![("", Vec::new())];
    for key in KEYS {
        let (group, name) = key.name.split_once('.').unwrap_or(("", key.name));
        let field = (name, key.shape.schema(), key.help);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, fields)) => fields.push(field),
            None => groups.push((group, vec![field])),
        }
    }
    let (_, mut fields) = groups.remove(0);
    fields.extend(groups.iter().map(|(group, below)| (*group, object(below), "")));
    let mut schema = object(&fields);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Configuration of detek".into();
    schema
}

#[cfg(test)]
mod tests {
    use super::{FLAGS_ONLY, KEYS};

    #[test]
    fn keys_are_sorted_and_stand_for_flags_of_run() {
        assert!(KEYS.windows(2).all(|pair| pair[0].name < pair[1].name));
        let command = crate::cli::command("detek");
        let run = command.find_subcommand("run").expect("there is run");
        let known = |id: &str| run.get_arguments().any(|argument| argument.get_id() == id);
        for flag in KEYS.iter().filter_map(|key| key.flag) {
            assert!(known(flag), "{flag}");
        }
        for flag in FLAGS_ONLY {
            assert!(run.get_arguments().any(|a| a.get_long() == Some(&flag.replace('_', "-"))), "{flag}");
        }
    }
}
