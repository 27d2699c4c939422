//! `detek run` and `detek demo`.

use super::Session;
use crate::{
    catalogue,
    cli::{DemoArguments, Limits, Reporting, RunArguments, Selection},
    config::{Setting, Settings},
    connect::{connect, contexts},
    failure::{Code, Failure},
    gaps,
    hints::Hints,
    interrupt::Interrupt,
    output::{Output, for_people, outputs, report},
    progress::Display,
    scan::{Request, Scanned, local_time, scan},
    select::{Selected, select},
};
use detek_core::{AnyDetector, Run, Waivers};
use detek_kube::{Cluster, Instant, ReadOptions};
use detek_report::Render;
use detek_sim::{Sim, Tls, on};
use jiff::Timestamp;
use std::{future::Future, io::Write as _, pin::Pin, sync::Arc};
use tokio::{sync::Semaphore, task::JoinSet};

/// Clusters that are scanned at the same time.
const CLUSTERS: usize = 8;

/// A connection in the making.
type Connecting = Pin<Box<dyn Future<Output = Result<Cluster, Failure>> + Send>>;

pub(super) async fn run(arguments: RunArguments, session: &Session) -> Result<u8, Failure> {
    let RunArguments { selection, target, limits, now, reporting, .. } = arguments;
    let hints = Hints::new(session.program, target.kubeconfig.as_deref());
    let contexts = contexts(&target, &hints)?;
    let outputs = outputs(&reporting, contexts.len())?;
    if target.insecure_skip_tls_verify && !reporting.quiet {
        warn("--insecure-skip-tls-verify: whoever answers at the server's address gets the credential");
    }
    let target = Arc::new(target);
    let run_id = session.run_id.clone();
    let connections = contexts.into_iter().map(|context| {
        let (target, run_id, hints) = (Arc::clone(&target), run_id.clone(), hints.clone());
        let name = context.clone();
        let connecting: Connecting = Box::pin(async move { connect(&target, context, &run_id, &hints).await });
        (name, connecting)
    });
    let scans = Scans {
        chooser: Chooser::new(selection, &reporting, session)?,
        namespaces: target.namespace.clone(),
        limits,
        now,
        hints: hints.clone(),
        demo: false,
    };
    scans.run(connections.collect(), (&reporting, &outputs), session).await
}

pub(super) async fn demo(arguments: DemoArguments, session: &Session) -> Result<u8, Failure> {
    let DemoArguments { selection, namespace, seed, fault, limits, reporting, .. } = arguments;
    let outputs = outputs(&reporting, 1)?;
    let sim = Sim::demo().seed(seed).user("demo").tls(Tls::Good);
    let sim = fault.iter().fold(sim, |sim, fault| sim.fault(on(&fault.kind).status(fault.status)));
    let sim = sim.start().await.map_err(|why| {
        Failure::new(Code::Usage, "cannot start the simulated cluster").line("cause", why.to_string())
    })?;
    let hints = Hints::demo(session.program);
    let (kubeconfig, told) = (sim.kubeconfig(), hints.clone());
    let connecting: Connecting = Box::pin(async move {
        let connected = Cluster::from_kubeconfig_text(&kubeconfig, None).await;
        connected.map_err(|why| crate::connect::failure(&why, &told))
    });
    let chooser = Chooser::new(selection, &reporting, session)?;
    let scans = Scans { chooser, namespaces: namespace, limits, now: None, hints, demo: true };
    scans.run(vec![(Some("demo".to_owned()), connecting)], (&reporting, &outputs), session).await
}

/// What is the same for all clusters of a command.
struct Scans {
    chooser: Chooser,
    namespaces: Vec<String>,
    limits: Limits,
    now: Option<Timestamp>,
    hints: Hints,
    demo: bool,
}

/// What is chosen, which may differ from cluster to cluster.
#[derive(Clone)]
struct Chooser {
    all: Arc<[Arc<dyn AnyDetector>]>,
    selection: Arc<Selection>,
    settings: Arc<Settings>,
    waivers: Waivers,
    /// What is chosen where nothing differs.
    selected: Arc<Selected>,
}

impl Chooser {
    fn new(selection: Selection, reporting: &Reporting, session: &Session) -> Result<Self, Failure> {
        let settings = Arc::clone(&session.configuration.detectors);
        let files = if reporting.no_waivers { &[] } else { reporting.waivers.as_slice() };
        let all: Arc<[_]> = catalogue::with(&selection.pack)?.into();
        let waivers = crate::waivers::load(files, &all)?;
        let selected = Arc::new(select(&all, &selection, &settings, None)?.waiving(waivers.clone()));
        Ok(Chooser { all, selection: Arc::new(selection), settings, waivers, selected })
    }

    fn of(&self, cluster: &str) -> Result<Arc<Selected>, Failure> {
        if self.settings.values().any(Setting::varies) {
            let selected = select(&self.all, &self.selection, &self.settings, Some(cluster))?;
            return Ok(Arc::new(selected.waiving(self.waivers.clone())));
        }
        Ok(Arc::clone(&self.selected))
    }
}

/// What became of one cluster.
struct Outcome {
    name: Option<String>,
    times: (Timestamp, Timestamp),
    scanned: Result<Scanned, Failure>,
}

impl Scans {
    async fn run(
        self,
        connections: Vec<(Option<String>, Connecting)>,
        (reporting, outputs): (&Reporting, &[Output]),
        session: &Session,
    ) -> Result<u8, Failure> {
        let interrupt = Interrupt::listen();
        let several = connections.len() > 1;
        let outcomes = {
            let display = Display::new(reporting.progress, reporting.quiet, session.verbose);
            self.scan_all(connections, (&interrupt, &display)).await
        };
        let (mut failures, mut messages, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        for Outcome { name, times, scanned } in outcomes {
            let name = name.unwrap_or_default();
            match scanned {
                Ok(Scanned { run, unreadable }) => {
                    // Why nothing could be read says it all.
                    match unreadable {
                        Some(failure) => failures.push((name, failure)),
                        None => messages.extend(gaps::messages(&run, session.program)),
                    }
                    runs.push((run, times));
                }
                Err(failure) => failures.push((name, failure)),
            }
        }
        if !several && let Some((_, failure)) = failures.pop() {
            return Err(failure);
        }
        for (name, failure) in &failures {
            warn(&format!("context {}\n{failure}", detek_core::clip(name, 200)));
        }
        if !reporting.quiet && !for_people(outputs) {
            for message in messages {
                warn(&message.to_string());
            }
        }
        let (code, reasons) = exit(&runs, &failures, reporting, interrupt.code());
        let renders: Vec<Render<'_>> = runs
            .iter()
            .map(|(run, (started, finished))| Render {
                run,
                run_id: &session.run_id,
                started: *started,
                finished: *finished,
                exit_code: code,
                exit_reasons: &reasons,
                fail_on: reporting.fail_on.0,
                detek_version: env!("CARGO_PKG_VERSION"),
            })
            .collect();
        match report(&renders, outputs, reporting, &self.hints) {
            // What was typed wrong, or a cluster out of reach, weighs more.
            Err(failure) if matches!(code, 130 | 143 | 2 | 4) => {
                warn(&failure.to_string());
                Ok(code)
            }
            written => written.map(|()| code),
        }
    }

    /// Scans all clusters, some at the same time; in the order given.
    async fn scan_all(
        &self,
        connections: Vec<(Option<String>, Connecting)>,
        (interrupt, display): (&Interrupt, &Display),
    ) -> Vec<Outcome> {
        let several = connections.len() > 1;
        let turns = Arc::new(Semaphore::new(CLUSTERS));
        let deadline = Instant::now() + self.limits.deadline.get().unsigned_abs();
        let mut scans = JoinSet::new();
        for (number, (name, connecting)) in connections.into_iter().enumerate() {
            let reading = ReadOptions {
                deadline: Some(deadline),
                cancel: interrupt.token.clone(),
                progress: Some(display.reporter(name.as_deref().filter(|_| several))),
            };
            let request = Request {
                namespaces: self.namespaces.clone(),
                now: self.now,
                threads: self.limits.threads,
                reading,
                hints: self.hints.clone(),
            };
            let limits = detek_kube::Limits {
                parallel: self.limits.concurrency.get(),
                page_limit: self.limits.page_size,
                list_objects: self.limits.max_objects,
                list_bytes: self.limits.max_list_bytes,
                probe_loopback: self.demo,
                ..detek_kube::Limits::default()
            };
            let (chooser, turns) = (self.chooser.clone(), Arc::clone(&turns));
            scans.spawn(async move {
                let _turn = turns.acquire_owned().await;
                let started = local_time();
                let scanned = match connecting.await {
                    Ok(cluster) => {
                        let cluster = cluster.with_limits(limits);
                        let context = name.clone().unwrap_or_else(|| cluster.target().context.clone());
                        match chooser.of(&context) {
                            Ok(selected) => scan(&cluster, &context, &selected, &request).await,
                            Err(failure) => Err(failure),
                        }
                    }
                    Err(failure) => Err(failure),
                };
                (number, Outcome { name, times: (started, local_time()), scanned })
            });
        }
        let mut outcomes = scans.join_all().await;
        outcomes.sort_by_key(|(number, _)| *number);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// The exit code of the runs and why.
fn exit(
    runs: &[(Run, (Timestamp, Timestamp))],
    failures: &[(String, Failure)],
    reporting: &Reporting,
    interrupted: Option<u8>,
) -> (u8, Vec<String>) {
    let mut reasons = Vec::new();
    let mut code = 0;
    let mut add = |with: u8, reason: String| {
        // What weighs most comes first.
        if code == 0 {
            code = with;
        }
        reasons.push(reason);
    };
    if let Some(code) = interrupted {
        add(code, "interrupted: what was read until then is reported".to_owned());
    }
    if failures.iter().any(|(_, failure)| failure.exit() == 2) {
        add(2, "a context cannot be used".to_owned());
    }
    let unreachable = failures.iter().filter(|(_, failure)| failure.exit() == 4).count();
    if unreachable > 0 && unreachable == runs.len() {
        add(4, "no cluster could be read".to_owned());
    }
    let worst = runs.iter().filter_map(|(run, _)| run.worst()).max();
    if let Some(level) = reporting.fail_on.0.filter(|level| worst.is_some_and(|worst| worst >= *level)) {
        add(1, format!("findings at or above {level}"));
    }
    let incomplete = runs.iter().any(|(run, _)| run.incomplete());
    if incomplete && !reporting.allow_partial {
        add(3, "a required input or a detector failed".to_owned());
    }
    (code, reasons)
}

/// A line on standard error; nothing is left to do if that cannot be written.
fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
}
