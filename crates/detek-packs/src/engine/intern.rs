//! Texts of packs that live as long as the process, as those of compiled detectors do. Equal ones are kept once, so that
//! loading a pack again takes nothing.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

static TEXTS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// The same text, kept for good.
pub(super) fn text(text: &str) -> &'static str {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = Box::leak(text.into());
    texts.insert(kept);
    kept
}

/// A list that is kept for good.
pub(super) fn list<T>(items: impl IntoIterator<Item = T>) -> &'static [T] {
    Box::leak(items.into_iter().collect())
}
