//! Detector and pack files as typed data. What each field means is said where the format is defined, in
//! `schema/detector.json` and `schema/pack.json`; expressions and templates keep their places.

use crate::{
    param::ParamSpec,
    problem::{Code, Problem},
    read::Named,
    source::{Source, Spanned},
};
use detek_core::{Level, Span as Duration};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// An expression in CEL.
pub type Expression = Spanned<String>;
/// Text with `{{ expression }}` placeholders.
pub type Template = Spanned<String>;

/// A detector file.
#[derive(Clone, Debug)]
pub struct DetectorFile {
    /// The file itself.
    pub source: Arc<Source>,
    /// SHA-256, in hex, of what it says without its tests, comments and layout.
    pub digest: String,
    /// What the detector is.
    pub metadata: Metadata,
    /// What it reads and judges.
    pub spec: Spec,
    /// Its tests.
    pub tests: Vec<TestCase>,
}

impl DetectorFile {
    /// A problem with `width` code points of a scalar of this file from its code point `offset` on.
    pub fn problem(&self, code: Code, scalar: &Spanned<String>, offset: usize, width: usize, text: &str) -> Problem {
        Problem::new(code, &self.source, self.source.place_in(scalar, offset, width), text)
    }
}

/// The fields of a detector file besides `apiVersion` and `kind`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DetectorBody {
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
    pub(crate) tests: Vec<TestCase>,
}

/// `metadata` of a detector.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Metadata {
    pub id: Spanned<String>,
    pub version: Spanned<String>,
    pub title: String,
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub lifecycle: Lifecycle,
    #[serde(default)]
    pub authors: Vec<String>,
    pub license: Option<String>,
    #[serde(default)]
    pub references: Vec<Reference>,
    #[serde(default)]
    pub frameworks: Vec<Framework>,
    #[serde(default)]
    pub related: Vec<RelatedDetector>,
}

/// `metadata.lifecycle`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Lifecycle {
    pub status: Status,
    pub since: Option<String>,
    pub deprecated_since: Option<String>,
    pub removed_in: Option<Spanned<String>>,
    pub replaced_by: Option<String>,
}

/// Whether a detector runs, only if it is asked for, or warns that it will go.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the schema says what each value means")]
pub enum Status {
    #[default]
    Stable,
    Experimental,
    Deprecated,
}

/// A page to read.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Reference {
    pub title: String,
    pub url: String,
}

/// A control of a framework.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Framework {
    pub name: String,
    pub control: String,
}

/// Another detector, and how it is related.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct RelatedDetector {
    pub id: Spanned<String>,
    #[serde(rename = "type")]
    pub relation: Relation,
}

/// How detectors are related.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Relation {
    Derived,
    Obsoletes,
    Merged,
    Renamed,
    Similar,
    SymptomOf,
}

/// `spec` of a detector.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Spec {
    #[serde(default)]
    pub requires: Requires,
    #[serde(deserialize_with = "level")]
    pub level: Level,
    pub level_expression: Option<Expression>,
    pub explanation: String,
    pub remediation: String,
    #[serde(default)]
    pub confidence: Confidence,
    #[serde(default)]
    pub false_positives: Vec<String>,
    pub inputs: Named<InputSpec>,
    #[serde(default)]
    pub params: Named<ParamSpec>,
    #[serde(rename = "match")]
    pub matching: Match,
    pub items: Option<Expression>,
    #[serde(default)]
    pub variables: Vec<Variable>,
    pub detect: Vec<DetectEntry>,
    pub subject: Option<SubjectSpec>,
    #[serde(default = "yes")]
    pub owner_rollup: bool,
    #[serde(default = "one")]
    pub resolve_after: u32,
    #[serde(default = "one")]
    pub fingerprint_version: u32,
    #[serde(default)]
    pub affects: Vec<Affects>,
    #[serde(default)]
    pub known_issues: Vec<KnownIssue>,
    #[serde(default)]
    pub limits: Limits,
}

/// What a detector or a pack needs of detek.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Requires {
    pub engine: Option<Spanned<String>>,
    pub functions: Vec<Spanned<String>>,
}

/// How rarely a detector is wrong.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Confidence {
    #[default]
    High,
    Medium,
    Low,
}

/// An input of a detector.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct InputSpec {
    pub key: Spanned<String>,
    #[serde(default)]
    pub args: Named<Spanned<Json>>,
    #[serde(default)]
    pub optional: bool,
    #[serde(default)]
    pub on_absent: OnAbsent,
    #[serde(default)]
    pub scope: InputScope,
    #[serde(default)]
    pub consistent: bool,
    pub max_age: Option<Duration>,
    pub max_items: Option<u64>,
    #[serde(default)]
    pub index: Named<Index>,
}

/// What an API that is not served means for a detector.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the schema says what each value means")]
pub enum OnAbsent {
    #[default]
    NotApplicable,
    Empty,
}

/// Which lists are complete for a detector.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the schema says what each value means")]
pub enum InputScope {
    #[default]
    Cluster,
    Namespace,
}

/// A map from keys to elements of an input.
#[derive(Clone, Debug)]
pub struct Index {
    /// CEL over `object`, to text, or with `many` to a list of texts. Empty if neither was given, which is a problem.
    pub key: Expression,
    /// Whether an element has several keys.
    pub many: bool,
    /// Whether a key has one element, so that a second one makes it an error.
    pub unique: bool,
}

/// `spec.match`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Match {
    pub foreach: Option<Spanned<String>>,
    pub once: Option<Spanned<bool>>,
    #[serde(rename = "where")]
    pub condition: Option<Expression>,
    pub namespaces: Vec<String>,
    pub exclude_namespaces: Vec<String>,
    pub selector: Option<LabelSelector>,
    pub namespace_selector: Option<LabelSelector>,
}

/// A label selector of Kubernetes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct LabelSelector {
    pub match_labels: BTreeMap<String, String>,
    pub match_expressions: Vec<LabelExpression>,
}

/// A comparison of a label.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct LabelExpression {
    pub key: String,
    pub operator: LabelOperator,
    #[serde(default)]
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of Kubernetes")]
pub enum LabelOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

/// A named expression.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Variable {
    pub name: Spanned<String>,
    pub expression: Expression,
}

/// A condition and what it says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct DetectEntry {
    pub id: Spanned<String>,
    pub when: Expression,
    pub message: Template,
    #[serde(default)]
    pub evidence: Named<Expression>,
    pub path: Option<Template>,
    #[serde(default)]
    pub related: Vec<Template>,
    #[serde(default)]
    pub fingerprint: Vec<Expression>,
    #[serde(default, deserialize_with = "some_level")]
    pub level: Option<Level>,
    pub level_expression: Option<Expression>,
    pub subject: Option<SubjectSpec>,
}

/// The object that findings are about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct SubjectSpec {
    pub api_version: Option<Template>,
    pub kind: Template,
    pub namespace: Option<Template>,
    pub name: Option<Template>,
}

impl SubjectSpec {
    /// Its templates, as far as they are given.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        [&self.api_version, &self.namespace, &self.name].into_iter().flatten().chain([&self.kind])
    }
}

/// Versions of a component that have the bad state.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Affects {
    pub component: Spanned<String>,
    pub ranges: Vec<VersionRange>,
    #[serde(default)]
    pub distros: Vec<String>,
}

/// Versions from `introduced` to before `fixed`, or to `last_affected` inclusive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct VersionRange {
    pub introduced: Spanned<String>,
    pub fixed: Option<Spanned<String>>,
    pub last_affected: Option<Spanned<String>>,
}

/// An issue that is shown with the finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct KnownIssue {
    pub url: String,
    pub title: String,
    #[serde(default)]
    pub fixed_in: BTreeMap<String, Vec<String>>,
}

/// Limits below the general ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Limits {
    pub cost: Option<u64>,
    pub findings: Option<usize>,
}

/// `pack.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct PackFile {
    pub metadata: PackMetadata,
    #[serde(default)]
    pub spec: PackSpec,
}

/// `metadata` of a pack.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct PackMetadata {
    pub name: String,
    pub version: String,
    pub title: Option<String>,
    pub license: Option<String>,
}

/// `spec` of a pack.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct PackSpec {
    pub requires: Requires,
    pub params: Named<ParamSpec>,
    pub removed: Vec<RemovedDetector>,
}

/// A detector that is gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct RemovedDetector {
    pub id: Spanned<String>,
    pub replaced_by: Option<String>,
    pub since: String,
}

mod test_case;
pub use test_case::{Expect, ExpectedFinding, Given, TestCase, TestCluster};

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| de::Error::custom("not a level"))
}

fn some_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Level>, D::Error> {
    level(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            key: Option<Expression>,
            keys: Option<Expression>,
            #[serde(default = "yes")]
            unique: bool,
        }

        /// An index as text, or as a map of its fields.
        enum Form {
            Text(String),
            Fields(Fields),
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Form;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression, or a map with `key` or `keys`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Form, E> {
                Ok(Form::Text(text.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Form, A::Error> {
                Fields::deserialize(de::value::MapAccessDeserializer::new(map)).map(Form::Fields)
            }
        }

        impl<'de> Deserialize<'de> for Form {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Either)
            }
        }

        let Spanned { value, at } = Spanned::<Form>::deserialize(deserializer)?;
        Ok(match value {
            Form::Text(value) => Index { key: Spanned { value, at }, many: false, unique: true },
            Form::Fields(Fields { key, keys, unique }) => {
                let many = key.is_none() && keys.is_some();
                let key = key.or(keys).unwrap_or(Spanned { value: String::new(), at });
                Index { key, many, unique }
            }
        })
    }
}
