//! Addresses that more than one pod has.

use crate::rows::PodAddresses;
use detek_core::{Documents, Fact, ObjectRef, Values};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

/// The pods of each address that several running pods call their own.
pub(crate) struct SharedAddresses(HashMap<IpAddr, BTreeSet<ObjectRef>>);

impl Fact for SharedAddresses {
    type Reads = (Documents<PodAddresses>,);

    fn build((pods,): Values<'_, Self::Reads>) -> Self {
        let name = |number: u32| {
            let metadata = pods.row(number)?.metadata;
            Some(ObjectRef::new("", "Pod", metadata.namespace, metadata.name))
        };
        let mut first: HashMap<IpAddr, u32> = HashMap::new();
        let mut shared: HashMap<IpAddr, BTreeSet<ObjectRef>> = HashMap::new();
        for (number, pod) in pods.rows() {
            for address in pod.own() {
                let holder = *first.entry(address).or_insert(number);
                if holder != number {
                    shared.entry(address).or_default().extend([holder, number].into_iter().filter_map(name));
                }
            }
        }
        SharedAddresses(shared)
    }
}

impl SharedAddresses {
    /// The pods that have this address, if there are several.
    pub(crate) fn holders(&self, address: IpAddr) -> Option<&BTreeSet<ObjectRef>> {
        self.0.get(&address)
    }
}
