//! Objects that the user does not want to hear of. They are read and take part in joins; findings about them are counted,
//! not reported.

use crate::{ObjectRef, glob};
use detek_doc::{Doc, Keep, Projection};

/// What findings are left out.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    namespaces: Vec<String>,
    labels: Vec<Label>,
}

#[derive(Clone, Debug)]
struct Label {
    key: String,
    /// Any value, if it is not given.
    value: Option<String>,
}

impl Exclusions {
    /// Of names of namespaces, in which `*` stands for any characters, and of labels: `key` or `key=value`.
    pub fn new(namespaces: &[String], labels: &[String]) -> Self {
        let label = |text: &String| match text.split_once('=') {
            Some((key, value)) => Label { key: key.into(), value: Some(value.into()) },
            None => Label { key: text.clone(), value: None },
        };
        Exclusions { namespaces: namespaces.to_vec(), labels: labels.iter().map(label).collect() }
    }

    /// Adds what is needed to tell, to what is kept of documents.
    pub(crate) fn keep(&self, projection: &mut Projection) {
        if !self.labels.is_empty() {
            projection.keep(&["metadata", "labels"], Keep::All).expect("labels are not redacted");
        }
    }

    /// Whether findings about the object of a document are left out.
    pub(crate) fn hold_document(&self, doc: Doc<'_>) -> bool {
        self.labels.iter().any(|label| {
            let value = doc.at(&["metadata", "labels", &label.key]);
            value.is_some_and(|value| label.value.is_none() || value.as_str() == label.value.as_deref())
        })
    }

    /// Whether findings about an object are left out.
    pub(crate) fn hold(&self, object: &ObjectRef) -> bool {
        !object.namespace.is_empty() && self.namespaces.iter().any(|pattern| glob(pattern, &object.namespace))
    }
}
