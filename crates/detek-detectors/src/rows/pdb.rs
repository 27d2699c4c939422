//! PodDisruptionBudgets.

use super::LabelSelector;
use detek_core::{InputKind, Kind};
use serde::Deserialize;

/// PodDisruptionBudgets.
pub(crate) struct PodDisruptionBudgets;

impl Kind for PodDisruptionBudgets {
    const INPUT: InputKind =
        InputKind::new("kubernetes/policy/v1/poddisruptionbudgets", "policy", "PodDisruptionBudget", true);
    type Row<'s> = PodDisruptionBudget<'s>;
}

/// A PodDisruptionBudget.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct PodDisruptionBudget<'s> {
    #[serde(borrow)]
    pub(crate) spec: BudgetSpec<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct BudgetSpec<'s> {
    #[serde(borrow)]
    pub(crate) selector: Option<LabelSelector<'s>>,
}
