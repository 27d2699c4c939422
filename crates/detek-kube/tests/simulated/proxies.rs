//! Proxies on the way to the cluster.

use crate::{PODS, Tested, class, plan};
use detek_core::{CauseClass, Input, InputState, Scope, Stage};
use detek_kube::{Cluster, ReadOptions};
use detek_sim::{Running, Sim, Tls};
use std::{error::Error, io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

async fn read_by(server: &Running, proxy: &str) -> Result<Input, Box<dyn Error>> {
    let config = server.kubeconfig().replace("    server:", &format!("    proxy-url: {proxy}\n    server:"));
    let cluster = Cluster::from_kubeconfig_text(&config, None).await?;
    assert_eq!(cluster.target().proxy.as_deref(), Some(proxy));
    let mut inputs = cluster.read(&[plan(&PODS)], &Scope::Cluster, &ReadOptions::default()).await;
    Ok(inputs.pop().ok_or("no input")?)
}

/// A proxy that answers every `CONNECT` with this line, and opens the tunnel if that is a 200.
async fn tunnels(line: &'static str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(tunnel(client, line));
        }
    });
    Ok(address)
}

async fn tunnel(mut client: TcpStream, line: &str) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    client.write_all(format!("HTTP/1.1 {line}\r\n\r\n").as_bytes()).await?;
    if line.starts_with("200") {
        let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap_or_default()).await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_cluster_is_read_through_a_tunnel() -> Tested {
    let server = Sim::demo().tls(Tls::Good).start().await?;
    let input = read_by(&server, &format!("http://{}", tunnels("200 OK").await?)).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    Ok(())
}

#[tokio::test]
async fn a_proxy_that_fails_is_named() -> Tested {
    let server = Sim::demo().tls(Tls::Good).start().await?;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let unwilling = tunnels("407 Proxy Authentication Required").await?;
    for proxy in [format!("http://{closed}"), format!("socks5://{closed}"), format!("http://{unwilling}")] {
        let input = read_by(&server, &proxy).await?;
        assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::Proxy)), "{:?}", input.cause());
        assert_eq!(input.cause().map(|cause| cause.stage), Some(Stage::Connect));
        assert!(input.cause().is_some_and(|cause| cause.text.starts_with(&format!("by way of the proxy {proxy}: "))));
    }
    assert!(server.requests().is_empty());
    Ok(())
}
