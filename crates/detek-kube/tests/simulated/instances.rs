//! The instances of the API server, each at its own address.

use crate::{Tested, cluster};
use detek_core::{CauseClass, Input, InputKind, InputState, Scope};
use detek_doc::{Keep, Projection};
use detek_kube::{Limits, PlannedRead, ReadOptions};
use detek_sim::{Running, Sim, Tls, on, on_path};
use serde_json::{Value, json};
use std::error::Error;

const SERVERS: InputKind = InputKind::new("kubernetes/probe/apiservers", "", "", false);

async fn probe(server: &Running, probe_loopback: bool) -> Result<Input, Box<dyn Error>> {
    let mut projection = Projection::new(SERVERS.key.as_str());
    for field in ["address", "judged", "reached", "class", "reason", "version", "checks"] {
        projection.keep(&[field], Keep::All)?;
    }
    let plan = [PlannedRead { kind: SERVERS, projection }];
    let cluster = cluster(server).await?.with_limits(Limits { probe_loopback, ..Limits::default() });
    let mut inputs = cluster.read(&plan, &Scope::Cluster, &ReadOptions::default()).await;
    Ok(inputs.pop().ok_or("no input")?)
}

fn found(input: &Input) -> Vec<Value> {
    input.seen().into_iter().flat_map(|store| store.docs().map(detek_doc::Doc::to_json).collect::<Vec<_>>()).collect()
}

/// Where no instance can be judged the input does not apply, and says why.
#[track_caller]
fn nothing_judged(input: &Input, why: &str) {
    let cause = input.cause().expect("it is not complete");
    assert_eq!((input.state(), cause.class), (InputState::Absent, CauseClass::NotConfigured), "{cause:?}");
    assert!(cause.text.contains(why), "{}", cause.text);
}

/// A cluster that announces API servers at these ports of this machine, besides its own.
fn announcing(ports: &[u16]) -> Sim {
    let slice = |port: u16| {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"namespace": "default", "name": format!("kubernetes-{port}"), "uid": format!("u{port}"),
                "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "ports": [{"name": "https", "port": port}], "endpoints": [{"addresses": ["127.0.0.1"]}]})
    };
    Sim::objects(ports.iter().map(|port| slice(*port)).collect())
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[tokio::test]
async fn instances_are_asked_without_a_credential() -> Tested {
    let server = Sim::demo().tls(Tls::Good).token("t").failing_check("etcd").start().await?;
    let input = probe(&server, true).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    let documents = found(&input);
    let address = server.address().to_string();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["address"], address.as_str());
    assert_eq!((&documents[0]["judged"], &documents[0]["version"]), (&json!(true), &json!("v1.34.1")));
    let reason = "[-]etcd failed: reason withheld";
    assert_eq!(documents[0]["checks"][0], json!({"path": "livez", "ok": false, "status": 500, "reason": reason}));
    assert_eq!(documents[0]["checks"][2]["ok"], true);
    let anonymous: Vec<String> = server.requests().into_iter().filter(|r| !r.authorized).map(|r| r.path).collect();
    assert_eq!(anonymous, ["/livez", "/readyz", "/version"]);
    Ok(())
}

#[tokio::test]
async fn an_instance_that_refuses_while_another_answers_is_judged() -> Tested {
    let closed = free_port()?;
    let another = move |slice: &mut Value| {
        if let Some(ports) = slice["ports"].as_array_mut() {
            ports.push(json!({"name": "https", "port": closed}));
        }
    };
    let server = Sim::demo().tls(Tls::Good).fault(on("endpointslices").object("kubernetes", another)).start().await?;
    let documents = found(&probe(&server, true).await?);
    let refusing = documents.iter().find(|d| d["address"] == format!("127.0.0.1:{closed}")).ok_or("no document")?;
    assert_eq!((&refusing["judged"], &refusing["reached"]), (&json!(true), &json!(false)));
    assert_eq!(refusing["class"], "refused");
    assert!(documents.iter().any(|d| d["reached"] == true && d["judged"] == true));
    Ok(())
}

#[tokio::test]
async fn addresses_that_may_be_those_of_other_machines_are_not_judged() -> Tested {
    let (stranger, closed) = (Sim::objects(Vec::new()).tls(Tls::Good).start().await?, free_port()?);
    let server = announcing(&[closed, stranger.address().port()]).tls(Tls::Good).start().await?;
    nothing_judged(&probe(&server, true).await?, "not routable from here");
    assert!(stranger.requests().is_empty());
    Ok(())
}

#[tokio::test]
async fn where_anonymous_requests_are_refused_nothing_is_judged() -> Tested {
    let server = Sim::demo().tls(Tls::Good).fault(on_path("/livez").status(401)).start().await?;
    server.add_fault(on_path("/readyz").status(401));
    server.add_fault(on_path("/version").status(403));
    nothing_judged(&probe(&server, true).await?, "anonymous requests are refused");
    Ok(())
}

#[tokio::test]
async fn addresses_of_this_machine_are_not_called() -> Tested {
    let server = Sim::demo().tls(Tls::Good).start().await?;
    nothing_judged(&probe(&server, false).await?, "addresses of this machine are not called");
    assert!(server.requests().iter().all(|request| request.authorized));
    Ok(())
}

#[tokio::test]
async fn a_cluster_without_announced_instances_has_none_to_judge() -> Tested {
    let server = Sim::objects(Vec::new()).start().await?;
    let input = probe(&server, true).await?;
    assert_eq!((input.state(), input.cause().map(|c| c.class)), (InputState::Absent, Some(CauseClass::NotServed)));
    Ok(())
}
