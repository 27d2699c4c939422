//! Permissions: rules as a ClusterRole holds them, and the server's words when they do not allow something.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::kinds::qualified;

/// One rule of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// API groups; `""` is the core group, `*` all.
    pub api_groups: Vec<String>,
    /// Plural names, `resource/subresource`, or `*`.
    pub resources: Vec<String>,
    /// Names that the rule is limited to; empty means all.
    pub resource_names: Vec<String>,
    /// Verbs, or `*`.
    pub verbs: Vec<String>,
    /// Paths, with `*` at the end for a prefix.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: Vec<String>,
}

/// What a user may do in the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRules(Vec<Rule>);

impl RoleRules {
    /// No permission but those that every authenticated user has: discovery, versions and access reviews.
    pub fn none() -> Self {
        Self::default()
    }

    /// Rules that hold everywhere.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Reads the `rules` of a ClusterRole in JSON.
    ///
    /// # Errors
    /// When `rules` is not a list of rules.
    pub fn from_cluster_role(role: &Value) -> Result<Self, serde_json::Error> {
        Ok(Self::new(Vec::deserialize(&role["rules"])?))
    }

    pub(crate) fn allows(&self, ask: &Access<'_>) -> bool {
        self.0.iter().any(|rule| rule.allows(ask))
    }

    pub(crate) fn allows_path(&self, path: &str) -> bool {
        const EVERYONE: [&str; 8] = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/readyz", "/version"];
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == pattern,
        };
        EVERYONE.into_iter().any(matches)
            || self.0.iter().any(|r| has(&r.verbs, "get") && r.non_resource_urls.iter().any(|p| matches(p)))
    }

    /// The `status` of a SelfSubjectRulesReview.
    pub(crate) fn review(&self) -> Value {
        let (mut resource, mut paths) = (Vec::new(), Vec::new());
        for rule in &self.0 {
            if rule.non_resource_urls.is_empty() {
                resource.push(json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources}));
            } else {
                paths.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls}));
            }
        }
        json!({"resourceRules": resource, "nonResourceRules": paths, "incomplete": false})
    }
}

impl Rule {
    /// `get` and `list` on resources of one group.
    pub fn read(group: &str, resources: &[&str]) -> Self {
        Self {
            api_groups: vec![group.into()],
            resources: resources.iter().map(|&r| r.into()).collect(),
            verbs: vec!["get".into(), "list".into()],
            ..Self::default()
        }
    }

    fn allows(&self, ask: &Access<'_>) -> bool {
        has(&self.verbs, ask.verb)
            && has(&self.api_groups, ask.group)
            && has(&self.resources, ask.resource)
            && (self.resource_names.is_empty() || ask.name.is_some_and(|n| self.resource_names.iter().any(|r| r == n)))
    }
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|x| x == "*" || x == wanted)
}

/// One thing a user wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
}

impl Access<'_> {
    /// The refusal in the words of a real server.
    pub(crate) fn refusal(&self, user: &str) -> String {
        let Access { verb, group, resource, .. } = self;
        let what = qualified(group, resource);
        let name = self.name.map(|n| format!(" \"{n}\"")).unwrap_or_default();
        let scope = match self.namespace {
            Some(ns) => format!("in the namespace \"{ns}\""),
            None => "at the cluster scope".into(),
        };
        format!(
            "{what}{name} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}"
        )
    }
}
