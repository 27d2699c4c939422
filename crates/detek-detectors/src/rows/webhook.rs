//! Webhooks: programs that the API server calls, as three kinds of objects configure them.

use detek_core::{InputKind, Kind, Subject, SubjectInput};
use detek_doc::{Certificate, Doc, RowError};
use serde::Deserialize;
use std::fmt;

/// ValidatingWebhookConfigurations.
pub(crate) struct ValidatingWebhookConfigurations;

impl Kind for ValidatingWebhookConfigurations {
    const INPUT: InputKind = InputKind::new(
        "kubernetes/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        false,
    );
    type Row<'s> = WebhookConfiguration<'s>;
}

/// MutatingWebhookConfigurations.
pub(crate) struct MutatingWebhookConfigurations;

impl Kind for MutatingWebhookConfigurations {
    const INPUT: InputKind = InputKind::new(
        "kubernetes/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        false,
    );
    type Row<'s> = WebhookConfiguration<'s>;
}

/// CustomResourceDefinitions, of which only the conversion is read.
pub(crate) struct CustomResourceDefinitions;

impl Kind for CustomResourceDefinitions {
    const INPUT: InputKind = InputKind::new(
        "kubernetes/apiextensions.k8s.io/v1/customresourcedefinitions",
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        false,
    );
    type Row<'s> = CustomResourceDefinition<'s>;
}

/// Subjects that are webhook configurations of both kinds.
pub(crate) struct WebhookConfigurations;

impl Subject for WebhookConfigurations {
    type Row<'s> = WebhookConfiguration<'s>;

    fn inputs() -> Vec<SubjectInput> {
        ValidatingWebhookConfigurations::inputs().into_iter().chain(MutatingWebhookConfigurations::inputs()).collect()
    }

    fn read(_: usize, doc: Doc<'_>) -> Result<Self::Row<'_>, RowError> {
        doc.read()
    }
}

/// Subjects that have webhook clients: configurations of both kinds, and definitions with a conversion.
pub(crate) struct WebhookClients;

impl Subject for WebhookClients {
    /// Each client with the name of its webhook.
    type Row<'s> = Vec<(&'s str, WebhookClient<'s>)>;

    fn inputs() -> Vec<SubjectInput> {
        WebhookConfigurations::inputs().into_iter().chain(CustomResourceDefinitions::inputs()).collect()
    }

    fn read(input: usize, doc: Doc<'_>) -> Result<Self::Row<'_>, RowError> {
        if input < WebhookConfigurations::inputs().len() {
            let configuration: WebhookConfiguration<'_> = doc.read()?;
            Ok(configuration.webhooks.into_iter().map(|webhook| (webhook.name, webhook.client_config)).collect())
        } else {
            let definition: CustomResourceDefinition<'_> = doc.read()?;
            let client = definition.spec.conversion.webhook.and_then(|webhook| webhook.client_config);
            Ok(client.map(|client| ("conversion", client)).into_iter().collect())
        }
    }
}

/// A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct WebhookConfiguration<'s> {
    #[serde(borrow)]
    pub(crate) webhooks: Vec<Webhook<'s>>,
}

/// One of `webhooks`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Webhook<'s> {
    pub(crate) name: &'s str,
    failure_policy: Option<&'s str>,
    #[serde(borrow)]
    rules: Vec<WebhookRule<'s>>,
    #[serde(borrow)]
    pub(crate) client_config: WebhookClient<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WebhookRule<'s> {
    #[serde(borrow)]
    api_groups: Vec<&'s str>,
    #[serde(borrow)]
    resources: Vec<&'s str>,
}

/// `clientConfig`: whom the API server calls, and whose certificates it trusts for it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WebhookClient<'s> {
    #[serde(borrow)]
    pub(crate) service: Option<ServiceName<'s>>,
    #[serde(borrow)]
    pub(crate) ca_bundle: Vec<Certificate<'s>>,
}

/// A Service in any namespace.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(default)]
pub(crate) struct ServiceName<'s> {
    pub(crate) namespace: &'s str,
    pub(crate) name: &'s str,
}

/// A CustomResourceDefinition.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct CustomResourceDefinition<'s> {
    #[serde(borrow)]
    spec: DefinitionSpec<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DefinitionSpec<'s> {
    #[serde(borrow)]
    conversion: Conversion<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Conversion<'s> {
    #[serde(borrow)]
    webhook: Option<ConversionWebhook<'s>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ConversionWebhook<'s> {
    #[serde(borrow)]
    client_config: Option<WebhookClient<'s>>,
}

/// `payments/hook`.
impl fmt::Display for ServiceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Webhook<'_> {
    /// Whether a request is refused if it cannot be called.
    pub(crate) fn fails_closed(&self) -> bool {
        self.failure_policy.unwrap_or("Fail") == "Fail"
    }

    /// Whether it is asked about pods or nodes. Its selectors are not considered: they follow labels, which change.
    pub(crate) fn covers_pods_or_nodes(&self) -> bool {
        self.rules.iter().any(|rule| {
            rule.api_groups.iter().any(|group| matches!(*group, "" | "*"))
                && rule.resources.iter().any(|resource| matches!(*resource, "pods" | "nodes" | "*" | "*/*"))
        })
    }
}
