//! Each instance of the API server, asked for its health at its own address.
//!
//! The addresses come from the cluster, so nothing goes to them but three anonymous `GET`s, over TLS that is verified
//! against the cluster's own certificate authority. From here the addresses may not be routable, or may be those of other
//! machines: an instance is judged only as far as the answers prove that we are in the cluster's network.

use crate::{
    Answer, Limits,
    connect::login::Login,
    read::{Documents, Reading, health},
    transport::{Transport, failure::Route, request::Ask},
};
use detek_core::{Cause, CauseClass, Stage};
use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::task::JoinSet;

const SLICES: &str =
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=kubernetes";
const ENDPOINTS: &str = "/api/v1/namespaces/default/endpoints/kubernetes";
/// The name in every API server's certificate.
const NAME: &str = "kubernetes.default.svc";
/// For each connection, for the first byte of each answer, and between its parts.
const PATIENCE: Duration = Duration::from_secs(5);
/// For each answer, whole.
const WHOLE: Duration = Duration::from_secs(10);
/// Addresses that may be named; no control plane has as many instances.
const MOST: usize = 32;

/// How instances are called: as the cluster is, but by their addresses and without a credential.
pub(crate) struct Way {
    config: Result<kube::Config, &'static str>,
    /// The host of the cluster's address, and its port.
    through: (String, u16),
}

impl Way {
    pub(crate) fn of(cluster: &kube::Config) -> Self {
        let host = cluster.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let through = (host, cluster.cluster_url.port_u16().unwrap_or(443));
        let config = match (&cluster.root_cert, cluster.cluster_url.scheme_str()) {
            (_, Some("http")) => Err("the cluster is read over plain http"),
            (None, _) => Err("the kubeconfig names no certificate authority of the cluster"),
            (Some(roots), _) => {
                let mut config = kube::Config::new(cluster.cluster_url.clone());
                config.root_cert = Some(roots.clone());
                config.proxy_url.clone_from(&cluster.proxy_url);
                config.tls_server_name = Some(NAME.to_owned());
                config.connect_timeout = Some(PATIENCE);
                (config.read_timeout, config.write_timeout) = (None, None);
                config.default_retry = false;
                Ok(config)
            }
        };
        Way { config, through }
    }

    /// A transport of its own for one address: nothing that identifies us can be on it.
    fn to(&self, address: SocketAddr, agent: HeaderValue) -> Result<Transport, Cause> {
        let unusable = |text: &str| Cause::new(CauseClass::NotConfigured, Stage::Config, text);
        let mut config = self.config.clone().map_err(unusable)?;
        config.cluster_url = format!("https://{address}").parse().map_err(|_| unusable("no address"))?;
        let login = Login::new(config).map_err(|why| unusable(&why.to_string()))?;
        let limits = Limits {
            first_byte: PATIENCE,
            idle: PATIENCE,
            page: WHOLE,
            body_bytes: 64 << 10,
            gzip: Some(false),
            ..Limits::default()
        };
        let route = Route { trust: "the certificate authority of the cluster".to_owned(), ..Route::default() };
        Ok(Transport::new(Arc::new(login), route, agent, None).with_limits(limits))
    }

    /// The addresses that the cluster's own name stands for.
    async fn own(&self) -> Vec<IpAddr> {
        let (host, port) = (self.through.0.as_str(), self.through.1);
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
        found.ok().and_then(Result::ok).into_iter().flatten().map(|address| address.ip().to_canonical()).collect()
    }
}

/// What one address gave.
struct Outcome {
    address: SocketAddr,
    /// Whether an API server of this cluster is there: its certificate was verified.
    reached: bool,
    checks: Vec<Value>,
    version: Option<String>,
    /// Why there are no checks, or not all of them.
    cause: Option<Cause>,
}

/// One document for each instance: `{address, judged, reached, class, reason, version, checks: [{path, ok, status,
/// reason}]}`. `class` and `reason` say why it was not reached, or not judged.
pub(crate) async fn servers(reading: &Reading) -> Result<Documents, Cause> {
    let (addresses, bytes) = addresses(reading).await?;
    let Some(way) = reading.transport.way() else {
        return Err(Cause::new(CauseClass::Internal, Stage::Config, "no way leads to single instances"));
    };
    let (own, outcomes) = reading
        .options
        .bound(async {
            let mut calls = JoinSet::new();
            for address in addresses {
                let refused = not_called(address.ip(), reading.transport.limits.probe_loopback);
                let transport = match refused {
                    Some(why) => Err(Cause::new(CauseClass::NotConfigured, Stage::Config, why)),
                    None => way.to(address, reading.transport.agent().clone()),
                };
                calls.spawn(call(address, transport));
            }
            let own = way.own().await;
            let mut outcomes = calls.join_all().await;
            outcomes.sort_by_key(|outcome| outcome.address);
            Ok((own, outcomes))
        })
        .await
        .map_err(|failure| failure.cause)?;
    let proxied = way.config.as_ref().is_ok_and(|config| config.proxy_url.is_some());
    let verdicts: Vec<_> = outcomes.iter().map(|outcome| judged(outcome, &outcomes, &own, proxied)).collect();
    if let Some(Err(why)) = verdicts.first().filter(|_| verdicts.iter().all(Result::is_err)) {
        let text = format!("no instance can be judged from here: {why}");
        return Err(Cause::new(CauseClass::NotConfigured, Stage::Connect, &text));
    }
    let documents = outcomes.iter().zip(verdicts).map(|(outcome, verdict)| document(outcome, verdict));
    Ok((documents.collect(), bytes))
}

/// The addresses of the Service `kubernetes`, and the bytes of the answers that named them.
async fn addresses(reading: &Reading) -> Result<(BTreeSet<SocketAddr>, u64), Cause> {
    let failed = match reading.fetch(Ask::json(SLICES)).await {
        Ok(answer) => return some(decode::<Slices>(&answer)?.addresses(), &answer),
        Err(failure) if failure.cause.class == CauseClass::NotServed => None,
        Err(failure) => Some(failure.cause),
    };
    match reading.fetch(Ask::json(ENDPOINTS)).await {
        Ok(answer) => some(decode::<Endpoints>(&answer)?.addresses(), &answer),
        Err(failure) => Err(failed.unwrap_or(failure.cause)),
    }
}

fn some(found: BTreeSet<SocketAddr>, answer: &Answer) -> Result<(BTreeSet<SocketAddr>, u64), Cause> {
    if found.is_empty() {
        let text = "the Service kubernetes names no address of an API server";
        return Err(Cause::new(CauseClass::NotServed, Stage::Discovery, text));
    }
    if found.len() > MOST {
        let text = format!("the Service kubernetes names more than {MOST} addresses of API servers");
        return Err(Cause::new(CauseClass::TooLarge, Stage::Discovery, &text));
    }
    Ok((found, answer.body.len() as u64))
}

fn decode<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Cause> {
    let text = "the addresses of the Service kubernetes cannot be read";
    serde_json::from_slice(&answer.body).map_err(|_| Cause::new(CauseClass::BadBody, Stage::Decode, text))
}

/// Why an address is never called. That of this machine, or one that only this machine's cloud answers, is none of a
/// cluster that has named it.
fn not_called(address: IpAddr, loopback: bool) -> Option<&'static str> {
    const METADATA: [IpAddr; 2] =
        [IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254))];
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    if address.is_loopback() && !loopback {
        Some("addresses of this machine are not called")
    } else if local || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address) {
        Some("local addresses are not called")
    } else {
        None
    }
}

async fn call(address: SocketAddr, transport: Result<Transport, Cause>) -> Outcome {
    let mut outcome = Outcome { address, reached: false, checks: Vec::new(), version: None, cause: None };
    let transport = match transport {
        Ok(transport) => transport,
        Err(cause) => {
            outcome.cause = Some(cause);
            return outcome;
        }
    };
    for path in ["livez", "readyz", "version"] {
        let asked = format!("/{path}");
        let ask = if path == "version" { Ask::json(&asked) } else { Ask::health(&asked) };
        match transport.try_once(ask).await {
            Ok(answer) => {
                outcome.reached = true;
                if path == "version" {
                    outcome.version = version(&answer);
                }
                outcome.checks.push(check(path, &answer));
            }
            Err(failure) => {
                let cause = failure.cause;
                outcome.reached |= cause.stage != Stage::Connect;
                let refused = matches!(cause.class, CauseClass::Auth | CauseClass::Forbidden);
                if outcome.reached && !refused {
                    outcome
                        .checks
                        .push(json!({"path": path, "ok": false, "status": cause.status, "reason": cause.text}));
                }
                let answered = cause.status.is_some();
                outcome.cause = Some(cause);
                if !answered {
                    break;
                }
            }
        }
    }
    outcome
}

fn check(path: &str, answer: &Answer) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    let failing: Vec<&str> = text.lines().filter(|line| line.starts_with("[-]")).collect();
    let known = path == "version" || health::checks(path, &text).is_some();
    let reason = if known { failing.join("; ") } else { answer.not_kubernetes().text };
    let ok = known && answer.status == 200;
    json!({"path": path, "ok": ok, "status": answer.status, "reason": detek_core::clip(&reason, 300)})
}

fn version(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(detek_core::clip(body["gitVersion"].as_str()?, 40))
}

/// Whether an outcome says something of the instance: the reason if it does not.
fn judged(outcome: &Outcome, all: &[Outcome], own: &[IpAddr], proxied: bool) -> Result<(), String> {
    let Some(cause) = &outcome.cause else { return Ok(()) };
    if outcome.reached {
        let refused = outcome.checks.is_empty();
        return if refused { Err(format!("anonymous requests are refused: {}", cause.text)) } else { Ok(()) };
    }
    // Another instance answered with a certificate of this cluster: so this one could, too, if it were well.
    let mut others = all.iter().filter(|other| other.reached && other.address != outcome.address);
    let proven = match cause.class {
        CauseClass::NotConfigured => return Err(cause.text.clone()),
        _ if proxied => return Err(format!("the proxy did not reach it: {}", cause.text)),
        CauseClass::Refused | CauseClass::Tls | CauseClass::Unavailable => others.next().is_some(),
        // The address that we came through may be the only one that is routed to here.
        _ => others.any(|other| !own.contains(&other.address.ip().to_canonical())),
    };
    if proven { Ok(()) } else { Err(format!("not routable from here: {}", cause.text)) }
}

fn document(outcome: &Outcome, judged: Result<(), String>) -> Value {
    let mut document = json!({"address": outcome.address.to_string(), "reached": outcome.reached,
        "judged": judged.is_ok(), "checks": outcome.checks});
    if let Some(version) = &outcome.version {
        document["version"] = version.as_str().into();
    }
    if let Some(cause) = &outcome.cause {
        document["class"] = cause.class.name().into();
        document["reason"] = judged.err().unwrap_or_else(|| cause.text.clone()).into();
    }
    document
}

#[derive(Deserialize)]
struct Slices {
    items: Vec<Slice>,
}

#[derive(Deserialize)]
struct Slice {
    #[serde(default)]
    endpoints: Option<Vec<Endpoint>>,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(default)]
    addresses: Vec<String>,
}

#[derive(Deserialize)]
struct Endpoints {
    #[serde(default)]
    subsets: Option<Vec<Subset>>,
}

#[derive(Deserialize)]
struct Subset {
    #[serde(default)]
    addresses: Vec<Host>,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
struct Host {
    ip: String,
}

#[derive(Deserialize)]
struct Port {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    port: Option<u16>,
}

impl Slices {
    fn addresses(&self) -> BTreeSet<SocketAddr> {
        let mut found = BTreeSet::new();
        for slice in &self.items {
            let hosts = slice.endpoints.iter().flatten().flat_map(|endpoint| &endpoint.addresses);
            add(&mut found, hosts, slice.ports.as_deref());
        }
        found
    }
}

impl Endpoints {
    fn addresses(&self) -> BTreeSet<SocketAddr> {
        let mut found = BTreeSet::new();
        for subset in self.subsets.iter().flatten() {
            add(&mut found, subset.addresses.iter().map(|host| &host.ip), subset.ports.as_deref());
        }
        found
    }
}

/// Adds every address with the port `https`, or with all ports if none is called so, until there are more than [`MOST`].
/// What is no address is left out: names are never resolved.
fn add<'a>(found: &mut BTreeSet<SocketAddr>, hosts: impl Iterator<Item = &'a String>, ports: Option<&[Port]>) {
    let ports = ports.unwrap_or_default();
    let https = |port: &&Port| port.name.as_deref() == Some("https");
    let any = !ports.iter().any(|port| https(&port));
    // Each once: a million hosts with a million ports are a hostile answer of a few megabytes.
    let ports: BTreeSet<u16> = ports.iter().filter(|port| any || https(port)).filter_map(|port| port.port).collect();
    let hosts: BTreeSet<IpAddr> = hosts.filter_map(|host| host.parse().ok()).collect();
    for address in hosts.iter().flat_map(|ip| ports.iter().map(move |port| SocketAddr::new(*ip, *port))) {
        if found.len() > MOST {
            return;
        }
        found.insert(address);
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Outcome, Port, add, judged, not_called};
    use detek_core::{Cause, CauseClass, Stage};
    use std::{collections::BTreeSet, net::IpAddr};

    fn outcome(address: &str, class: Option<CauseClass>) -> Outcome {
        Outcome {
            address: address.parse().expect("an address"),
            reached: class.is_none(),
            checks: Vec::new(),
            version: None,
            cause: class.map(|class| Cause::new(class, Stage::Connect, "it failed")),
        }
    }

    #[test]
    fn an_instance_is_judged_only_where_its_network_is_proven() {
        use CauseClass::{Refused, Tls, Unreachable};
        let own: Vec<IpAddr> = vec!["203.0.113.1".parse().expect("an address")];
        let table = [
            // Another instance answers at its own address.
            (Some(Unreachable), "10.0.0.2:6443", None, true),
            (Some(Refused), "10.0.0.2:6443", None, true),
            (Some(Tls), "10.0.0.2:6443", None, true),
            // Only the one that we came through does.
            (Some(Unreachable), "203.0.113.1:6443", None, false),
            (Some(Refused), "203.0.113.1:6443", None, true),
            // None does: a load balancer or a tunnel lies between.
            (Some(Unreachable), "10.0.0.2:6443", Some(Unreachable), false),
            (Some(Refused), "10.0.0.2:6443", Some(Unreachable), false),
            (Some(Tls), "10.0.0.2:6443", Some(Tls), false),
        ];
        for (class, other, others, expected) in table {
            let all = [outcome("10.0.0.1:6443", class), outcome(other, others)];
            assert_eq!(judged(&all[0], &all, &own, false).is_ok(), expected, "{class:?}, {other} {others:?}");
            assert!(judged(&all[0], &all, &own, true).is_err(), "a proxy answers for its own network");
        }
    }

    #[test]
    fn local_addresses_are_never_called() {
        for address in ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0", "::"] {
            assert!(not_called(address.parse().expect("an address"), false).is_some(), "{address}");
        }
        for address in ["224.0.0.1", "255.255.255.255", "100.100.100.200", "fd00:ec2::254", "::ffff:127.0.0.1"] {
            assert!(not_called(address.parse().expect("an address"), false).is_some(), "{address}");
        }
        for address in ["10.0.0.1", "192.168.1.1", "203.0.113.1", "fd00::1", "2001:db8::1"] {
            assert_eq!(not_called(address.parse().expect("an address"), false), None, "{address}");
        }
    }

    #[test]
    fn names_are_not_resolved_and_many_addresses_are_not_gathered() {
        let ports: Vec<Port> = (0..u16::MAX).map(|port| Port { name: None, port: Some(port) }).collect();
        let mut found = BTreeSet::new();
        add(&mut found, ["api.example.com".to_owned()].iter(), Some(&ports));
        assert!(found.is_empty());
        let hosts: Vec<String> = (0..u16::MAX).map(|n| format!("10.0.{}.{}", n >> 8, n & 255)).collect();
        add(&mut found, hosts.iter(), Some(&ports));
        assert_eq!(found.len(), MOST + 1);
    }
}
