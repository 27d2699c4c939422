//! Facts: what detectors share, computed once from inputs. Indexes and graphs over documents, or just the documents.

use crate::{Input, InputKey, InputKind, Inputs, Kind, detector::keep_row};
use detek_doc::{Doc, Projection, Store};
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, BTreeSet, HashMap},
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

/// How a detector uses an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Adds cause or precision, never decides the level.
    Optional,
    /// Its objects are judged one by one: those that were seen speak for themselves.
    Subject,
    /// Looked up, counted or searched for absence: incomplete, it proves nothing.
    Join,
}

impl Role {
    /// The name as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Role::Optional => "optional",
            Role::Subject => "subject",
            Role::Join => "join",
        }
    }
}

/// What a detector needs: inputs, each with its strongest role, and what is read of their documents.
#[derive(Default)]
pub struct Needs {
    pub(crate) subjects: Vec<InputKey>,
    pub(crate) roles: BTreeMap<InputKey, Role>,
    pub(crate) inputs: BTreeMap<InputKey, (InputKind, Projection)>,
    pub(crate) empty_if_absent: BTreeSet<InputKey>,
}

impl Needs {
    /// Declares that an input that is not served is as good as an empty one.
    pub fn empty_if_absent(&mut self, key: &InputKey) {
        self.empty_if_absent.insert(key.clone());
    }

    /// Declares an input whose documents are judged one by one.
    pub fn subject(&mut self, kind: &InputKind, keep: impl FnOnce(&mut Projection)) {
        self.subjects.push(kind.key.clone());
        self.add(kind, Role::Subject, keep);
    }

    /// Declares an input in a role; `keep` adds what is read of its documents.
    pub fn add(&mut self, kind: &InputKind, role: Role, keep: impl FnOnce(&mut Projection)) {
        let strongest = self.roles.entry(kind.key.clone()).or_insert(role);
        *strongest = (*strongest).max(role);
        let (_, projection) =
            self.inputs.entry(kind.key.clone()).or_insert_with(|| (kind.clone(), Projection::new(kind.key.as_str())));
        keep(projection);
    }

    /// The inputs, by key, with their roles.
    pub fn roles(&self) -> impl Iterator<Item = (&InputKey, Role)> {
        self.roles.iter().map(|(key, role)| (key, *role))
    }
}

/// Why a fact could not be built although it was needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The input it rests on.
    pub input: InputKey,
    /// What happened, cleaned.
    pub text: String,
}

/// Something computed from inputs and shared between detectors. Owned: an index holds numbers of documents, not rows.
pub trait Fact: Sized + Send + Sync + 'static {
    /// What it is computed from.
    type Reads: Reads;
    /// Computes it. Pure.
    fn build(reads: Values<'_, Self::Reads>) -> Self;
}

/// The documents of a complete input, as rows.
pub struct Documents<K> {
    store: Arc<Store>,
    unreadable: OnceLock<Fault>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Documents<K> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// The store they lie in, for facts that keep numbers of documents.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// Every document with its number. One that cannot be read as its row is left out and makes whatever is computed
    /// from these documents a fault.
    pub fn rows(&self) -> impl Iterator<Item = (u32, K::Row<'_>)> {
        (0..self.store.len() as u32).filter_map(|number| self.row(number).map(|row| (number, row)))
    }

    /// The document of this number.
    pub fn row(&self, number: u32) -> Option<K::Row<'_>> {
        self.note(self.store.doc(number).read())
    }

    fn note<T>(&self, row: Result<T, detek_doc::RowError>) -> Option<T> {
        row.map_err(|why| {
            self.unreadable.get_or_init(|| Fault { input: K::INPUT.key, text: crate::clip(&why.to_string(), 300) });
        })
        .ok()
    }

    /// A document by number, as it is.
    pub fn doc(&self, number: u32) -> Doc<'_> {
        self.store.doc(number)
    }
}

/// Something that can stand in [`Reads`]: a [`Fact`], [`Documents`], or an [`Optional`] of them.
pub trait Read: 'static {
    /// How the engine holds it.
    type Held: Clone + Send + Sync + 'static;
    /// What `check` and `build` receive.
    type Value<'a>: Copy;
    /// Declares the inputs below it.
    fn declare(needs: &mut Needs, role: Role);
    /// Fetches or computes it.
    ///
    /// # Errors
    /// The fault below it.
    fn fetch(facts: &mut Facts<'_>) -> Result<Self::Held, Fault>;
    /// The value in hand.
    fn value(held: &Self::Held) -> Self::Value<'_>;
    /// A document below it that could not be read.
    fn fault(held: &Self::Held) -> Option<Fault>;
}

impl<F: Fact> Read for F {
    type Held = Arc<F>;
    type Value<'a> = &'a F;

    fn declare(needs: &mut Needs, role: Role) {
        F::Reads::declare(needs, role);
    }

    fn fetch(facts: &mut Facts<'_>) -> Result<Arc<F>, Fault> {
        facts.cached(|facts| {
            let held = F::Reads::fetch(facts)?;
            let fact = F::build(F::Reads::values(&held));
            F::Reads::fault(&held).map_or(Ok(Arc::new(fact)), Err)
        })
    }

    fn value(held: &Arc<F>) -> &F {
        held
    }

    fn fault(_: &Arc<F>) -> Option<Fault> {
        None
    }
}

impl<K: Kind> Read for Documents<K> {
    type Held = Arc<Documents<K>>;
    type Value<'a> = &'a Documents<K>;

    fn declare(needs: &mut Needs, role: Role) {
        needs.add(&K::INPUT, role, keep_row::<K>);
    }

    fn fetch(facts: &mut Facts<'_>) -> Result<Self::Held, Fault> {
        facts.cached(|facts| match facts.inputs.get(&K::INPUT.key).and_then(|input| input.whole()) {
            Some(store) => {
                Ok(Arc::new(Documents { store: Arc::clone(store), unreadable: OnceLock::new(), kind: PhantomData }))
            }
            None => Err(Fault { input: K::INPUT.key, text: "not complete".into() }),
        })
    }

    fn value(held: &Self::Held) -> &Documents<K> {
        held
    }

    fn fault(held: &Self::Held) -> Option<Fault> {
        held.unreadable.get().cloned()
    }
}

/// `None` if an input of `R` is not complete, absent or not enabled. Never decides the level.
pub struct Optional<R>(PhantomData<fn() -> R>);

impl<R: Read> Read for Optional<R> {
    type Held = Option<R::Held>;
    type Value<'a> = Option<R::Value<'a>>;

    fn declare(needs: &mut Needs, _: Role) {
        R::declare(needs, Role::Optional);
    }

    fn fetch(facts: &mut Facts<'_>) -> Result<Self::Held, Fault> {
        Ok(R::fetch(facts).ok())
    }

    fn value(held: &Self::Held) -> Self::Value<'_> {
        held.as_ref().map(R::value)
    }

    fn fault(_: &Self::Held) -> Option<Fault> {
        None
    }
}

/// Facts of one run: each built once, when the first detector asks for it.
pub struct Facts<'i> {
    inputs: &'i Inputs,
    built: HashMap<(TypeId, String), Result<Arc<dyn Any + Send + Sync>, Fault>>,
}

impl<'i> Facts<'i> {
    /// No fact built yet.
    pub fn new(inputs: &'i Inputs) -> Self {
        Facts { inputs, built: HashMap::new() }
    }

    /// An input as it was read, for detectors that judge gaps themselves.
    pub fn input(&self, key: &InputKey) -> Option<&'i Input> {
        self.inputs.get(key)
    }

    fn cached<T: Send + Sync + 'static>(
        &mut self,
        build: impl FnOnce(&mut Self) -> Result<Arc<T>, Fault>,
    ) -> Result<Arc<T>, Fault> {
        self.named(String::new(), build)
    }

    /// What has this name, built for the first detector that asks: for facts that are written as data.
    ///
    /// # Errors
    /// If it could not be built.
    pub fn named<T: Send + Sync + 'static>(
        &mut self,
        name: String,
        build: impl FnOnce(&mut Self) -> Result<Arc<T>, Fault>,
    ) -> Result<Arc<T>, Fault> {
        let key = (TypeId::of::<T>(), name);
        if let Some(built) = self.built.get(&key) {
            return built.clone().map(|fact| fact.downcast().expect("facts are stored under their own type"));
        }
        let built = build(self);
        self.built.insert(key, built.clone().map(|fact| fact as Arc<dyn Any + Send + Sync>));
        built
    }
}

/// What a detector or fact reads: a tuple of up to six [`Read`]s.
pub trait Reads: 'static {
    /// How the engine holds them.
    type Held: Clone + Send + Sync + 'static;
    /// What `check` and `build` receive.
    type Values<'a>: Copy;
    /// Declares the inputs below them.
    fn declare(needs: &mut Needs, role: Role);
    /// Fetches all of them.
    ///
    /// # Errors
    /// The first fault.
    fn fetch(facts: &mut Facts<'_>) -> Result<Self::Held, Fault>;
    /// The values in hand.
    fn values(held: &Self::Held) -> Self::Values<'_>;
    /// A document below them that could not be read.
    fn fault(held: &Self::Held) -> Option<Fault>;
}

/// A tuple of references, in the order of [`Reads`].
pub type Values<'a, R> = <R as Reads>::Values<'a>;

macro_rules! reads {
    ($($R:ident $n:tt),*) => {
        impl<$($R: Read),*> Reads for ($($R,)*) {
            type Held = ($($R::Held,)*);
            type Values<'a> = ($($R::Value<'a>,)*);

            fn declare(needs: &mut Needs, role: Role) {
                $($R::declare(needs, role);)*
            }

            fn fetch(facts: &mut Facts<'_>) -> Result<Self::Held, Fault> {
                Ok(($($R::fetch(facts)?,)*))
            }

            fn values(held: &Self::Held) -> Self::Values<'_> {
                ($($R::value(&held.$n),)*)
            }

            fn fault(held: &Self::Held) -> Option<Fault> {
                $(if let Some(fault) = $R::fault(&held.$n) { return Some(fault); })*
                None
            }
        }
    };
}

impl Reads for () {
    type Held = ();
    type Values<'a> = ();

    fn declare(_: &mut Needs, _: Role) {}

    fn fetch(_: &mut Facts<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn values((): &()) {}

    fn fault((): &()) -> Option<Fault> {
        None
    }
}

reads!(A 0);
reads!(A 0, B 1);
reads!(A 0, B 1, C 2);
reads!(A 0, B 1, C 2, D 3);
reads!(A 0, B 1, C 2, D 3, E 4);
reads!(A 0, B 1, C 2, D 3, E 4, F 5);
