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
        let own = |(number, pod): (u32, PodAddress<'_>)| pod.own().into_iter().map(move |address| (address, number));
        let mut all: Vec<(IpAddr, u32)> = pods.rows().flat_map(own).collect();
        all.sort_unstable();
        all.dedup();
        let shared = all.chunk_by(|a, b| a.0 == b.0).filter(|holders| holders.len() > 1).map(|holders| {
            let (address, _) = holders[0];
            let pods = holders.iter().filter_map(|(_, number)| pods.row(*number));
            (address, Holders::of(pods))
        });
        SharedAddresses(shared.collect())
    }
}

impl SharedAddresses {
    /// The pods that have this address, if they are several.
    pub(crate) fn holders(&self, address: IpAddr) -> Option<&Holders> {
        self.0.get(&address)
    }
}

impl Holders {
    fn of<'s>(pods: impl Iterator<Item = PodAddress<'s>>) -> Self {
        let mut holders = Holders::default();
        for pod in pods {
            holders.count += 1;
            holders.named.insert(pod.object());
            if holders.named.len() > NAMED {
                holders.named.pop_last();
            }
        }
        holders
    }
}
