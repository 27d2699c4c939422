//! `detek run` and `detek demo`.

use crate::{
    cli::{DemoArguments, Reporting, RunArguments, Selection},
    failure::{Code, Failure},
    output::{Destination, parse, write},
    scan::{Request, local_time, scan},
    select::{select, unknown},
};
use detek_core::{Level, Run};
use detek_kube::{Cluster, ConnectError, ConnectOptions};
use detek_report::{FORMATS, Format, Render, Style, render};
use jiff::Timestamp;

pub(super) async fn run(arguments: RunArguments) -> Result<u8, Failure> {
    let RunArguments { selection, kubeconfig, context, namespace, now, reporting } = arguments;
    let outputs = outputs(&reporting)?;
    let name = context.clone().unwrap_or_else(|| "current context".to_owned());
    let options = ConnectOptions { kubeconfig, context, ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.map_err(|why| connect_failure(&why))?;
    let request = Request { context: &name, namespaces: &namespace, now };
    judge(&cluster, &request, &selection, (&reporting, &outputs)).await
}

pub(super) async fn demo(arguments: DemoArguments) -> Result<u8, Failure> {
    let outputs = outputs(&arguments.reporting)?;
    let sim = detek_sim::Sim::demo().seed(arguments.seed).start().await.map_err(|why| {
        Failure::new(Code::Usage, "cannot start the simulated cluster").line("cause", why.to_string())
    })?;
    let cluster = Cluster::from_kubeconfig_text(&sim.kubeconfig(), None).await.map_err(|why| connect_failure(&why))?;
    let request = Request { context: "demo", namespaces: &arguments.namespace, now: None };
    judge(&cluster, &request, &arguments.selection, (&arguments.reporting, &outputs)).await
}

fn connect_failure(why: &ConnectError) -> Failure {
    let failure = Failure::new(Code::Kubeconfig, "no cluster to scan").line("cause", why.to_string());
    failure.line("try it", "detek demo").line("or", "detek run --kubeconfig FILE --context NAME")
}

async fn judge(
    cluster: &Cluster,
    request: &Request<'_>,
    selection: &Selection,
    (reporting, outputs): (&Reporting, &[(&'static Format, Destination)]),
) -> Result<u8, Failure> {
    let (detectors, not_run) = select(selection)?;
    let plan = detek_detectors::plan(detectors);
    let started = local_time();
    let run = scan(cluster, request, &plan, not_run).await?;
    let (exit_code, reasons) = exit(&run, reporting);
    report(&run, (started, local_time()), (exit_code, &reasons, reporting.fail_on), outputs)?;
    Ok(exit_code)
}

/// The exit code of a run and why (`ux.md` 1.4).
fn exit(run: &Run, reporting: &Reporting) -> (u8, Vec<String>) {
    let mut reasons = Vec::new();
    let failing = reporting.fail_on.filter(|level| run.worst().is_some_and(|worst| worst >= *level));
    if let Some(level) = failing {
        reasons.push(format!("findings at or above {level}"));
    }
    let incomplete = run.incomplete() && !reporting.allow_partial;
    if incomplete {
        reasons.push("a required input or a detector failed".to_owned());
    }
    let code = if failing.is_some() {
        1
    } else if incomplete {
        3
    } else {
        0
    };
    (code, reasons)
}

fn outputs(reporting: &Reporting) -> Result<Vec<(&'static Format, Destination)>, Failure> {
    let default = ["table".to_owned()];
    let given = if reporting.output.is_empty() { &default[..] } else { &reporting.output[..] };
    let mut outputs: Vec<(&'static Format, Destination)> = Vec::new();
    for text in given {
        let (name, destination) = parse(text);
        let Some(format) = FORMATS.iter().find(|format| format.name == name) else {
            let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
            return Err(unknown("format", name, &names));
        };
        if destination == Destination::Stdout && outputs.iter().any(|(_, known)| *known == Destination::Stdout) {
            return Err(Failure::new(Code::Usage, "wrong usage of -o: two formats go to standard output")
                .line("fix", format!("-o {name}=FILE")));
        }
        outputs.push((format, destination));
    }
    Ok(outputs)
}

fn report(
    run: &Run,
    (started, finished): (Timestamp, Timestamp),
    (exit_code, exit_reasons, fail_on): (u8, &[String], Option<Level>),
    outputs: &[(&'static Format, Destination)],
) -> Result<(), Failure> {
    let run_id = format!("{:016x}", fastrand::u64(..));
    let renders = [Render {
        run,
        run_id: &run_id,
        started,
        finished,
        exit_code,
        exit_reasons,
        fail_on,
        detek_version: env!("CARGO_PKG_VERSION"),
    }];
    let mut failed = Ok(());
    for (format, destination) in outputs {
        let mut bytes = Vec::new();
        render(format, &renders, &Style::default(), &mut bytes);
        // One output that fails does not stop the others.
        failed = failed.and(write(destination, &bytes));
    }
    failed
}
