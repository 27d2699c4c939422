//! A page as a browser's parser sees it.

use html5ever::{
    Attribute, ExpandedName, QualName, parse_document,
    tendril::{StrTendril, TendrilSink as _},
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::Rc,
};

/// An element, without its children.
pub(crate) struct Element {
    qualified: QualName,
    attributes: Vec<(String, String)>,
    text: RefCell<String>,
    parent: RefCell<Option<Rc<Element>>>,
}

impl Element {
    pub(crate) fn name(&self) -> &str {
        &self.qualified.local
    }

    pub(crate) fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its own text, not that of its children.
    pub(crate) fn text(&self) -> String {
        self.text.borrow().clone()
    }

    pub(crate) fn ancestors(&self) -> impl Iterator<Item = Rc<Element>> {
        std::iter::successors(self.parent.borrow().clone(), |element| element.parent.borrow().clone())
    }
}

/// What the parser made of a page.
pub(crate) struct Dom {
    /// In the order of the page.
    pub(crate) elements: Vec<Rc<Element>>,
    pub(crate) errors: Vec<String>,
    pub(crate) comments: usize,
}

impl Dom {
    pub(crate) fn parse(page: &str) -> Self {
        let sink = parse_document(Sink::default(), html5ever::ParseOpts::default()).one(page);
        assert!(!sink.quirks.get(), "the page has no doctype");
        Dom { elements: sink.elements.take(), errors: sink.errors.take(), comments: sink.comments.get() }
    }

    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Rc<Element>> {
        self.elements.iter().filter(move |element| element.name() == name)
    }

    /// What people read, without markup and without what they do not see.
    pub(crate) fn text(&self) -> String {
        let read = self.elements.iter().filter(|element| !matches!(element.name(), "script" | "style"));
        read.map(|element| element.text() + " ").collect()
    }

    /// Depth, name and names of the attributes of every element.
    pub(crate) fn shape(&self) -> Vec<String> {
        let line = |element: &Rc<Element>| {
            let attributes: Vec<&str> = element.attributes.iter().map(|(name, _)| name.as_str()).collect();
            format!("{} {} {}", element.ancestors().count(), element.name(), attributes.join(" "))
        };
        self.elements.iter().map(line).collect()
    }
}

#[derive(Default)]
struct Sink {
    elements: RefCell<Vec<Rc<Element>>>,
    errors: RefCell<Vec<String>>,
    comments: Cell<usize>,
    quirks: Cell<bool>,
    document: RefCell<Option<Rc<Element>>>,
}

fn element(qualified: QualName, attributes: Vec<Attribute>) -> Rc<Element> {
    let attributes = attributes.into_iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
    Rc::new(Element { qualified, attributes, text: RefCell::default(), parent: RefCell::default() })
}

impl TreeSink for Sink {
    type Handle = Rc<Element>;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn get_document(&self) -> Rc<Element> {
        let name = QualName::new(None, html5ever::ns!(), html5ever::local_name!(""));
        self.document.borrow_mut().get_or_insert_with(|| element(name, Vec::new())).clone()
    }

    fn get_template_contents(&self, target: &Rc<Element>) -> Rc<Element> {
        target.clone()
    }

    fn same_node(&self, x: &Rc<Element>, y: &Rc<Element>) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Element>) -> ExpandedName<'a> {
        target.qualified.expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Rc<Element> {
        let element = element(name, attributes);
        self.elements.borrow_mut().push(element.clone());
        element
    }

    fn create_comment(&self, _: StrTendril) -> Rc<Element> {
        self.comments.set(self.comments.get() + 1);
        self.get_document()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Rc<Element> {
        self.get_document()
    }

    fn append(&self, parent: &Rc<Element>, child: NodeOrText<Rc<Element>>) {
        match child {
            NodeOrText::AppendText(text) => parent.text.borrow_mut().push_str(&text),
            NodeOrText::AppendNode(node) if Rc::ptr_eq(&node, &self.get_document()) => {}
            NodeOrText::AppendNode(node) => *node.parent.borrow_mut() = Some(parent.clone()),
        }
    }

    fn append_before_sibling(&self, sibling: &Rc<Element>, node: NodeOrText<Rc<Element>>) {
        if let Some(parent) = sibling.parent.borrow().as_ref() {
            self.append(parent, node);
        }
    }

    fn append_based_on_parent_node(&self, parent: &Rc<Element>, _: &Rc<Element>, child: NodeOrText<Rc<Element>>) {
        self.append(parent, child);
    }

    fn parse_error(&self, error: Cow<'static, str>) {
        self.errors.borrow_mut().push(error.into_owned());
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.quirks.set(mode != QuirksMode::NoQuirks);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn add_attrs_if_missing(&self, _: &Rc<Element>, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &Rc<Element>) {}
    fn reparent_children(&self, _: &Rc<Element>, _: &Rc<Element>) {}
}
