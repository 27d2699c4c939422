//! Numbers of documents by a hash of what they are found by: 8 bytes for each, where names would take twenty times as much.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hashes with numbers of documents, sorted.
pub(super) struct ByHash(Vec<(u32, u32)>);

impl ByHash {
    /// An index of pairs of a [`hash`] and a number.
    pub(super) fn new(mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        pairs.shrink_to_fit();
        ByHash(pairs)
    }

    /// The numbers below a hash, in order.
    pub(super) fn get(&self, hash: u32) -> impl ExactSizeIterator<Item = u32> + use<'_> {
        let first = self.0.partition_point(|(known, _)| *known < hash);
        let count = self.0[first..].partition_point(|(known, _)| *known == hash);
        self.0[first..first + count].iter().map(|(_, number)| *number)
    }
}

/// The same in every run. Two keys may share one, so what is found by it is compared with what is looked for.
pub(super) fn hash(key: impl Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() as u32
}
