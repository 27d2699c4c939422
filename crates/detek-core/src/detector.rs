//! What a detector is: a name for one bad state, what it reads, and how it judges one object.

use crate::{
    Armed, Facts, Fault, Findings, InputKind, Judge, Level, Needs, Reads, Values,
    parameter::{ParamError, Parameter},
};
use detek_doc::{Doc, Projection, RowError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// What a detector is about; sets of detectors follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Something is broken now.
    Availability,
    /// Something will break.
    Reliability,
    /// Something will run out.
    Capacity,
    /// Good practice.
    Hygiene,
    /// A weakness.
    Security,
    /// In the way of an upgrade.
    Upgrade,
    /// Money.
    Cost,
}

impl Category {
    /// Every category.
    pub const ALL: [Category; 7] = [
        Category::Availability,
        Category::Reliability,
        Category::Capacity,
        Category::Hygiene,
        Category::Security,
        Category::Upgrade,
        Category::Cost,
    ];

    /// The category of this name.
    pub fn named(name: &str) -> Option<Self> {
        Category::ALL.into_iter().find(|category| category.name() == name)
    }

    /// The name as in labels.
    pub fn name(self) -> &'static str {
        match self {
            Category::Availability => "availability",
            Category::Reliability => "reliability",
            Category::Capacity => "capacity",
            Category::Hygiene => "hygiene",
            Category::Security => "security",
            Category::Upgrade => "upgrade",
            Category::Cost => "cost",
        }
    }

    /// The set that detectors of this category belong to, besides `default` and `all`.
    pub fn set(self) -> &'static str {
        match self {
            Category::Availability => "health",
            Category::Reliability | Category::Capacity | Category::Hygiene => "hygiene",
            Category::Security => "security",
            Category::Upgrade => "upgrade",
            Category::Cost => "cost",
        }
    }
}

/// A permission that the default role does not ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addon {
    /// Listing Secrets.
    Secrets,
}

impl Addon {
    /// Every add-on.
    pub const ALL: [Addon; 1] = [Addon::Secrets];

    /// The name as `--enable` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Addon::Secrets => "secrets",
        }
    }
}

/// How rarely a detector is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// A finding is a fault.
    High,
    /// A finding may be meant so.
    Medium,
    /// A finding is worth a look, no more.
    Low,
}

/// Where to read more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Title of the page.
    pub title: &'static str,
    /// `https` address.
    pub url: &'static str,
}

/// What a detector says about itself. No field has a default: a detector without a remedy or without examples does not
/// compile.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// Completes "the cluster has a ...". Permanent, never reused.
    pub id: &'static str,
    /// Level of its findings unless one says otherwise.
    pub level: Level,
    /// One line that states the bad state, without a full stop.
    pub title: &'static str,
    /// Why it matters, for someone who does not know Kubernetes in detail.
    pub explanation: &'static str,
    /// Concrete steps, with commands to type.
    pub remediation: &'static str,
    /// What it is about.
    pub category: Category,
    /// Whether the default set holds it.
    pub on: bool,
    /// The permission beyond the default role that it needs.
    pub addon: Option<Addon>,
    /// How rarely it is wrong.
    pub confidence: Confidence,
    /// Known harmless causes.
    pub false_positives: &'static [&'static str],
    /// One line for each parameter, by name.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Detectors whose finding about the same object explains one of this detector.
    pub symptom_of: &'static [&'static str],
    /// Where to read more.
    pub references: &'static [Reference],
    /// Objects in YAML that it must report: shown in the docs, run as a test.
    pub fires: &'static str,
    /// Realistic objects in YAML that it must not report: shown in the docs, run as a test.
    pub silent: &'static str,
}

/// A kind of object as detek reads it: an input, and the row that its documents are read as. **The row is the
/// projection**: what it does not name is never kept.
pub trait Kind: Send + Sync + 'static {
    /// The input that holds it.
    const INPUT: InputKind;
    /// One document as a plain struct, borrowing from the store.
    type Row<'s>: Deserialize<'s>;
}

/// One of the inputs that a subject is read from.
pub struct SubjectInput {
    /// The input.
    pub kind: InputKind,
    /// Adds what is read of its documents to a projection.
    pub keep: fn(&mut Projection),
}

/// What a detector judges one by one: a [`Kind`], several kinds as an enum of rows, or the [`Cluster`].
pub trait Subject: Send + Sync + 'static {
    /// What `check` is given.
    type Row<'s>;
    /// The inputs whose documents are judged; empty for the cluster as a whole.
    fn inputs() -> Vec<SubjectInput>;
    /// Reads a document of `inputs()[input]`.
    ///
    /// # Errors
    /// If a field has another type than the row's; the error names the path.
    fn read(input: usize, doc: Doc<'_>) -> Result<Self::Row<'_>, RowError>;
}

/// The row of a subject.
pub type RowOf<'s, S> = <S as Subject>::Row<'s>;

impl<K: Kind> Subject for K {
    type Row<'s> = K::Row<'s>;

    fn inputs() -> Vec<SubjectInput> {
        vec![SubjectInput { kind: K::INPUT, keep: keep_row::<K> }]
    }

    fn read(_: usize, doc: Doc<'_>) -> Result<K::Row<'_>, RowError> {
        doc.read()
    }
}

/// Adds everything that the row of `K` reads to a projection.
pub(crate) fn keep_row<K: Kind>(projection: &mut Projection) {
    projection
        .keep_row::<K::Row<'static>>()
        .expect("rows read no redacted field: the projection test of every kind checks it");
}

/// The subject of detectors that judge the cluster as a whole, once.
pub struct Cluster;

impl Subject for Cluster {
    type Row<'s> = ();

    fn inputs() -> Vec<SubjectInput> {
        Vec::new()
    }

    fn read(_: usize, _: Doc<'_>) -> Result<(), RowError> {
        Ok(())
    }
}

/// Finds one bad state. Pure: no I/O, no clock, no error to return. The implementing struct holds the parameters; its
/// `Default` is their default.
pub trait Detector: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it says about itself.
    const META: Meta;
    /// Whether it must see the whole cluster: with `-n` it is then skipped.
    const WHOLE_CLUSTER: bool = false;
    /// Judged one by one: an incomplete list still gives findings.
    type Subject: Subject;
    /// Looked up, counted or searched for absence; if one rests on an incomplete input, the report is Unknown.
    type Reads: Reads;

    /// Judges one object.
    fn check(&self, subject: &RowOf<'_, Self::Subject>, reads: Values<'_, Self::Reads>, found: &mut Findings<'_>);

    /// The name of a parameter without which it cannot judge and that is not set.
    fn unset(&self) -> Option<&'static str> {
        None
    }
}

/// A detector without its types: what plan, engine, docs and formats see. A detector written as data implements it too.
pub trait AnyDetector: Send + Sync {
    /// What it says about itself.
    fn meta(&self) -> &Meta;
    /// The id of its report; for one of a family, `family - instance`.
    fn id(&self) -> String {
        self.meta().id.to_owned()
    }
    /// Whether it must see the whole cluster.
    fn whole_cluster(&self) -> bool;
    /// Whether it says itself what an incomplete join leaves undecided. Then it judges although one is partial, and what
    /// it finds stands.
    fn judges_gaps(&self) -> bool {
        false
    }
    /// Declares what it reads.
    fn declare(&self, needs: &mut Needs);
    /// The parameter without which it cannot judge and that is not set.
    fn unset(&self) -> Option<&'static str>;
    /// Its parameters with their current values.
    fn parameters(&self) -> Vec<Parameter>;
    /// The same detector with some parameters set from text.
    ///
    /// # Errors
    /// Says which parameter is unknown or which value does not fit, and what would.
    fn with(&self, values: &[(String, String)]) -> Result<Arc<dyn AnyDetector>, ParamError>;
    /// Fetches the facts it reads.
    ///
    /// # Errors
    /// The fault of a fact that could not be built.
    fn arm(self: Arc<Self>, facts: &mut Facts<'_>) -> Result<Armed, Fault>;
}

impl fmt::Debug for dyn AnyDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// A detector with its facts in hand.
struct Holding<D: Detector> {
    detector: Arc<D>,
    held: <D::Reads as Reads>::Held,
}

impl<D: Detector> Judge<D::Subject> for Holding<D> {
    fn check(&self, _: usize, row: &RowOf<'_, D::Subject>, found: &mut Findings<'_>) {
        self.detector.check(row, D::Reads::values(&self.held), found);
    }

    fn fault(&self) -> Option<Fault> {
        D::Reads::fault(&self.held)
    }
}

impl<D: Detector> AnyDetector for D {
    fn meta(&self) -> &Meta {
        &const { D::META }
    }

    fn whole_cluster(&self) -> bool {
        D::WHOLE_CLUSTER
    }

    fn declare(&self, needs: &mut Needs) {
        for input in D::Subject::inputs() {
            needs.subject(&input.kind, input.keep);
        }
        D::Reads::declare(needs, crate::Role::Join);
    }

    fn unset(&self) -> Option<&'static str> {
        Detector::unset(self)
    }

    fn parameters(&self) -> Vec<Parameter> {
        crate::parameter::describe(self, D::META.parameters)
    }

    fn with(&self, values: &[(String, String)]) -> Result<Arc<dyn AnyDetector>, ParamError> {
        Ok(Arc::new(crate::parameter::set(self, D::META.id, values)?))
    }

    fn arm(self: Arc<Self>, facts: &mut Facts<'_>) -> Result<Armed, Fault> {
        let held = D::Reads::fetch(facts)?;
        Ok(Armed::new(Holding { detector: self, held }))
    }
}
