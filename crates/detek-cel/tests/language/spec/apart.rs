//! Which cases need protocol buffer messages, which this language does not have: those that build a message, that name a
//! type of messages or of an enum (a name that begins with a capital letter, or in `cel.expr.conformance` or
//! `google.protobuf`, where only `Timestamp` and `Duration` are values here), that read extensions (`proto.getExt`), or
//! whose variables or result hold a message.

use super::cases::{Case, Want};
use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// Whether `case` needs messages.
pub(crate) fn needs_messages(case: &Case) -> bool {
    let wanted = matches!(&case.want, Want::Value(value) if value.has_message());
    let parser = cel::Env::default().parser().enable_optional_syntax(true).enable_ident_escape_syntax(true);
    wanted
        || case.bindings.iter().any(|(_, value)| value.has_message())
        || parser.parse(&case.expr).is_ok_and(|expr| mentions_messages(&expr))
}

fn mentions_messages(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Struct(_) => true,
        Expr::Ident(name) => name == "proto" || is_type(name),
        Expr::Select(select) => match qualified(expr).as_deref() {
            Some("google.protobuf.Timestamp" | "google.protobuf.Duration") => false,
            Some(name) if name.starts_with("cel.expr.") || name.starts_with("google.protobuf.") => true,
            _ => mentions_messages(&select.operand),
        },
        Expr::Call(call) => {
            (call.target.is_none() && is_type(&call.func_name))
                || call.target.iter().map(|target| &**target).chain(&call.args).any(mentions_messages)
        }
        Expr::List(list) => list.elements.iter().any(mentions_messages),
        Expr::Map(map) => map.entries.iter().any(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => mentions_messages(&entry.key) || mentions_messages(&entry.value),
            EntryExpr::StructField(_) => true,
        }),
        Expr::Literal(_) | Expr::Comprehension(_) | Expr::Unspecified => false,
    }
}

fn is_type(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// `a.b.c`, if that is all there is.
fn qualified(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(qualified(&select.operand)? + "." + &select.field),
        _ => None,
    }
}
