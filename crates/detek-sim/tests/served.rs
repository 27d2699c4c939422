//! What a client sees of a simulated server, over a plain socket.

use detek_sim::{Body, RoleRules, Rule, Running, Sim, Size, group, on};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status, headers in lower case, and body of one request; an error if the connection broke before its end.
async fn fetch(server: &Running, method: &str, path: &str, headers: &str) -> std::io::Result<(u16, String, Vec<u8>)> {
    let mut tcp = TcpStream::connect(server.address()).await?;
    tcp.write_all(format!("{method} {path} HTTP/1.0\r\nHost: sim\r\n{headers}\r\n").as_bytes()).await?;
    let mut raw = Vec::new();
    tcp.read_to_end(&mut raw).await?;
    let split = raw.windows(4).position(|w| w == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&raw[..split]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
    Ok((status, head, raw[split + 4..].to_vec()))
}

async fn get(server: &Running, path: &str) -> (u16, Value) {
    let (status, _, body) = fetch(server, "GET", path, "").await.expect("a whole answer");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// The names of a list read page by page.
async fn names(server: &Running, path: &str, limit: usize) -> Vec<String> {
    let (mut out, mut token) = (Vec::new(), String::new());
    loop {
        let (status, page) = get(server, &format!("{path}?limit={limit}&continue={token}")).await;
        assert_eq!(status, 200);
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= limit);
        out.extend(items.iter().map(|i| format!("{}/{}", i["metadata"]["namespace"], i["metadata"]["name"])));
        match page["metadata"]["continue"].as_str() {
            Some(next) => token = next.into(),
            None => return out,
        }
    }
}

#[tokio::test]
async fn paging_returns_each_object_once_whatever_the_limit() {
    let server = Sim::demo().start().await.unwrap();
    let all = names(&server, "/api/v1/pods", 500).await;
    assert!(all.is_sorted() && all.len() > 30);
    assert_eq!(names(&server, "/api/v1/pods", 1).await, all);
    assert_eq!(names(&server, "/api/v1/pods", 7).await, all);
}

#[tokio::test]
async fn refusals_are_worded_as_by_a_real_server() {
    let role = RoleRules::new(vec![Rule::read("", &["nodes"])]);
    let server = Sim::demo().user("ops:ci").allow_only(role).start().await.unwrap();
    let (status, body) = get(&server, "/api/v1/pods?limit=500").await;
    assert_eq!(status, 403);
    assert_eq!(
        body["message"],
        "pods is forbidden: User \"ops:ci\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
    );
    assert_eq!(body["details"], json!({"kind": "pods"}));
    let (_, body) = get(&server, "/apis/apps/v1/namespaces/shop/deployments/cart").await;
    assert_eq!(
        body["message"],
        "deployments.apps \"cart\" is forbidden: User \"ops:ci\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"shop\""
    );
    assert_eq!(get(&server, "/api/v1/nodes").await.0, 200);
}

#[tokio::test]
async fn slices_refer_to_pods_that_exist_but_for_the_stale_one() {
    let server = Sim::demo().start().await.unwrap();
    let (_, pods) = get(&server, "/api/v1/pods").await;
    let uids: Vec<&Value> = pods["items"].as_array().unwrap().iter().map(|p| &p["metadata"]["uid"]).collect();
    let (_, slices) = get(&server, "/apis/discovery.k8s.io/v1/endpointslices").await;
    let missing: Vec<&Value> = slices["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|s| s["endpoints"].as_array().unwrap())
        .filter(|e| !uids.contains(&&e["targetRef"]["uid"]))
        .map(|e| &e["targetRef"]["name"])
        .collect();
    assert_eq!(missing, ["mailer-5f7c8d9b4-x2k7q"]);
}

#[tokio::test]
async fn scripted_statuses_hit_the_attempts_they_name_and_are_logged() {
    let fault = on("pods").attempt(1..=2).status(503).header("retry-after", "1");
    let server = Sim::demo().fault(fault).start().await.unwrap();
    for want in [503, 503, 200] {
        let (status, head, _) = fetch(&server, "GET", "/api/v1/pods?limit=5", "").await.unwrap();
        assert_eq!(status, want);
        assert_eq!(head.contains("retry-after: 1"), want == 503);
    }
    let log: Vec<_> = server.requests().iter().map(|r| (r.attempt, r.status)).collect();
    assert_eq!(log, [(1, 503), (2, 503), (3, 200)]);
}

#[tokio::test]
async fn a_reset_comes_after_exactly_the_bytes_it_names() {
    for bytes in [0, 1, 40, 900] {
        let server = Sim::demo().fault(on("pods").reset(bytes)).start().await.unwrap();
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(b"GET /api/v1/pods HTTP/1.1\r\nHost: sim\r\n\r\n").await.unwrap();
        let mut raw = Vec::new();
        let end = tcp.read_to_end(&mut raw).await;
        assert_eq!(end.map_err(|e| e.kind()), Err(std::io::ErrorKind::ConnectionReset));
        assert_eq!(raw.len() as u64, bytes);
    }
}

#[tokio::test]
async fn an_expired_token_can_be_exchanged() {
    let server = Sim::demo().fault(on("pods").page(2).expire(true)).start().await.unwrap();
    let (_, first) = get(&server, "/api/v1/pods?limit=5").await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (status, body) = get(&server, &format!("/api/v1/pods?limit=5&continue={token}")).await;
    assert_eq!((status, &body["reason"]), (410, &json!("Expired")));
    let fresh = body["metadata"]["continue"].as_str().unwrap();
    let (status, page) = get(&server, &format!("/api/v1/pods?limit=5&continue={fresh}")).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 5));
}

#[tokio::test]
async fn a_stale_group_is_named_without_resources_and_refuses() {
    let server = Sim::demo().fault(group("metrics.k8s.io").stale()).start().await.unwrap();
    let accept = "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json\r\n";
    let (_, head, body) = fetch(&server, "GET", "/apis", accept).await.unwrap();
    assert!(head.contains("as=apigroupdiscoverylist"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let metrics = body["items"].as_array().unwrap().iter().find(|i| i["metadata"]["name"] == "metrics.k8s.io").unwrap();
    assert_eq!(metrics["versions"][0]["freshness"], "Stale");
    assert_eq!(fetch(&server, "GET", "/apis/metrics.k8s.io/v1beta1", "").await.unwrap().0, 503);
    assert_eq!(get(&server, "/apis/metrics.k8s.io/v1beta1/pods").await.0, 503);
}

#[tokio::test]
async fn bodies_can_be_cut_replaced_repeated_or_changed() {
    let server = Sim::demo()
        .fault(on("nodes").cut(100))
        .fault(on("secrets").body(Body::Html))
        .fault(on("services").unpaged())
        .fault(on("jobs").duplicate())
        .fault(on("namespaces").object("shop", |o| o["metadata"]["labels"] = Value::Null))
        .start()
        .await
        .unwrap();
    assert_eq!(fetch(&server, "GET", "/api/v1/nodes", "").await.unwrap().2.len(), 100);
    assert!(fetch(&server, "GET", "/api/v1/secrets", "").await.unwrap().1.contains("text/html"));
    assert!(get(&server, "/api/v1/services?limit=2").await.1["items"].as_array().unwrap().len() > 10);
    assert_eq!(get(&server, "/apis/batch/v1/jobs").await.1["items"].as_array().unwrap().len(), 3);
    let (_, spaces) = get(&server, "/api/v1/namespaces").await;
    let changed: Vec<_> =
        spaces["items"].as_array().unwrap().iter().filter(|n| n["metadata"]["labels"].is_null()).collect();
    assert_eq!(changed.len(), 1);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_objects() {
    let at = "2026-11-25T06:00:00Z".parse().unwrap();
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let server = Sim::demo().seed(7).date(at).start().await.unwrap();
        bodies.push(fetch(&server, "GET", "/api/v1/pods", "").await.unwrap().2);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let server = Sim::demo().start().await.unwrap();
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(fetch(&server, method, "/api/v1/namespaces/shop/pods", "").await.unwrap().0, 405);
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn health_checks_name_the_one_that_fails() {
    let server = Sim::demo().failing_check("etcd").start().await.unwrap();
    let (status, _, body) = fetch(&server, "GET", "/readyz?verbose", "").await.unwrap();
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, 500);
    assert!(
        text.contains("[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n")
            && text.ends_with("readyz check failed\n")
    );
}

#[tokio::test]
async fn a_generated_cluster_is_sorted_consistent_and_whole() {
    let server = Sim::cluster(Size { pods: 1_003, replicas: 10, revisions: 3 }).start().await.unwrap();
    let all = names(&server, "/api/v1/pods", 500).await;
    assert!(all.is_sorted());
    assert_eq!(all.len(), 1_003);
    assert_eq!(names(&server, "/api/v1/pods", 7).await, all);
    for path in ["/apis/apps/v1/replicasets", "/apis/apps/v1/deployments", "/api/v1/services", "/api/v1/namespaces"] {
        assert!(names(&server, path, 100).await.is_sorted(), "{path}");
    }
    let (_, slices) = get(&server, "/apis/discovery.k8s.io/v1/endpointslices").await;
    let targets: Vec<String> = slices["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|s| s["endpoints"].as_array().unwrap())
        .map(|e| format!("{}/{}", e["targetRef"]["namespace"], e["targetRef"]["name"]))
        .collect();
    assert_eq!(targets, all);
    let (_, some) = get(&server, "/api/v1/namespaces/payments-prod/pods").await;
    let name = some["items"][3]["metadata"]["name"].as_str().unwrap();
    let (status, pod) = get(&server, &format!("/api/v1/namespaces/payments-prod/pods/{name}")).await;
    assert_eq!((status, &pod["kind"], &pod["metadata"]["name"]), (200, &json!("Pod"), &json!(name)));
    let size = fetch(&server, "GET", "/api/v1/pods", "").await.unwrap().2.len() / 1_003;
    assert!((9_000..15_000).contains(&size), "{size} bytes a pod");
}

#[tokio::test]
async fn a_request_that_was_given_up_is_not_open_any_more() {
    let server = Sim::demo().fault(on("pods").stall()).fault(on("nodes").reset(0)).start().await.unwrap();
    for _ in 0..3 {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(b"GET /api/v1/pods HTTP/1.1\r\nHost: sim\r\n\r\n").await.unwrap();
        tcp.shutdown().await.unwrap();
        // The server ends the connection when it has noticed.
        assert_eq!(tcp.read_to_end(&mut Vec::new()).await.unwrap(), 0);
        let _ = fetch(&server, "GET", "/api/v1/nodes", "").await;
    }
    get(&server, "/api/v1/services").await;
    assert_eq!((server.requests().len(), server.peak_concurrency()), (7, 1));
}
