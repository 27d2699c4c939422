//! Charts as inline SVG, for pages whose policy forbids `style=`: classes and presentation attributes only. Each has a
//! title and a description; the page that shows it holds the same numbers as text.

use askama::{Template, filters::HtmlSafe};

/// A bar in parts, from left to right.
#[derive(Template)]
#[template(path = "bar.html")]
pub(crate) struct Bar {
    title: String,
    description: String,
    total: usize,
    parts: Vec<Part>,
}

struct Part {
    class: &'static str,
    at: usize,
    width: usize,
}

impl HtmlSafe for Bar {}

impl Bar {
    /// A bar of `parts`: the class of each, which gives it height and colour, and its size.
    pub(crate) fn new(title: String, description: String, parts: &[(&'static str, usize)]) -> Self {
        let mut at = 0;
        let parts = parts.iter().filter(|(_, width)| *width > 0).map(|&(class, width)| {
            at += width;
            Part { class, at: at - width, width }
        });
        let parts: Vec<Part> = parts.collect();
        Bar { title, description, total: at.max(1), parts }
    }
}
