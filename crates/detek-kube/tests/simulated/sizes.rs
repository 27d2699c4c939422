//! Pages and lists of every size: too slow, too large, not paged, and more than may be kept.

use crate::{DEPLOYMENTS, NODES, PODS, READYZ, Tested, VERSION, class, cluster, documents, faulty, plan, read_one};
use detek_core::{CauseClass, InputState, Scope};
use detek_kube::{Limits, ReadOptions};
use detek_sim::{Body, Running, Sim, Size, on};
use std::{io::Write, time::Duration};

/// A few hundred pods of about 12 kB each.
async fn cluster_of(pods: u64) -> Result<Running, detek_sim::StartError> {
    Sim::cluster(Size { pods: pods as usize, replicas: 10, revisions: 1 }).start().await
}

fn limits_of(server: &Running) -> Vec<String> {
    let pages = server.requests().into_iter().filter(|request| request.path == "/api/v1/pods");
    pages.filter_map(|request| Some(request.query.split('&').next()?.to_owned())).collect()
}

#[tokio::test]
async fn pages_that_are_too_large_become_smaller() -> Tested {
    let server = cluster_of(200).await?;
    let input = read_one(&server, &PODS, Limits { body_bytes: 1 << 20, ..Limits::default() }).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    assert_eq!(documents(&input).len(), 200);
    let limits = limits_of(&server);
    assert_eq!(limits[0], "limit=500");
    assert!(limits[1] == limits[2] && limits[1] != limits[0], "{limits:?}");
    Ok(())
}

#[tokio::test]
async fn a_slow_server_is_read_in_smaller_pages() -> Tested {
    let server = cluster_of(100).await?;
    server.add_fault(on("pods").drip(1_000_000));
    let input = read_one(&server, &PODS, Limits { page: Duration::from_millis(800), ..Limits::default() }).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    assert_eq!(documents(&input).len(), 100);
    assert!(input.volume().pages > 1);
    Ok(())
}

#[tokio::test]
async fn the_smallest_page_may_still_be_too_large() -> Tested {
    let server = cluster_of(100).await?;
    let input = read_one(&server, &PODS, Limits { body_bytes: 100_000, ..Limits::default() }).await?;
    assert_eq!((input.state(), class(&input)), (InputState::TooLarge, Some(CauseClass::TooLarge)));
    assert_eq!(limits_of(&server), ["limit=500", "limit=25"]);
    Ok(())
}

#[tokio::test]
async fn a_list_without_pages_is_read_as_it_comes() -> Tested {
    let server = Sim::demo().fault(on("pods").unpaged()).start().await?;
    let at_once = read_one(&server, &PODS, Limits::default()).await?;
    let (whole, bytes) = (documents(&at_once), at_once.volume().bytes);
    let limits = Limits { body_bytes: bytes as usize / 4, page_limit: 2, ..Limits::default() };
    let input = read_one(&server, &PODS, limits).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    assert!(input.volume().unpaged);
    assert_eq!(documents(&input), whole);
    // It is read once more if it breaks, and not if it breaks again.
    for (times, state) in [(1, InputState::Complete), (9, InputState::Error)] {
        let broken =
            Sim::demo().fault(on("pods").unpaged()).fault(on("pods").close(bytes / 2).times(times)).start().await?;
        let input = read_one(&broken, &PODS, limits).await?;
        assert_eq!(input.state(), state, "{:?}", input.cause());
    }
    let cut = Sim::demo().fault(on("pods").unpaged()).fault(on("pods").cut(bytes / 2)).start().await?;
    let input = read_one(&cut, &PODS, limits).await?;
    assert_eq!((input.state(), class(&input)), (InputState::Error, Some(CauseClass::BadBody)));
    Ok(())
}

#[tokio::test]
async fn what_a_run_may_not_keep_is_cut_off_with_what_was_read() -> Tested {
    let server = cluster_of(200).await?;
    let caps = [
        (Limits { page_limit: 50, list_objects: 70, ..Limits::default() }, "objects"),
        (Limits { page_limit: 50, list_bytes: 1 << 20, ..Limits::default() }, "list_bytes"),
        (Limits { page_limit: 50, kept_bytes: 6_000, ..Limits::default() }, "kept_bytes"),
    ];
    for (limits, cap) in caps {
        let input = read_one(&server, &PODS, limits).await?;
        assert_eq!((input.state(), class(&input)), (InputState::TooLarge, Some(CauseClass::TooLarge)));
        assert!(input.cause().is_some_and(|cause| cause.text.contains(cap)), "{cap}: {:?}", input.cause());
        let read = documents(&input).len();
        assert!((1..200).contains(&read), "{cap}: {read}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_gets_few_requests_at_a_time_and_nothing_but_reads() -> Tested {
    let server = Sim::demo().start().await?;
    let cluster = cluster(&server).await?.with_limits(Limits { parallel: 1, page_limit: 2, ..Limits::default() });
    let kinds = [PODS, NODES, DEPLOYMENTS, VERSION, READYZ];
    cluster.may_list(&kinds, &Scope::Cluster).await;
    let inputs = cluster.read(&kinds.each_ref().map(plan), &Scope::Cluster, &ReadOptions::default()).await;
    assert!(inputs.iter().all(|input| input.state() == InputState::Complete));
    assert!(server.peak_concurrency() <= 2, "{}", server.peak_concurrency());
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert!(server.requests().iter().all(|r| r.method == "GET" || (r.method == "POST" && r.path == reviews)));
    Ok(())
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_asked_less() -> Tested {
    let server = Sim::demo().fault(on("pods").status(429).header("retry-after", "0").times(3)).start().await?;
    let input = read_one(&server, &PODS, Limits::default()).await?;
    assert_eq!(input.state(), InputState::Complete, "{:?}", input.cause());
    for bad in ["soon", "-1", "Wed, 25 Nov 1990 06:00:00 GMT"] {
        let input = faulty(on("pods").status(429).header("retry-after", bad).times(2), &PODS).await?;
        assert_eq!(input.state(), InputState::Complete, "{bad}: {:?}", input.cause());
    }
    let throttled = faulty(on("pods").status(429).header("retry-after", "0"), &PODS).await?;
    assert_eq!((throttled.state(), class(&throttled)), (InputState::Error, Some(CauseClass::Throttled)));
    assert_eq!(throttled.cause().map(|cause| cause.attempts), Some(6));
    Ok(())
}

#[tokio::test]
async fn compressed_answers_are_unpacked_up_to_a_ratio() -> Tested {
    let server = Sim::demo().start().await?;
    let whole = documents(&read_one(&server, &PODS, Limits::default()).await?);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&cluster(&server).await?.fetch("/api/v1/pods").await.map_err(|cause| cause.text)?.body)?;
    let packed = gzip.finish()?;
    let half = packed[..packed.len() / 2].to_vec();
    for (body, state) in [(packed, InputState::Complete), (half, InputState::Error)] {
        let body = Body::Custom { content_type: "application/json".into(), body: body.into() };
        let input = faulty(on("pods").body(body).header("content-encoding", "gzip"), &PODS).await?;
        assert_eq!(input.state(), state, "{:?}", input.cause());
        assert!(state != InputState::Complete || documents(&input) == whole);
    }
    let bomb = faulty(on("pods").body(Body::GzipBomb), &PODS).await?;
    assert_eq!((bomb.state(), class(&bomb)), (InputState::TooLarge, Some(CauseClass::TooLarge)));
    Ok(())
}
