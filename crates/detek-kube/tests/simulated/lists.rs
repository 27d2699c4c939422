//! Lists, discovery and health checks.

use crate::{
    DEPLOYMENTS, NODES, PODS, READYZ, Tested, VERSION, WIDGETS, class, cluster, documents, faulty, plan, read_one,
};
use detek_core::{CauseClass, InputKind, InputState, Scope};
use detek_kube::{Limits, Presence, ReadOptions};
use detek_sim::{Body, Sim, discovery, group, on, on_path};
use std::{collections::BTreeSet, time::Duration};

#[tokio::test]
async fn every_input_of_the_demo_cluster_is_read_to_its_end() -> Tested {
    let server = Sim::demo().start().await?;
    let cluster = cluster(&server).await?;
    let kinds = [PODS, NODES, DEPLOYMENTS, VERSION, READYZ];
    let inputs = cluster.read(&kinds.each_ref().map(plan), &Scope::Cluster, &ReadOptions::default()).await;
    for (input, kind) in inputs.iter().zip(&kinds) {
        assert_eq!(input.key(), &kind.key);
        assert_eq!(input.state(), InputState::Complete, "{}: {:?}", input.key(), input.cause());
        assert!(!documents(input).is_empty(), "{}", input.key());
        assert_eq!(input.volume().items, documents(input).len() as u64);
    }
    assert_eq!(cluster.server(), server.url());
    assert!(cluster.now().is_some());
    assert!(!cluster.id().await.map_err(|c| c.text)?.is_empty());
    assert!(server.requests().iter().all(|r| r.method == "GET" && r.user_agent.starts_with("detek/")));
    Ok(())
}

#[tokio::test]
async fn pages_of_any_size_give_the_same_documents() -> Tested {
    let server = Sim::demo().start().await?;
    let mut all = Vec::new();
    for page_limit in [1, 7, 500] {
        let input = read_one(&server, &PODS, Limits { page_limit, ..Limits::default() }).await?;
        assert_eq!(input.state(), InputState::Complete);
        all.push(documents(&input));
    }
    assert!(all[0].len() > 7, "the demo must need pages");
    assert_eq!(all[0], all[1]);
    assert_eq!(all[1], all[2]);
    Ok(())
}

#[tokio::test]
async fn of_secrets_only_certificates_are_asked_for() -> Tested {
    let secret = |name: &str, kind: &str| {
        serde_json::json!({"apiVersion": "v1", "kind": "Secret", "type": kind,
            "metadata": {"namespace": "shop", "name": name, "uid": name}})
    };
    let server = Sim::objects(vec![secret("web-tls", "kubernetes.io/tls"), secret("token", "Opaque")]).start().await?;
    let secrets = InputKind::new("kubernetes/core/v1/secrets", "", "Secret", true);
    let input = read_one(&server, &secrets, Limits::default()).await?;
    assert_eq!((input.state(), input.volume().items), (InputState::Complete, 1));
    Ok(())
}

#[tokio::test]
async fn a_refusal_names_the_user_and_is_not_repeated() -> Tested {
    let server = Sim::demo().user("jane").fault(on("nodes").status(403)).start().await?;
    let input = read_one(&server, &NODES, Limits::default()).await?;
    assert_eq!(input.state(), InputState::Denied);
    let cause = input.cause().ok_or("no cause")?;
    assert_eq!((cause.class, cause.status, cause.attempts), (CauseClass::Forbidden, Some(403), 1));
    assert_eq!(cause.user.as_deref(), Some("jane"));
    assert!(input.seen().is_none());
    Ok(())
}

#[tokio::test]
async fn a_rejected_credential_denies_everything() -> Tested {
    let server = Sim::demo().start().await?;
    let cluster = cluster(&server).await?;
    server.require_token("another");
    let inputs = cluster.read(&[plan(&PODS)], &Scope::Cluster, &ReadOptions::default()).await;
    assert_eq!((inputs[0].state(), class(&inputs[0])), (InputState::Denied, Some(CauseClass::Auth)));
    Ok(())
}

#[tokio::test]
async fn a_short_outage_is_waited_out() -> Tested {
    let input = faulty(on("nodes").status(503).times(2), &NODES).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    Ok(())
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_page_does_not_store_it_twice() -> Tested {
    let whole = faulty(on("nodes").pass(), &PODS).await?;
    for fault in [on("pods").page(2).reset(700).times(1), on("pods").page(2).cut(700).times(1), on("pods").duplicate()]
    {
        let input = faulty(fault, &PODS).await?;
        assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
        assert_eq!(documents(&input), documents(&whole));
    }
    Ok(())
}

#[tokio::test]
async fn a_half_read_list_proves_nothing() -> Tested {
    let input = faulty(on("pods").page(2).status(500), &PODS).await?;
    assert_eq!((input.state(), class(&input)), (InputState::Partial, Some(CauseClass::Unavailable)));
    assert_eq!(input.cause().map(|c| c.attempts), Some(4));
    assert_eq!(documents(&input).len(), 5);
    assert!(input.whole().is_none());
    Ok(())
}

#[tokio::test]
async fn an_expired_list_is_read_again_or_resumed() -> Tested {
    let whole = faulty(on("nodes").pass(), &PODS).await?;
    let again = faulty(on("pods").page(2).expire(false).times(1), &PODS).await?;
    assert_eq!(again.state(), InputState::Complete, "{:?}", again.cause());
    assert!(!again.volume().resumed);
    assert_eq!(documents(&again), documents(&whole));
    let resumed = faulty(on("pods").page(2).expire(true), &PODS).await?;
    assert_eq!(resumed.state(), InputState::Complete, "{:?}", resumed.cause());
    assert!(resumed.volume().resumed);
    assert_eq!(documents(&resumed), documents(&whole));
    let lost = faulty(on("pods").page(2).expire(false), &PODS).await?;
    assert_eq!((lost.state(), class(&lost)), (InputState::Partial, Some(CauseClass::Expired)));
    Ok(())
}

#[tokio::test]
async fn paging_that_does_not_end_is_ended() -> Tested {
    for fault in [on("pods").page(2).loop_pages(), on("pods").empty_page()] {
        let input = faulty(fault, &PODS).await?;
        assert_ne!(input.state(), InputState::Complete);
        assert_eq!(class(&input), Some(CauseClass::PagingLoop));
    }
    Ok(())
}

#[tokio::test]
async fn a_login_page_is_not_kubernetes() -> Tested {
    let input = faulty(on("*").body(Body::Html), &PODS).await?;
    assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::NotKubernetes)));
    let health = faulty(on_path("/readyz").body(Body::Html), &READYZ).await?;
    assert_eq!((health.state(), class(&health)), (InputState::Error, Some(CauseClass::NotKubernetes)));
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed() -> Tested {
    let input = faulty(on("pods").redirect("http://127.0.0.1:9/"), &PODS).await?;
    assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::Redirect)));
    Ok(())
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_not_begun() -> Tested {
    let input = faulty(on("pods").status(429).header("retry-after", "3600"), &PODS).await?;
    assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::Throttled)));
    assert!(input.cause().is_some_and(|c| c.text.contains("3600 s")), "{:?}", input.cause());
    Ok(())
}

#[tokio::test]
async fn only_a_complete_discovery_proves_absence() -> Tested {
    let absent = faulty(on("nodes").pass(), &WIDGETS).await?;
    assert_eq!((absent.state(), class(&absent)), (InputState::Absent, Some(CauseClass::NotServed)));
    let gone = faulty(group("apps").without(), &DEPLOYMENTS).await?;
    assert_eq!(gone.state(), InputState::Absent);
    let stale = faulty(group("apps").stale(), &DEPLOYMENTS).await?;
    assert_eq!((stale.state(), class(&stale)), (InputState::Error, Some(CauseClass::Discovery)));
    let hidden = faulty(on_path("/apis").status(403), &WIDGETS).await?;
    assert_ne!(hidden.state(), InputState::Absent);
    let refused = faulty(on("deployments.apps").status(404), &DEPLOYMENTS).await?;
    assert_eq!((refused.state(), class(&refused)), (InputState::Error, Some(CauseClass::Discovery)));
    Ok(())
}

#[tokio::test]
async fn core_kinds_are_read_without_discovery() -> Tested {
    let input = faulty(discovery().status(403), &PODS).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    Ok(())
}

#[tokio::test]
async fn servers_without_aggregated_discovery_are_asked_group_by_group() -> Tested {
    let server = Sim::demo().version("v1.25.0").start().await?;
    let cluster = cluster(&server).await?;
    let inputs = cluster.read(&[plan(&PODS), plan(&DEPLOYMENTS)], &Scope::Cluster, &ReadOptions::default()).await;
    assert!(inputs.iter().all(|i| i.state() == InputState::Complete));
    let needed = BTreeSet::from([("apps".to_owned(), "v1".to_owned())]);
    let found = cluster.discover(&needed).await;
    assert_eq!(found.presence("apps", "v1", "deployments"), Presence::Served);
    assert_eq!(found.presence("apps", "v1", "widgets"), Presence::NotServed);
    assert!(matches!(found.presence("batch", "v1", "jobs"), Presence::Unknown(_)));
    Ok(())
}

#[tokio::test]
async fn failing_checks_are_an_answer() -> Tested {
    let server = Sim::demo().failing_check("etcd").start().await?;
    let input = read_one(&server, &READYZ, Limits::default()).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    let failing: Vec<String> = documents(&input).into_iter().filter(|d| d.contains("false")).collect();
    assert_eq!(failing, [r#"{"name":"etcd","ok":false,"reason":"reason withheld"}"#]);
    Ok(())
}

#[tokio::test]
async fn one_denied_namespace_makes_the_input_partial() -> Tested {
    let server = Sim::demo().fault(on("pods").unless_ns("kube-system").status(403)).start().await?;
    let scope = Scope::Namespaces(vec!["kube-system".into(), "default".into()]);
    let inputs = cluster(&server).await?.read(&[plan(&PODS)], &scope, &ReadOptions::default()).await;
    assert_eq!((inputs[0].state(), class(&inputs[0])), (InputState::Partial, Some(CauseClass::Forbidden)));
    assert_eq!(inputs[0].scope(), &scope);
    Ok(())
}

#[tokio::test]
async fn what_only_looks_like_a_read_is_not_sent() -> Tested {
    let server = Sim::demo().start().await?;
    let cluster = cluster(&server).await?;
    let refused = cluster.fetch("/api/v1/namespaces/default/pods/a/log").await;
    assert_eq!(refused.map(|_| ()).map_err(|c| c.class), Err(CauseClass::Internal));
    assert!(server.requests().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() -> Tested {
    let limits =
        Limits { first_byte: Duration::from_millis(100), idle: Duration::from_millis(100), ..Limits::default() };
    for fault in [on("pods").stall(), on("pods").stall_after(10)] {
        let server = Sim::demo().fault(fault).start().await?;
        let input = read_one(&server, &PODS, limits).await?;
        assert_eq!((input.state(), class(&input)), (InputState::TimedOut, Some(CauseClass::Timeout)));
        assert_eq!(input.cause().map(|c| c.attempts), Some(2));
    }
    Ok(())
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_not_read() -> Tested {
    let server = Sim::demo().fault(on("pods").body(Body::Endless)).start().await?;
    let input = read_one(&server, &PODS, Limits { body_bytes: 1 << 20, ..Limits::default() }).await?;
    assert_eq!((input.state(), class(&input)), (InputState::TooLarge, Some(CauseClass::TooLarge)));
    Ok(())
}

#[tokio::test]
async fn a_namespace_cannot_smuggle_another_path() -> Tested {
    let server = Sim::demo().start().await?;
    let scope = Scope::Namespaces(vec!["a/../../secrets?x=".into(), "a/secrets/b".into()]);
    let inputs = cluster(&server).await?.read(&[plan(&PODS)], &scope, &ReadOptions::default()).await;
    assert_eq!(inputs[0].state(), InputState::Error);
    assert!(server.requests().iter().all(|r| !r.path.contains("secrets")));
    Ok(())
}
