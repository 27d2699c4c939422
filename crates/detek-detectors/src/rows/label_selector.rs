//! Selectors of labels, as budgets, policies and workloads have them.

use detek_doc::StrMap;
use serde::Deserialize;

/// All its requirements must hold; one without requirements selects everything in its namespace. A field that holds no
/// selector at all selects nothing: rows have `Option<LabelSelector>` for it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LabelSelector<'s> {
    #[serde(borrow)]
    pub(crate) match_labels: StrMap<'s>,
    #[serde(borrow)]
    pub(crate) match_expressions: Vec<Requirement<'s>>,
}

/// One of `matchExpressions`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Requirement<'s> {
    pub(crate) key: &'s str,
    pub(crate) operator: &'s str,
    #[serde(borrow)]
    pub(crate) values: Vec<&'s str>,
}

impl LabelSelector<'_> {
    /// Whether an object with these labels is selected.
    pub(crate) fn matches(&self, labels: &StrMap<'_>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.contains(key, value))
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement<'_> {
    /// `NotIn` and `DoesNotExist` hold for a missing key. An operator that nobody knows holds never.
    fn holds(&self, labels: &StrMap<'_>) -> bool {
        let value = labels.get(self.key);
        let listed = value.is_some_and(|value| self.values.contains(&value));
        match self.operator {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LabelSelector, Requirement};
    use detek_doc::StrMap;
    use proptest::{collection::vec, prelude::*, sample::select};

    const KEYS: [&str; 3] = ["app", "tier", "env"];
    const VALUES: [&str; 3] = ["a", "b", ""];
    const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

    fn labels() -> impl Strategy<Value = StrMap<'static>> {
        proptest::sample::subsequence(&KEYS[..], 0..=3).prop_flat_map(|keys| {
            vec(select(&VALUES[..]), keys.len()).prop_map(move |values| keys.iter().copied().zip(values).collect())
        })
    }

    type Expression = (&'static str, &'static str, Vec<&'static str>);

    fn requirement() -> impl Strategy<Value = Expression> {
        (select(&KEYS[..]), select(&OPERATORS[..]), vec(select(&VALUES[..]), 1..3))
    }

    fn expressions(of: &[Expression]) -> LabelSelector<'static> {
        let one = |(key, operator, values): &Expression| Requirement { key, operator, values: values.clone() };
        LabelSelector { match_expressions: of.iter().map(one).collect(), ..LabelSelector::default() }
    }

    proptest! {
        #[test]
        fn a_selector_holds_where_each_of_its_requirements_holds_alone(
            labels in labels(), wanted in labels(), requirements in vec(requirement(), 0..4),
        ) {
            let each = requirements.iter().all(|one| expressions(std::slice::from_ref(one)).matches(&labels))
                && wanted.iter().all(|(key, value)| expressions(&[(key, "In", vec![value])]).matches(&labels));
            let whole = LabelSelector { match_labels: wanted, ..expressions(&requirements) };
            prop_assert_eq!(whole.matches(&labels), each);
        }

        #[test]
        fn operators_come_in_opposites(labels in labels(), (key, _, values) in requirement()) {
            let holds = |operator| expressions(&[(key, operator, values.clone())]).matches(&labels);
            prop_assert_ne!(holds("In"), holds("NotIn"));
            prop_assert_ne!(holds("Exists"), holds("DoesNotExist"));
            prop_assert!(!holds("In") || holds("Exists"));
        }

        #[test]
        fn no_requirement_selects_everything_and_an_unknown_operator_nothing(labels in labels()) {
            prop_assert!(LabelSelector::default().matches(&labels));
            prop_assert!(!expressions(&[("app", "Like", vec!["a"])]).matches(&labels));
        }
    }
}
