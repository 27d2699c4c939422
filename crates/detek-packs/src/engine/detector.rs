//! A detector of a pack, as the engine sees it.

use super::{
    compile::{Compiled, compile},
    intern,
    judge::{Joined, Judging, Whole},
};
use crate::{
    format::{self, DetectorFile, Relation, Status},
    param::{ParamType, ParamValue},
    problem::Problem,
};
use detek_cel::Index;
use detek_core::{
    AnyDetector, Armed, Category, Confidence, Facts, Fault, InputState, Level, Meta, Needs, ParamError, Parameter,
    Reference, Role,
};
use detek_doc::Store;
use std::{collections::BTreeMap, sync::Arc};

/// A detector that was written as data.
#[derive(Clone)]
pub struct PackDetector {
    file: Arc<DetectorFile>,
    meta: Meta,
    params: BTreeMap<String, ParamValue>,
    compiled: Arc<Compiled>,
}

impl PackDetector {
    /// Compiles a detector with the defaults of its parameters; also gives what may be better.
    ///
    /// # Errors
    /// Everything that is wrong with its expressions.
    pub fn new(file: Arc<DetectorFile>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let params: BTreeMap<String, ParamValue> = (file.spec.params.iter())
            .filter_map(|(name, spec)| Some((name.value.clone(), spec.default_value()?)))
            .collect();
        let (compiled, warnings) = compile(&file, &complete(&file, &params))?;
        let meta = meta(&file);
        Ok((PackDetector { file, meta, params, compiled: Arc::new(compiled) }, warnings))
    }

    /// The file that it was written in.
    pub fn file(&self) -> &Arc<DetectorFile> {
        &self.file
    }

    /// Units that the expressions of one object are estimated to cost.
    pub fn cost(&self) -> u64 {
        self.compiled.cost()
    }

    /// The same detector with values of parameters.
    ///
    /// # Errors
    /// Which parameter is unknown, or what would fit.
    pub fn with_values(&self, values: impl IntoIterator<Item = (String, ParamValue)>) -> Result<Self, ParamError> {
        let mut params = self.params.clone();
        params.extend(values);
        if params == self.params {
            return Ok(self.clone());
        }
        let (compiled, _) = compile(&self.file, &complete(&self.file, &params)).map_err(|problems| ParamError {
            name: self.meta.id.to_owned(),
            text: problems.first().map_or_else(String::new, |problem| problem.text.clone()),
        })?;
        Ok(PackDetector { file: Arc::clone(&self.file), meta: self.meta, params, compiled: Arc::new(compiled) })
    }
}

/// With a value for those parameters that nobody has set, so that expressions can be compiled: the detector does not
/// judge before they are.
fn complete(file: &DetectorFile, params: &BTreeMap<String, ParamValue>) -> BTreeMap<String, ParamValue> {
    let mut all = params.clone();
    for (name, spec) in file.spec.params.iter() {
        all.entry(name.value.clone()).or_insert_with(|| match spec.kind() {
            ParamType::Integer => ParamValue::Integer(0),
            ParamType::Number => ParamValue::Number(0.0),
            ParamType::Boolean => ParamValue::Boolean(false),
            ParamType::Array => ParamValue::Array(Vec::new()),
            ParamType::Object => ParamValue::Object(serde_json::Map::new()),
            _ => ParamValue::String(String::new()),
        });
    }
    all
}

fn meta(file: &DetectorFile) -> Meta {
    let (metadata, spec) = (&file.metadata, &file.spec);
    let category = metadata.labels.get("category").and_then(|name| Category::named(name)).unwrap_or(Category::Hygiene);
    let symptom_of = metadata.related.iter().filter(|related| related.relation == Relation::SymptomOf);
    let parameters = spec
        .params
        .iter()
        .map(|(name, spec)| (intern::text(name), intern::text(spec.description.as_deref().unwrap_or_default())));
    Meta {
        id: intern::text(&metadata.id),
        level: spec.level,
        title: intern::text(&metadata.title),
        explanation: intern::text(&spec.explanation),
        remediation: intern::text(&spec.remediation),
        category,
        on: metadata.lifecycle.status != Status::Experimental,
        addon: None,
        confidence: match spec.confidence {
            format::Confidence::High => Confidence::High,
            format::Confidence::Medium => Confidence::Medium,
            format::Confidence::Low => Confidence::Low,
        },
        false_positives: intern::list(spec.false_positives.iter().map(|text| intern::text(text))),
        parameters: intern::list(parameters),
        symptom_of: intern::list(symptom_of.map(|related| intern::text(&related.id))),
        references: intern::list(
            metadata.references.iter().map(|reference| Reference {
                title: intern::text(&reference.title),
                url: intern::text(&reference.url),
            }),
        ),
        fires: example(file, true),
        silent: example(file, false),
    }
}

/// The objects of the first test that finds something, or nothing, as YAML, below the parameters that it sets.
fn example(file: &DetectorFile, fires: bool) -> &'static str {
    let shows = |test: &&format::TestCase| {
        let level = test.expect.level.value;
        if fires { Level::OF_FINDINGS.contains(&level) } else { level == Level::Normal }
    };
    let Some(test) = file.tests.iter().find(shows) else { return "" };
    let set = test.params.iter().map(|(name, value)| format!("# with {}={}\n", name.value, value.value));
    let mut documents = Vec::new();
    for (name, given) in test.inputs.iter() {
        let kind = file.spec.inputs.get(name).map(|input| super::kind(&input.key).kind.into_owned());
        for item in &given.items {
            let mut object = serde_json::Map::new();
            if let Some(kind) = &kind {
                object.insert("kind".to_owned(), kind.as_str().into());
            }
            object.extend(item.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
            documents.extend(serde_saphyr::to_string(&object).ok());
        }
    }
    intern::text(&(set.collect::<String>() + &documents.join("---\n")))
}

impl AnyDetector for PackDetector {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn whole_cluster(&self) -> bool {
        let inputs = self.compiled.inputs.iter().enumerate();
        let mut joins = inputs.filter(|(number, input)| Some(*number) != self.compiled.subject && !input.optional);
        joins.any(|(_, input)| input.kind.namespaced && !input.narrow)
    }

    fn judges_gaps(&self) -> bool {
        true
    }

    fn declare(&self, needs: &mut Needs) {
        for (number, input) in self.compiled.inputs.iter().enumerate() {
            if Some(number) == self.compiled.subject {
                needs.subject(&input.kind, |projection| input.keep(projection));
            } else {
                let role = if input.optional { Role::Optional } else { Role::Join };
                needs.add(&input.kind, role, |projection| input.keep(projection));
            }
            if input.empty_if_absent {
                needs.empty_if_absent(&input.kind.key);
            }
        }
    }

    fn unset(&self) -> Option<&'static str> {
        let mut names = self.file.spec.params.names();
        names.find(|name| !self.params.contains_key(*name)).map(intern::text)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let value = |name: &str| self.params.get(name).map_or(serde_json::Value::Null, ParamValue::to_json);
        let parameter = |(name, text): &(&'static str, &'static str)| Parameter {
            name: (*name).to_owned(),
            text,
            value: value(name),
        };
        self.meta.parameters.iter().map(parameter).collect()
    }

    fn with(&self, values: &[(String, String)]) -> Result<Arc<dyn AnyDetector>, ParamError> {
        let mut read = Vec::new();
        for (name, text) in values {
            let error = |text: String| ParamError { name: format!("{}.{name}", self.meta.id), text };
            let spec = self.file.spec.params.get(name).ok_or_else(|| {
                let known: Vec<&str> = self.file.spec.params.names().collect();
                error(match known.as_slice() {
                    [] => format!("{} has no parameters", self.meta.id),
                    known => format!("{} has no such parameter; it has {}", self.meta.id, known.join(", ")),
                })
            })?;
            read.push((name.clone(), spec.parse(text).map_err(error)?));
        }
        Ok(Arc::new(self.with_values(read)?))
    }

    fn arm(self: Arc<Self>, facts: &mut Facts<'_>) -> Result<Armed, Fault> {
        let mut joined = Vec::new();
        for input in &self.compiled.inputs {
            let read = facts.input(&input.kind.key);
            let is_empty = input.empty_if_absent && read.is_some_and(|read| read.state() == InputState::Absent);
            let complete = is_empty || read.is_some_and(|read| read.whole().is_some());
            let documents = read.and_then(|read| read.seen()).cloned().unwrap_or_else(|| Arc::new(Store::empty()));
            let indexes = input.indexes.iter().map(|index| {
                facts.named(index.name.clone(), |_| Ok(Arc::new(Index::build(&documents, &index.key, index.many))))
            });
            let indexes = indexes.collect::<Result<Vec<Arc<Index>>, Fault>>()?;
            joined.push(Joined { documents, complete, indexes });
        }
        Ok(Armed::new::<Whole>(Judging::new(self.meta.id, Arc::clone(&self.compiled), Arc::clone(&self.file), joined)))
    }
}
