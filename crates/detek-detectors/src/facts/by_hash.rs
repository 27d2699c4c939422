//! Numbers of documents by a hash of what they are found by: 16 bytes for each, where names would take ten times as much.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hashes with numbers of documents, sorted.
pub(super) struct ByHash(Vec<(u64, u32)>);

impl ByHash {
    /// An index of pairs of a [`hash`] and a number.
    pub(super) fn new(mut pairs: Vec<(u64, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        pairs.shrink_to_fit();
        ByHash(pairs)
    }

    /// The numbers below a hash, in order.
    pub(super) fn get(&self, hash: u64) -> impl ExactSizeIterator<Item = u32> + use<'_> {
        let first = self.0.partition_point(|(known, _)| *known < hash);
        let count = self.0[first..].partition_point(|(known, _)| *known == hash);
        self.0[first..first + count].iter().map(|(_, number)| *number)
    }
}

/// The same in every run. Two keys may share one, so what is found by it is compared with what is looked for.
pub(super) fn hash(key: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
