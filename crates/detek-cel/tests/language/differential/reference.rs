//! The interpreter of the `cel` crate, which shares nothing with ours but the parser.

use crate::datum::Datum;
use cel::objects::{Key, Map, OptionalValue};
use cel::{Context, Env, Program, Value, extensions};
use detek_doc::{Doc, Kind};
use std::collections::HashMap;
use std::sync::Arc;

/// The interpreter with all functions that it has.
pub(crate) struct Reference {
    env: Arc<Env>,
}

impl Reference {
    pub(crate) fn new() -> Self {
        let mut env = Env::stdlib();
        for extension in [extensions::strings, extensions::lists, extensions::math] {
            env.add_extension(extension).expect("the extensions do not overlap");
        }
        Self { env: Arc::new(env) }
    }

    /// Compiles an expression.
    ///
    /// # Errors
    /// With what the parser says.
    pub(crate) fn compile(&self, expression: &str) -> Result<Program, String> {
        self.env.compile(expression).map_err(|errors| errors.to_string())
    }

    /// Evaluates with one variable, `object`.
    pub(crate) fn evaluate<'p>(
        &self,
        programs: impl Iterator<Item = &'p Program>,
        object: Doc<'_>,
    ) -> Vec<Result<Datum, String>> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        context.add_variable_from_value("object", given(object));
        let evaluate = |program: &Program| program.execute(&context).map(got).map_err(|error| error.to_string());
        programs.map(evaluate).collect()
    }
}

/// A document as a value of the interpreter.
fn given(doc: Doc<'_>) -> Value {
    match doc.kind() {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(value),
        Kind::Int(value) => Value::Int(value),
        Kind::Double(value) => Value::Float(value),
        Kind::Text(value) => value.into(),
        Kind::List => doc.items().map(given).collect::<Vec<_>>().into(),
        Kind::Object => {
            let entries: HashMap<Key, Value> = doc.entries().map(|(key, doc)| (key.into(), given(doc))).collect();
            Value::Map(Map { map: Arc::new(entries) })
        }
    }
}

/// A result of the interpreter.
fn got(value: Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(value) => Datum::Bool(value),
        Value::Int(value) => Datum::Int(value),
        Value::UInt(value) => Datum::UInt(value),
        Value::Float(value) => Datum::Double(value),
        Value::String(value) => Datum::Text(value.to_string()),
        Value::Bytes(value) => Datum::Bytes(value.to_vec()),
        Value::List(items) => Datum::List(items.iter().cloned().map(got).collect()),
        Value::Map(map) => {
            Datum::Map(map.map.iter().map(|(key, value)| (got(key.into()), got(value.clone()))).collect())
        }
        Value::Opaque(opaque) => match opaque.downcast_ref::<OptionalValue>() {
            Some(optional) => Datum::Optional(optional.value().cloned().map(|value| Box::new(got(value)))),
            None => Datum::Object(opaque.runtime_type_name().to_owned()),
        },
        other => Datum::Object(format!("{other:?}")),
    }
}
