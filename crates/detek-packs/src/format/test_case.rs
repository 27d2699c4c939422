//! `tests[]` of a detector file.

use super::level;
use crate::source::Spanned;
use crate::{Named, read::Mismatch};
use detek_core::{InputState, Level};
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, fmt};

/// A run and what must come out.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct TestCase {
    pub name: Spanned<String>,
    #[serde(default = "start_of_2020")]
    pub now: Timestamp,
    #[serde(default)]
    pub cluster: TestCluster,
    #[serde(default)]
    pub params: Named<Spanned<Json>>,
    pub inputs: Named<Spanned<Given>>,
    pub expect: Expect,
}

/// The variable `cluster` in a test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct TestCluster {
    pub id: String,
    pub name: String,
    pub version: String,
    pub platform: String,
    pub labels: BTreeMap<String, String>,
}

/// An input in a test.
#[derive(Clone, Debug)]
pub struct Given {
    /// How the read ended.
    pub state: InputState,
    /// What was read; of a `file`, what it holds.
    pub items: Vec<Json>,
    /// The file that holds the items, as it was written.
    pub file: Option<Spanned<String>>,
}

/// What the report must be.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct Expect {
    #[serde(deserialize_with = "spanned_level")]
    pub level: Spanned<Level>,
    #[serde(default)]
    pub partial: bool,
    #[serde(default)]
    pub findings: Vec<ExpectedFinding>,
    pub reasons: Option<Vec<String>>,
}

/// A finding; what is left out is not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the schema says what each field means")]
pub struct ExpectedFinding {
    pub detect: Option<Spanned<String>>,
    pub subject: Option<String>,
    #[serde(deserialize_with = "super::some_level")]
    pub level: Option<Level>,
    pub message: Option<String>,
    pub message_matches: Option<Spanned<String>>,
    pub evidence: Option<serde_json::Map<String, Json>>,
    pub count: Option<u64>,
}

fn start_of_2020() -> Timestamp {
    Timestamp::constant(1_577_836_800, 0)
}

fn spanned_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<Level>, D::Error> {
    let name = Spanned::<String>::deserialize(deserializer)?;
    let level = level(de::IntoDeserializer::<Mismatch>::into_deserializer(name.value)).map_err(de::Error::custom)?;
    Ok(Spanned { value: level, at: name.at })
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            state: Option<String>,
            #[serde(default)]
            items: Vec<Json>,
            file: Option<Spanned<String>>,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or a map with `state`, `items` or `file`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Given, A::Error> {
                let items = Vec::deserialize(de::value::SeqAccessDeserializer::new(list))?;
                Ok(Given { state: InputState::Complete, items, file: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
                let fields = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let name = fields.state.as_deref().unwrap_or("complete");
                let state = InputState::ALL.iter().find(|state| state.name() == name);
                let state = *state.ok_or_else(|| de::Error::custom("not a state"))?;
                Ok(Given { state, items: fields.items, file: fields.file })
            }
        }

        deserializer.deserialize_any(Either)
    }
}
