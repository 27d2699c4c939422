//! A family: one report for each API version that is gone or going.

use crate::{
    data::{REMOVED, RemovedApi, RemovedKind},
    prelude::*,
};
use detek_core::{
    AnyDetector, Armed, Facts, Fault, Judge, Needs, Optional, ParamError, Parameter, Reads, Role, Span, parameter,
};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// The instance of `api_lifecycle` for one version.
struct ApiLifecycle {
    api: &'static RemovedApi,
    parameters: Parameters,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    target: Target,
    next_minor: bool,
    max_age: Span,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { target: Target(None), next_minor: false, max_age: Span::days(90) }
    }
}

/// `auto`, or the version to judge for.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Target(Option<u32>);

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let minor = text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
        match (text.as_str(), minor) {
            ("auto", _) => Ok(Target(None)),
            (_, Some(minor)) => Ok(Target(Some(minor))),
            _ => Err(format!("`{text}` is not a version: write `1.35`, or `auto` for the server's own")),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.0.map_or_else(|| "auto".to_owned(), |minor| format!("1.{minor}"))
    }
}

/// What an instance looks up: the version of the server, if it told it.
type ServerReads = (Optional<ServerMinor>,);

static META: Meta = Meta {
    id: "api_lifecycle",
    level: Level::Warn,
    title: "Object is still written in an API version that is gone or going",
    explanation: "Each API version is served for some releases and then removed. Objects live on in the new version, but a client or a manifest that still speaks the old one fails with the next apply or after the next upgrade: `no matches for kind`.",
    remediation: "Change `apiVersion` in the manifest, chart or program that the finding names and apply it again; `kubectl convert -f FILE --output-version GROUP/VERSION` rewrites a manifest. `kubectl get KIND NAME -n NAMESPACE -o yaml --show-managed-fields` shows who wrote it last.",
    category: Category::Upgrade,
    on: true,
    addon: None,
    confidence: Confidence::High,
    false_positives: &["A client that wrote the object once and is no longer in use; its entry stays for `max_age`."],
    parameters: &[
        ("max_age", "writes in the old version that are older are taken for history"),
        ("next_minor", "judge for the release after `target`"),
        ("target", "release to judge for, such as `1.35`; `auto` is that of the server"),
    ],
    symptom_of: &[],
    references: &[Reference {
        title: "Deprecated API migration guide",
        url: "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    }],
    fires: r#"
kind: PodDisruptionBudget
metadata:
  name: old
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}'}
  managedFields:
  - {manager: kubectl-client-side-apply, operation: Update, apiVersion: policy/v1beta1, time: '2025-12-20T10:00:00Z'}
"#,
    silent: r#"
kind: PodDisruptionBudget
metadata:
  name: current
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"policy/v1","kind":"PodDisruptionBudget"}'}
  managedFields:
  - {manager: helm, operation: Update, apiVersion: policy/v1beta1, time: '2023-02-01T10:00:00Z'}
  - {manager: kubectl-client-side-apply, operation: Update, apiVersion: policy/v1, time: '2025-12-20T10:00:00Z'}
"#,
};

/// One detector for each version.
pub(super) fn family() -> Vec<Arc<dyn AnyDetector>> {
    let instance = |api| Arc::new(ApiLifecycle { api, parameters: Parameters::default() }) as Arc<dyn AnyDetector>;
    REMOVED.iter().map(instance).collect()
}

impl AnyDetector for ApiLifecycle {
    fn meta(&self) -> &Meta {
        &META
    }

    fn id(&self) -> String {
        format!("{} - {}", META.id, self.api.version)
    }

    fn whole_cluster(&self) -> bool {
        false
    }

    fn declare(&self, needs: &mut Needs) {
        for kind in self.api.kinds {
            needs.subject(kind.input, |projection| {
                projection.keep_row::<Lineage<'static>>().expect("no part of a lineage is redacted");
            });
        }
        ServerReads::declare(needs, Role::Join);
    }

    fn unset(&self) -> Option<&'static str> {
        None
    }

    fn parameters(&self) -> Vec<Parameter> {
        parameter::describe(&self.parameters, META.parameters)
    }

    fn with(&self, values: &[(String, String)]) -> Result<Arc<dyn AnyDetector>, ParamError> {
        let parameters = parameter::set(&self.parameters, META.id, values)?;
        Ok(Arc::new(ApiLifecycle { api: self.api, parameters }))
    }

    fn arm(self: Arc<Self>, facts: &mut Facts<'_>) -> Result<Armed, Fault> {
        let held = ServerReads::fetch(facts)?;
        let (server,) = ServerReads::values(&held);
        let own = server.and_then(|server| server.0);
        let target = self.parameters.target.0.or(own).map(|minor| minor + u32::from(self.parameters.next_minor));
        Ok(Armed::new::<Lineages>(Uses { instance: self, target }))
    }
}

/// An instance that knows for which version it judges.
struct Uses {
    instance: Arc<ApiLifecycle>,
    /// Minor version to judge for, if it is known.
    target: Option<u32>,
}

impl Judge<Lineages> for Uses {
    fn check(&self, input: usize, row: &Lineage<'_>, found: &mut Findings<'_>) {
        let kind = &self.instance.api.kinds[input];
        let uses = self.uses(kind, &row.metadata, found.now());
        let Some(worst) = uses.iter().map(|(level, _)| *level).max() else { return };
        let version = self.instance.api.version;
        let texts: Vec<&str> = uses.iter().map(|(_, text)| text.as_str()).collect();
        let gone = format!("{version}, gone in 1.{}; use {}", kind.gone, kind.instead);
        found
            .add("version", format!("{} {gone}", texts.join(", ")))
            .level(worst)
            .evidence("version", version)
            .evidence("instead", kind.instead)
            .evidence("uses", uses.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
    }
}

impl Uses {
    /// How an object uses the old version, in words that end before its name.
    fn uses(&self, kind: &RemovedKind, metadata: &LineageMetadata<'_>, now: Timestamp) -> Vec<(Level, String)> {
        let version = self.instance.api.version;
        let level = match self.target {
            Some(target) if kind.gone <= target + 1 => Level::Error,
            _ => Level::Warn,
        };
        if kind.last {
            return vec![(level, "it exists only in".to_owned())];
        }
        let mut newest: BTreeMap<&str, &Write<'_>> = BTreeMap::new();
        for write in &metadata.managed_fields {
            let known = newest.entry(write.manager).or_insert(write);
            if known.time < write.time {
                *known = write;
            }
        }
        let recent = |write: &Write<'_>| {
            let time: Option<Timestamp> = write.time.parse().ok();
            time.is_none_or(|time| Span::between(time, now) <= self.instance.parameters.max_age)
        };
        let old = newest.values().filter(|write| write.api_version == version && recent(write));
        let mut uses: Vec<(Level, String)> = old
            .map(|write| (level, format!("{} wrote it ({}, {}) in", write.manager, write.operation, write.time)))
            .collect();
        if metadata.was_applied_as(version, &kind.input.kind) {
            // The manifest may be older than a write in another version, which then is what counts.
            let rewritten = uses.is_empty() && !newest.is_empty();
            uses.push((if rewritten { Level::Info } else { level }, "its last applied manifest is in".to_owned()));
        }
        uses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_detector;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(parameters: &[(&str, &str)], yaml: &str, expect: &Expect) {
        let policy = family().into_iter().find(|detector| detector.id() == "api_lifecycle - policy/v1beta1");
        check_detector(&policy.expect("it is in the table"), yaml, parameters, expect);
    }

    const WRITTEN: &str = "
kind: PodDisruptionBudget
metadata:
  name: old
  namespace: shop
  managedFields: [{manager: argocd, operation: Apply, apiVersion: policy/v1beta1, time: '2025-12-20T10:00:00Z'}]
";

    #[test]
    fn a_use_is_an_error_once_the_next_release_lacks_the_version() {
        check(
            &[("target", "1.23")],
            WRITTEN,
            &expect![[r"
            Warn
            Warn PodDisruptionBudget/shop/old: argocd wrote it (Apply, 2025-12-20T10:00:00Z) in policy/v1beta1, gone in 1.25; use policy/v1"]],
        );
        check(
            &[("target", "1.23"), ("next_minor", "true")],
            WRITTEN,
            &expect![[r"
            Error
            Error PodDisruptionBudget/shop/old: argocd wrote it (Apply, 2025-12-20T10:00:00Z) in policy/v1beta1, gone in 1.25; use policy/v1"]],
        );
        check(
            &[],
            &format!("{WRITTEN}---\n{{kind: ServerVersion, gitVersion: v1.34.1}}"),
            &expect![[r"
            Error
            Error PodDisruptionBudget/shop/old: argocd wrote it (Apply, 2025-12-20T10:00:00Z) in policy/v1beta1, gone in 1.25; use policy/v1"]],
        );
    }

    #[test]
    fn without_the_version_of_the_server_a_use_is_a_warning() {
        check(
            &[],
            WRITTEN,
            &expect![[r"
            Warn
            Warn PodDisruptionBudget/shop/old: argocd wrote it (Apply, 2025-12-20T10:00:00Z) in policy/v1beta1, gone in 1.25; use policy/v1"]],
        );
    }

    #[test]
    fn a_manifest_is_worth_a_hint_if_the_object_was_written_in_the_new_version() {
        let yaml = r#"
kind: PodDisruptionBudget
metadata:
  name: old
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget"}'}
  managedFields: [{manager: kubectl-create, operation: Update, apiVersion: policy/v1, time: '2025-12-20T10:00:00Z'}]
"#;
        check(
            &[],
            yaml,
            &expect![[r"
            Info
            Info PodDisruptionBudget/shop/old: its last applied manifest is in policy/v1beta1, gone in 1.25; use policy/v1"]],
        );
    }

    #[test]
    fn an_object_that_exists_in_the_old_version_only_is_a_use() {
        check(
            &[],
            "{kind: PodSecurityPolicy, metadata: {name: restricted}}",
            &expect![[r"
            Warn
            Warn PodSecurityPolicy/restricted: it exists only in policy/v1beta1, gone in 1.25; use Pod Security admission or a policy engine"]],
        );
    }

    #[test]
    fn a_target_that_is_no_version_is_refused() {
        let error = family()[0].with(&[("target".to_owned(), "35".to_owned())]).expect_err("it is refused");
        assert!(error.to_string().contains("write `1.35`"), "{error}");
    }
}
