//! What the credential may read.

use crate::{DEPLOYMENTS, NODES, PODS, READYZ, Tested, cluster};
use detek_core::Scope;
use detek_kube::Permission;
use detek_sim::{RoleRules, Rule, Sim, on_path};

#[tokio::test]
async fn permissions_are_asked_for_and_nothing_is_listed() -> Tested {
    let role = RoleRules::new(vec![Rule::read("", &["pods"]), Rule::read("apps", &["deployments"])]);
    let server = Sim::demo().allow_only(role).start().await?;
    let scope = Scope::Namespaces(vec!["shop".into(), "payments".into()]);
    let answers = cluster(&server).await?.may_list(&[PODS, NODES, DEPLOYMENTS, READYZ], &scope).await;
    let found: Vec<_> =
        answers.iter().map(|a| (a.key.name(), a.namespace.as_deref(), a.permission == Permission::Allowed)).collect();
    let expected = [
        ("pods", Some("shop"), true),
        ("pods", Some("payments"), true),
        ("nodes", None, false),
        ("deployments", Some("shop"), true),
        ("deployments", Some("payments"), true),
        ("readyz", None, true),
    ];
    assert_eq!(found, expected);
    assert!(matches!(answers[2].permission, Permission::Denied(_)));
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert!(server.requests().iter().all(|r| r.method == "POST" && r.path == reviews));
    Ok(())
}

#[tokio::test]
async fn a_review_that_fails_leaves_the_permission_unknown() -> Tested {
    let server = Sim::demo().fault(on_path("/apis/authorization.k8s.io").status(403)).start().await?;
    let answers = cluster(&server).await?.may_list(&[PODS], &Scope::Cluster).await;
    assert!(matches!(&answers[0].permission, Permission::Unknown(cause) if cause.status == Some(403)), "{answers:?}");
    Ok(())
}
