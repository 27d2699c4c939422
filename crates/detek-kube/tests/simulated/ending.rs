//! Reads that are watched, cut off or cancelled.

use crate::{NODES, PODS, Tested, class, cluster, documents, plan};
use detek_core::{CauseClass, InputState, Scope};
use detek_kube::{CancellationToken, Instant, Limits, Progress, ReadOptions};
use detek_sim::{Sim, on};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

#[tokio::test]
async fn progress_is_told_page_by_page() -> Tested {
    let server = Sim::demo().start().await?;
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = told.clone();
    let progress: detek_kube::OnProgress = Arc::new(move |key, progress| {
        assert_eq!(key.name(), "pods");
        sink.lock().expect("no test panicked").push(progress);
    });
    let options = ReadOptions { progress: Some(progress), ..ReadOptions::default() };
    let cluster = cluster(&server).await?.with_limits(Limits { page_limit: 20, ..Limits::default() });
    let inputs = cluster.read(&[plan(&PODS)], &Scope::Cluster, &options).await;
    let told = told.lock().expect("no test panicked").clone();
    assert_eq!(told.first(), Some(&Progress::Started));
    assert_eq!(told.last(), Some(&Progress::Ended(InputState::Complete)));
    let all = inputs[0].volume().items;
    let second = told.get(2).copied();
    assert_eq!(told[1], Progress::Page { pages: 1, items: 20, remaining: Some(all - 20) });
    assert!(matches!(second, Some(Progress::Page { pages: 2, .. })), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn at_the_deadline_every_input_ends_with_what_was_read() -> Tested {
    let server = Sim::demo().fault(on("pods").page(2).stall()).fault(on("nodes").stall()).start().await?;
    let cluster = cluster(&server).await?.with_limits(Limits { page_limit: 5, ..Limits::default() });
    let deadline = Some(Instant::now() + Duration::from_millis(500));
    let options = ReadOptions { deadline, ..ReadOptions::default() };
    let inputs = cluster.read(&[plan(&PODS), plan(&NODES)], &Scope::Cluster, &options).await;
    assert_eq!((inputs[0].state(), class(&inputs[0])), (InputState::Partial, Some(CauseClass::Timeout)));
    assert_eq!(documents(&inputs[0]).len(), 5);
    assert_eq!((inputs[1].state(), class(&inputs[1])), (InputState::TimedOut, Some(CauseClass::Timeout)));
    Ok(())
}

#[tokio::test]
async fn what_is_cancelled_before_it_began_asks_nothing() -> Tested {
    let server = Sim::demo().start().await?;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let options = ReadOptions { cancel, ..ReadOptions::default() };
    let inputs = cluster(&server).await?.read(&[plan(&PODS), plan(&NODES)], &Scope::Cluster, &options).await;
    for input in &inputs {
        assert_eq!((input.state(), class(input)), (InputState::TimedOut, Some(CauseClass::Cancelled)));
    }
    assert!(server.requests().is_empty());
    Ok(())
}
