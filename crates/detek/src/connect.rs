//! From flags to connections: which contexts are meant, how they are reached, and what is said if they cannot be.

use crate::{
    cli::TargetArguments,
    failure::{Code, Failure, did_you_mean, nearest},
    hints::{Hints, quoted},
};
use detek_kube::{Cluster, ConnectError, ConnectOptions, Programs};

/// The contexts that are meant; `None` stands for the current one.
///
/// # Errors
/// If all are meant and the kubeconfig cannot be read.
pub(crate) fn contexts(target: &TargetArguments, hints: &Hints) -> Result<Vec<Option<String>>, Failure> {
    if target.all_contexts {
        let all = detek_kube::contexts(target.kubeconfig.as_deref()).map_err(|why| failure(&why, hints))?;
        return Ok(all.into_iter().map(Some).collect());
    }
    let mut chosen: Vec<Option<String>> = Vec::new();
    for context in &target.context {
        if !chosen.iter().flatten().any(|known| known == context) {
            chosen.push(Some(context.clone()));
        }
    }
    Ok(if chosen.is_empty() { vec![None] } else { chosen })
}

/// Connects to a context; nothing is sent yet.
///
/// # Errors
/// If the configuration cannot be used.
pub(crate) async fn connect(
    target: &TargetArguments,
    context: Option<String>,
    run_id: &str,
    hints: &Hints,
) -> Result<Cluster, Failure> {
    let options = ConnectOptions {
        kubeconfig: target.kubeconfig.clone(),
        context,
        server: target.server.clone(),
        token_file: target.token_file.clone(),
        impersonate_user: target.as_user.clone(),
        impersonate_groups: target.as_group.clone(),
        insecure_skip_tls_verify: target.insecure_skip_tls_verify,
        allow_insecure_http: target.allow_insecure_http,
        programs: match target.exec_policy.as_slice() {
            [any] if any == "any" => Programs::Any,
            [none] if none == "none" => Programs::None,
            names => Programs::Only(names.to_vec()),
        },
        run_id: Some(run_id.to_owned()),
    };
    Cluster::connect(&options).await.map_err(|why| failure(&why, hints))
}

/// What is said of a configuration that cannot be used.
pub(crate) fn failure(why: &ConnectError, hints: &Hints) -> Failure {
    let program = hints.program;
    match why {
        ConnectError::NoConfig { places } => {
            let mut failure = Failure::new(Code::NoCluster, "no cluster to scan");
            for (n, place) in places.iter().enumerate() {
                let label = if n == 0 { "looked at" } else { "" };
                failure = failure.line(label, format!("{}: {}", place.name, place.found));
            }
            failure
                .line("try it", format!("{program} demo --open"))
                .line("or", format!("{program} run --kubeconfig FILE"))
        }
        ConnectError::Unreadable { path, error } => {
            Failure::new(Code::Kubeconfig, format!("cannot read {}", path.display()))
                .line("cause", error.to_string())
                .line("fix", format!("ls -l {}", quoted(&path.display().to_string())))
        }
        ConnectError::BadYaml { path, message, at } => {
            let file = path.as_ref().map_or_else(|| "text".to_owned(), |path| path.display().to_string());
            let place = at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
            Failure::new(Code::Kubeconfig, format!("cannot read kubeconfig {file}{place}"))
                .line("cause", message)
                .line("fix", format!("kubectl config view --kubeconfig {}", quoted(&file)))
        }
        ConnectError::NoContext { file, context, known } => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let (what, cause) = match context {
                Some(context) => (format!("context \"{context}\" not found in {file}"), did_you_mean(context, &known)),
                None => (format!("no current context in {file}"), format!("its contexts: {}", known.join(", "))),
            };
            let near = context.as_ref().and_then(|context| nearest(context, known).first().copied());
            let fix = near.map_or_else(|| hints.contexts(), |near| hints.context(near));
            Failure::new(Code::UnknownContext, what).line("cause", cause).line("fix", fix)
        }
        ConnectError::PlainHttp { server, credential } => {
            Failure::new(Code::PlainHttp, "refusing to send credentials over plain http")
                .line("cause", format!("{server} would get the {credential} unencrypted"))
                .line(
                    "fix",
                    format!("use the https:// address of the server, or {}", hints.scan("--allow-insecure-http")),
                )
        }
        ConnectError::UntrustedProgram { path, mode, owner, command } => {
            let cause = format!("{} (mode {mode:04o}, owner {owner}) names {command}", path.display());
            Failure::new(Code::UntrustedProgram, "refusing to run a program from a kubeconfig others can change")
                .line("cause", cause)
                .line("fix", format!("chmod go-w {}", quoted(&path.display().to_string())))
        }
        ConnectError::ProgramNotAllowed { command } => {
            Failure::new(Code::Usage, "the kubeconfig names a program that --exec-policy does not allow")
                .line("cause", format!("the credential comes from {command}"))
                .line("fix", hints.scan(&format!("--exec-policy {}", quoted(command))))
        }
        ConnectError::Config { message } => Failure::new(Code::Kubeconfig, "cannot use the kubeconfig")
            .line("cause", message)
            .line("fix", hints.kubectl("config view")),
    }
}
