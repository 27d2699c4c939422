//! Addresses that more than one pod has.

use crate::rows::{PodAddress, PodAddresses};
use detek_core::{Documents, Fact, ObjectRef, Values};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

/// Pods of one address that are named; a whole cluster may have the same.
const NAMED: usize = 5;

/// The addresses that several running pods call their own.
pub(crate) struct SharedAddresses(HashMap<IpAddr, Holders>);

/// The pods that have one address.
#[derive(Default)]
pub(crate) struct Holders {
    /// How many they are.
    pub(crate) count: usize,
    /// The first of them by name.
    pub(crate) named: BTreeSet<ObjectRef>,
}

impl Fact for SharedAddresses {
    type Reads = (Documents<PodAddresses>,);

    fn build((pods,): Values<'_, Self::Reads>) -> Self {
        let mut first: HashMap<IpAddr, u32> = HashMap::new();
        let mut shared: HashMap<IpAddr, Holders> = HashMap::new();
        for (number, pod) in pods.rows() {
            for address in pod.own() {
                let holder = *first.entry(address).or_insert(number);
                if holder != number {
                    let holders = shared.entry(address).or_insert_with(|| Holders::new(pods.row(holder)));
                    holders.add(&pod);
                }
            }
        }
        SharedAddresses(shared)
    }
}

impl SharedAddresses {
    /// The pods that have this address, if they are several.
    pub(crate) fn holders(&self, address: IpAddr) -> Option<&Holders> {
        self.0.get(&address)
    }
}

impl Holders {
    fn new(first: Option<PodAddress<'_>>) -> Self {
        let mut holders = Holders::default();
        if let Some(first) = first {
            holders.add(&first);
        }
        holders
    }

    fn add(&mut self, pod: &PodAddress<'_>) {
        self.count += 1;
        self.named.insert(pod.object());
        if self.named.len() > NAMED {
            self.named.pop_last();
        }
    }
}
