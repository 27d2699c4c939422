use crate::{data::end_of_maintenance, prelude::*};
use jiff::{Span, tz::TimeZone};

/// `version_end_of_life`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VersionEndOfLife {}

/// Months after the end of maintenance until it is an error.
const GRACE_MONTHS: i32 = 6;

impl Detector for VersionEndOfLife {
    const META: Meta = Meta {
        id: "version_end_of_life",
        level: Level::Warn,
        title: "Kubernetes version is past the end of its maintenance",
        explanation: "The project makes no more releases of this minor version: security holes that become known are not closed, and add-ons are no longer tested with it. Every further release makes the way to a maintained one longer, since minor versions cannot be skipped.",
        remediation: "Upgrade the control plane one minor version at a time, then the nodes: `kubectl get nodes` shows how far they are, `kubeadm upgrade plan` or the page of your provider what comes next. Look at `detek run upgrade` first for what stands in the way.",
        category: Category::Upgrade,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "A distribution or provider that maintains the version longer than the project, at extra cost.",
        ],
        parameters: &[],
        symptom_of: &[],
        references: &[
            Reference { title: "Patch releases", url: "https://kubernetes.io/releases/patch-releases/" },
            Reference { title: "Version skew policy", url: "https://kubernetes.io/releases/version-skew-policy/" },
        ],
        fires: "
kind: ServerVersion
major: '1'
minor: '31'
gitVersion: v1.31.4-gke.1256000
",
        silent: "
kind: ServerVersion
major: '1'
minor: '34'
gitVersion: v1.34.1
",
    };
    type Subject = ServerVersions;
    type Reads = ();

    fn check(&self, version: &ServerVersion<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let Some(end) = version.minor().and_then(end_of_maintenance) else { return };
        let today = found.now().to_zoned(TimeZone::UTC).date();
        if today <= end {
            return;
        }
        let late = end.checked_add(Span::new().months(GRACE_MONTHS)).is_ok_and(|limit| today > limit);
        let message = format!("{} has not been maintained since {end}", version.git_version);
        let finding = found.add("version", message).subject(ObjectRef::cluster());
        finding.level(if late { Level::Error } else { Level::Warn });
        finding.evidence("version", version.git_version).evidence("end_of_maintenance", end.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn half_a_year_after_the_end_it_is_an_error() {
        check::<VersionEndOfLife>(
            "{kind: ServerVersion, gitVersion: v1.31.0}",
            &[],
            &expect![[r"
                Warn
                Warn Cluster: v1.31.0 has not been maintained since 2025-11-11"]],
        );
        check::<VersionEndOfLife>(
            "{kind: ServerVersion, gitVersion: v1.30.2-eks-1a2b3c}",
            &[],
            &expect![[r"
                Warn
                Warn Cluster: v1.30.2-eks-1a2b3c has not been maintained since 2025-07-15"]],
        );
        check::<VersionEndOfLife>(
            "{kind: ServerVersion, gitVersion: v1.16.0}",
            &[],
            &expect![[r"
                Error
                Error Cluster: v1.16.0 has not been maintained since 2021-10-28"]],
        );
    }

    #[test]
    fn a_release_after_the_table_and_a_text_that_is_no_version_are_not_judged() {
        check::<VersionEndOfLife>("{kind: ServerVersion, gitVersion: v1.99.0}", &[], &expect!["Normal"]);
        check::<VersionEndOfLife>("{kind: ServerVersion, gitVersion: unknown}", &[], &expect!["Normal"]);
    }
}
