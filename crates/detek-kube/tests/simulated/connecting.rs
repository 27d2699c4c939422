//! Kubeconfigs, ports and certificates.

use crate::{PODS, READYZ, Tested, class, plan, read_one};
use detek_core::{CauseClass, InputState, Scope, Stage};
use detek_kube::{Cluster, ConnectError, ConnectOptions, Limits, ReadOptions};
use detek_sim::{Sim, Tls};

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() -> Tested {
    let server = Sim::demo().start().await?;
    let config = server.kubeconfig();
    drop(server);
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let old = config.split("server: http://127.0.0.1:").nth(1).and_then(|rest| rest.lines().next()).ok_or("no port")?;
    let config = config.replace(&format!(":{old}\n"), &format!(":{port}\n"));
    let cluster = Cluster::from_kubeconfig_text(&config, None).await?;
    let inputs = cluster.read(&[plan(&PODS), plan(&READYZ)], &Scope::Cluster, &ReadOptions::default()).await;
    for input in &inputs {
        assert_eq!(
            (input.state(), class(input)),
            (InputState::Error, Some(CauseClass::Refused)),
            "{:?}",
            input.cause()
        );
        assert_eq!(input.cause().map(|c| c.stage), Some(Stage::Connect));
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_kubeconfig_says_what_is_wrong_with_it() -> Tested {
    let server = Sim::demo().start().await?;
    let text = |made: Result<Cluster, ConnectError>| made.err().map(|e| e.to_string()).unwrap_or_default();
    let context = text(Cluster::from_kubeconfig_text(&server.kubeconfig(), Some("prod")).await);
    assert_eq!(context, "no context \"prod\" in the kubeconfig; its contexts are: sim");
    let yaml = text(Cluster::from_kubeconfig_text("apiVersion: v1\nclusters: [\n", None).await);
    assert!(yaml.starts_with("cannot parse kubeconfig, line "), "{yaml}");
    let quoted = text(Cluster::from_kubeconfig_text("apiVersion: v1\nusers: s3cret-token\n", None).await);
    assert!(quoted.starts_with("cannot parse kubeconfig") && !quoted.contains("s3cret"), "{quoted}");
    let plain = server.kubeconfig().replace("127.0.0.1", "cluster.test");
    let plain = text(Cluster::from_kubeconfig_text(&plain, None).await);
    assert!(plain.ends_with("would be sent unencrypted; use https"), "{plain}");
    let options = ConnectOptions { kubeconfig: Some("/nonexistent/config".into()), ..ConnectOptions::default() };
    let missing = text(Cluster::connect(&options).await);
    assert!(missing.starts_with("cannot read /nonexistent/config: "), "{missing}");
    Ok(())
}

#[tokio::test]
async fn only_a_certificate_that_holds_is_trusted() -> Tested {
    for tls in [Tls::Good, Tls::RequireClientCert] {
        let server = Sim::demo().tls(tls).start().await?;
        let input = read_one(&server, &PODS, Limits::default()).await?;
        assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    }
    let broken = [
        (Tls::Expired, "the server's certificate expired at "),
        (Tls::NotYetValid, "the server's certificate is not valid before "),
        (
            Tls::UnknownIssuer,
            "the server's certificate is signed by an unknown authority; it was checked against the certificate authority of the kubeconfig",
        ),
        (Tls::WrongName, "the server's certificate is for "),
        (Tls::NotTls, "the server answered in plain text"),
        (Tls::OldProtocol, "the server speaks neither TLS 1.2 nor 1.3"),
    ];
    for (tls, words) in broken {
        let server = Sim::demo().tls(tls).start().await?;
        let input = read_one(&server, &PODS, Limits::default()).await?;
        assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::Tls)), "{:?}", input.cause());
        assert_eq!(input.cause().map(|c| (c.stage, c.attempts)), Some((Stage::Connect, 1)));
        assert!(input.cause().is_some_and(|c| c.text.starts_with(words)), "{:?}", input.cause());
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_says_so() -> Tested {
    let server = Sim::demo().tls(Tls::RequireClientCert).start().await?;
    let config: String =
        server.kubeconfig().lines().filter(|l| !l.contains("client-")).flat_map(|l| [l, "\n"]).collect();
    let cluster = Cluster::from_kubeconfig_text(&format!("{config}    token: t\n"), None).await?;
    let inputs = cluster.read(&[plan(&PODS)], &Scope::Cluster, &ReadOptions::default()).await;
    assert_eq!(class(&inputs[0]), Some(CauseClass::Tls), "{:?}", inputs[0].cause());
    let text = inputs[0].cause().map(|cause| cause.text.clone()).unwrap_or_default();
    assert!(text.starts_with("the server wants a client certificate, and there is none"), "{text}");
    Ok(())
}
