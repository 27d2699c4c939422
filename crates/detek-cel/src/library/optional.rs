//! Optionals. Those functions that do not evaluate all their arguments are macros of the compiler.

use super::{Call, Fault, Gives, Overload};
use crate::Kind::{Bool, Dyn, List, Optional};
use crate::Value;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.28", "hasValue", &[Optional], Gives::A(Bool), |_, args| match args[0] {
        Value::Optional(inner) => Ok(Value::Bool(inner.is_some())),
        _ => Err(Fault::NoSuchOverload),
    }),
    Overload::function("1.28", "optional.none", &[], Gives::A(Optional), |_, _| Ok(Value::Optional(None))),
    Overload::function("1.28", "optional.of", &[Dyn], Gives::OptionalOf(Dyn), |call, args| {
        Ok(call.optional(Some(args[0])))
    }),
    Overload::function("1.28", "optional.ofNonZeroValue", &[Dyn], Gives::OptionalOf(Dyn), |call, args| {
        Ok(call.optional(Some(args[0]).filter(|value| !is_zero(*value))))
    }),
    Overload::function("1.28", "optional.unwrap", &[List], Gives::A(List), unwrap),
    Overload::method("1.28", "unwrapOpt", &[List], Gives::A(List), unwrap),
    Overload::method("1.28", "value", &[Optional], Gives::ElementOf(0), |_, args| match args[0] {
        Value::Optional(inner) => inner.copied().ok_or(Fault::NoValue),
        _ => Err(Fault::NoSuchOverload),
    }),
];

/// The values of those optionals of a list that have one.
fn unwrap<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    let elements = args[0].elements().ok_or(Fault::NoSuchOverload)?;
    call.charge(elements.len())?;
    let inner = elements.filter_map(|element| match element {
        Value::Optional(inner) => inner.map(|value| Ok(*value)),
        _ => Some(Err(Fault::NoSuchOverload)),
    });
    Ok(call.list(&inner.collect::<Result<Vec<_>, _>>()?))
}

/// Whether a value is the one that its type starts with.
fn is_zero(value: Value<'_>) -> bool {
    match value {
        Value::Null
        | Value::Bool(false)
        | Value::Int(0)
        | Value::UInt(0)
        | Value::Duration(0)
        | Value::Optional(None) => true,
        Value::Double(value) => value == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        _ => match (value.elements(), value.entries()) {
            (Some(elements), _) => elements.len() == 0,
            (_, Some(entries)) => entries.len() == 0,
            _ => false,
        },
    }
}
