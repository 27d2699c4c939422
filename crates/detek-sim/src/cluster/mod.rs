//! A generated cluster of any size: each object is computed from the seed and its index when it is asked for, so 150,000 pods take no
//! more memory than three. Mostly healthy, and as wordy as real objects are.
//!
//! Workload `w` has the pods `w * replicas ..`. Its namespace and its name grow with `w`, so index order is the order of etcd.

mod objects;
mod pod;

use std::ops::Range;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::clock::rfc3339;
use crate::content::{ALPHABET, Content, uid};
use crate::kinds::Kinds;

/// How large a generated cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pods.
    pub pods: usize,
    /// Pods of one Deployment; 1 makes every pod different.
    pub replicas: usize,
    /// ReplicaSets of one Deployment: old revisions and the current one.
    pub revisions: usize,
}

impl Size {
    /// So many pods, in Deployments of 10 with 10 revisions.
    pub fn pods(pods: usize) -> Self {
        Self { pods, ..Self::default() }
    }
}

impl Default for Size {
    fn default() -> Self {
        Self { pods: 10_000, replicas: 10, revisions: 10 }
    }
}

const TEAMS: [&str; 10] =
    ["ads", "checkout", "data", "identity", "ledger", "media", "payments", "platform", "risk", "search"];
const STAGES: [&str; 4] = ["dev", "prod", "stage", "test"];
const APPS: [&str; 12] =
    ["api", "batch", "cache", "gateway", "indexer", "proxy", "router", "scheduler", "store", "sync", "web", "worker"];

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Namespaces,
    Nodes,
    Pods,
    ReplicaSets,
    Deployments,
    Services,
    Slices,
}

/// The generator; all it holds is numbers.
#[derive(Debug)]
pub(crate) struct Generated {
    seed: u64,
    size: Size,
    workloads: usize,
    now: Timestamp,
    sorts: Vec<(usize, Sort)>,
}

impl Generated {
    pub(crate) fn new(seed: u64, size: Size, now: Timestamp, kinds: &Kinds) -> Self {
        let size = Size { replicas: size.replicas.max(1), revisions: size.revisions.max(1), ..size };
        let sorts = [
            ("", "namespaces", Sort::Namespaces),
            ("", "nodes", Sort::Nodes),
            ("", "pods", Sort::Pods),
            ("apps", "replicasets", Sort::ReplicaSets),
            ("apps", "deployments", Sort::Deployments),
            ("", "services", Sort::Services),
            ("discovery.k8s.io", "endpointslices", Sort::Slices),
        ];
        let index = |(group, resource, sort): (&str, &str, Sort)| kinds.find(group, "v1", resource).map(|k| (k, sort));
        let sorts = sorts.into_iter().filter_map(index).collect();
        Self { seed, size, workloads: size.pods.div_ceil(size.replicas), now, sorts }
    }

    fn sort(&self, kind: usize) -> Option<Sort> {
        self.sorts.iter().find(|(k, _)| *k == kind).map(|(_, sort)| *sort)
    }

    /// Random numbers of one object, the same whenever it is asked for.
    fn random(&self, domain: u64, index: usize) -> Rng {
        let mut rng = Rng::with_seed(
            self.seed ^ domain.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64).wrapping_mul(0xd6e8_feb8_6659_fd93),
        );
        rng.u64(..);
        rng
    }

    fn nodes(&self) -> usize {
        (self.size.pods / 30).max(3)
    }

    /// Namespaces that hold workloads; one more, `kube-system`, sorts in between.
    fn spaces() -> usize {
        TEAMS.len() * STAGES.len()
    }

    fn space_of(&self, workload: usize) -> usize {
        workload * Self::spaces() / self.workloads.max(1)
    }

    fn first_of_space(&self, space: usize) -> usize {
        (space * self.workloads).div_ceil(Self::spaces()).min(self.workloads)
    }

    fn space_name(space: usize) -> String {
        format!("{}-{}", TEAMS[space / STAGES.len() % TEAMS.len()], STAGES[space % STAGES.len()])
    }

    /// Objects of this sort that one workload has.
    fn per_workload(&self, sort: Sort) -> usize {
        match sort {
            Sort::Pods => self.size.replicas,
            Sort::ReplicaSets => self.size.revisions,
            _ => 1,
        }
    }

    /// Name of a workload: both parts grow with its place in the namespace.
    fn app(&self, workload: usize) -> String {
        let space = self.space_of(workload);
        let (first, end) = (self.first_of_space(space), self.first_of_space(space + 1));
        let place = workload - first;
        format!("{}-{place:05}", APPS[place * APPS.len() / (end - first).max(1)])
    }

    /// A text of 27 letters that grows with `place` of `of`, and looks random.
    fn growing(&self, domain: u64, index: usize, (place, of): (usize, usize), length: u32) -> String {
        let space = 27_u64.pow(length);
        let step = space / (of as u64).max(1);
        let mut value = place as u64 * step + self.random(domain, index).u64(..step.max(1));
        let mut out = vec![0; length as usize];
        for byte in out.iter_mut().rev() {
            *byte = ALPHABET[(value % 27) as usize];
            value /= 27;
        }
        out.into_iter().map(char::from).collect()
    }

    /// Template hash of one revision.
    fn hash(&self, workload: usize, revision: usize) -> String {
        self.growing(1, workload * self.size.revisions + revision, (revision, self.size.revisions), 10)
    }

    /// Which revision runs.
    fn current(&self, workload: usize) -> usize {
        self.random(2, workload).usize(..self.size.revisions)
    }

    fn uid(&self, domain: u64, index: usize) -> String {
        uid(self.random(domain + 100, index).u128(..))
    }

    /// A time in the past, up to so many minutes ago and at least an hour.
    fn past(&self, rng: &mut Rng, minutes: i64) -> String {
        let at = self.now.checked_sub(SignedDuration::from_mins(60 + rng.i64(0..minutes))).unwrap_or(self.now);
        rfc3339(at)
    }

    fn name(&self, sort: Sort, index: usize) -> String {
        let workload = index / self.per_workload(sort);
        match sort {
            Sort::Namespaces => {
                let system = TEAMS.iter().filter(|t| **t < "kube-system").count() * STAGES.len();
                match index.cmp(&system) {
                    std::cmp::Ordering::Less => Self::space_name(index),
                    std::cmp::Ordering::Equal => "kube-system".into(),
                    std::cmp::Ordering::Greater => Self::space_name(index - 1),
                }
            }
            Sort::Nodes => format!("node-{index:05}"),
            Sort::Pods => pod::Facts::new(self, index).name,
            Sort::ReplicaSets => format!("{}-{}", self.app(workload), self.hash(workload, index % self.size.revisions)),
            Sort::Deployments | Sort::Services => self.app(workload),
            Sort::Slices => format!("{}-{}", self.app(workload), self.growing(3, workload, (0, 1), 5)),
        }
    }
}

impl Content for Generated {
    fn count(&self, kind: usize) -> usize {
        match self.sort(kind) {
            None => 0,
            Some(Sort::Namespaces) => Self::spaces() + 1,
            Some(Sort::Nodes) => self.nodes(),
            Some(Sort::Pods) => self.size.pods,
            Some(sort) => self.workloads * self.per_workload(sort),
        }
    }

    fn write(&self, kind: usize, index: usize, out: &mut Vec<u8>) {
        match self.sort(kind) {
            Some(Sort::Pods) => pod::write(self, index, out),
            Some(sort) => objects::write(self, sort, index, out),
            None => {}
        }
    }

    fn in_namespace(&self, kind: usize, namespace: &str) -> Range<usize> {
        let Some(sort) = self.sort(kind).filter(|s| !matches!(s, Sort::Namespaces | Sort::Nodes)) else { return 0..0 };
        let Some(space) = (0..Self::spaces()).find(|s| Self::space_name(*s) == namespace) else { return 0..0 };
        let at = |space| (self.first_of_space(space) * self.per_workload(sort)).min(self.count(kind));
        at(space)..at(space + 1)
    }

    fn find(&self, kind: usize, namespace: &str, name: &str) -> Option<usize> {
        let sort = self.sort(kind)?;
        let range = if namespace.is_empty() { 0..self.count(kind) } else { self.in_namespace(kind, namespace) };
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.name(sort, middle).as_str().cmp(name) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}
