//! B5: the expressions of 500 detectors, from text to programs, against skipping the pods of a large cluster.

use crate::{
    Outcome,
    figure::{Budget, Figure, median},
    workload::{PODS, cpu, pods},
};
use cel::Env;
use detek_cel::{Compiler, Problem, Want, with_large_stack};
use serde_json::json;
use std::{hint::black_box, time::Duration};

const DETECTORS: usize = 500;
const ROUNDS: usize = 7;
/// Of the time of the yardstick. Where the budgets were measured, it skipped 1,400 MB/s, or 125 MB of 10,000 pods in
/// 89 ms, and the budget is 100 ms.
const BUDGET: f64 = 1.12;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let pods = pods(10, &[])?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([cpu(load)?, cpu(parse)?, cpu(|| pods.skip())?]);
    }
    let of = |value: fn(&[Duration; 3]) -> f64| median(rounds.iter().map(value).collect());
    Ok(vec![
        Figure::new(
            format!("B5 load {DETECTORS} detectors, time of `IgnoredAny` on {PODS} pods"),
            of(|[load, _, skip]| load.div_duration_f64(*skip)),
            "",
            Budget::AtMost(BUDGET),
        ),
        Figure::new("   the same", of(|[load, ..]| load.as_secs_f64() * 1e3), "ms", Budget::Told),
        Figure::new("   share of the parser", of(|[load, parse, _]| parse.div_duration_f64(*load)), "", Budget::Told),
    ])
}

/// The expressions of a detector, in the order in which they are compiled.
struct Detector {
    scope: &'static str,
    items: &'static str,
    variables: &'static [(&'static str, &'static str)],
    conditions: &'static [&'static str],
    messages: &'static [&'static str],
    values: &'static [&'static str],
}

/// One that looks at objects, and one that joins them with others.
const KINDS: [Detector; 2] = [
    Detector {
        scope:
            "!(object.?status.?phase.orValue('') in ['Succeeded', 'Failed']) && !has(object.metadata.deletionTimestamp)
            && !object.metadata.?annotations[?'kubernetes.io/config.mirror'].hasValue()",
        items: "object.spec.containers + object.spec.?initContainers.orValue([])
            + object.spec.?ephemeralContainers.orValue([])",
        variables: &[
            ("segments", "item.image.split('/')"),
            ("last", "variables.segments[size(variables.segments) - 1].split(':')"),
        ],
        conditions: &[
            "!item.image.contains('@') && (size(variables.last) == 1 || variables.last[1] in params.mutable)",
        ],
        messages: &["container {{ item.name }} runs {{ item.image }}"],
        values: &["item.name", "item.image", "item.name"],
    },
    Detector {
        scope: "!has(object.metadata.deletionTimestamp)",
        items: "((has(object.spec.defaultBackend) ? [object.spec.defaultBackend] : [])
            + object.spec.?rules.orValue([]).map(r, r.?http.?paths.orValue([]).map(p, p.backend)).flatten())
            .filter(b, has(b.service))",
        variables: &[
            ("svc", "services.byName[?(object.metadata.namespace + '/' + item.service.name)]"),
            ("port", "item.service.?port.?name.orValue('')"),
            ("number", "item.service.?port.?number.orValue(0)"),
        ],
        conditions: &[
            "!variables.svc.hasValue()",
            "variables.svc.hasValue() && variables.svc.value().spec.?type.orValue('ClusterIP') != 'ExternalName'
            && !variables.svc.value().spec.?ports.orValue([]).exists(p,
                variables.port != '' ? p.?name.orValue('') == variables.port : p.port == variables.number)",
        ],
        messages: &[
            "Service {{ object.metadata.namespace }}/{{ item.service.name }} does not exist",
            "Service {{ item.service.name }} has no port {{ variables.port != '' ? variables.port : string(variables.number) }}",
        ],
        values: &["item.service.name", "item.service.name", "variables.port", "variables.number"],
    },
];

/// Parses, checks and compiles everything.
fn load() -> Outcome<()> {
    let loaded = with_large_stack(|| (0..DETECTORS).try_for_each(|n| compile(&KINDS[n % KINDS.len()])));
    loaded.ok_or("loading panicked")?.map_err(|problems| format!("{problems:?}").into())
}

fn compile(detector: &Detector) -> Result<(), Vec<Problem>> {
    let mut compiler = Compiler::new();
    compiler.document("object", 0);
    compiler.input("services", 1, vec![("byName".to_owned(), true)]);
    compiler.constant("params", json!({"mutable": ["latest", "main", "master", "dev", "stable"]}));
    black_box(compiler.expression(detector.scope, Want::Bool)?);
    let items = compiler.expression(detector.items, Want::List)?;
    compiler.element("item", &items);
    for (name, source) in detector.variables {
        let program = compiler.expression(source, Want::Passed)?;
        compiler.variable(name, &program);
    }
    for source in detector.conditions {
        black_box(compiler.expression(source, Want::Bool)?);
    }
    for source in detector.messages {
        black_box(compiler.template(source)?);
    }
    for source in detector.values {
        black_box(compiler.expression(source, Want::Any)?);
    }
    Ok(())
}

/// Parses what [`load`] does, but for the expressions in messages, and does nothing with it.
fn parse() -> Outcome<()> {
    for n in 0..DETECTORS {
        let Detector { scope, items, variables, conditions, values, .. } = &KINDS[n % KINDS.len()];
        let variables = variables.iter().map(|(_, source)| source);
        for source in [scope, items].into_iter().chain(variables).chain(*conditions).chain(*values) {
            let parser = Env::default().parser().enable_optional_syntax(true).enable_ident_escape_syntax(true);
            black_box(parser.parse_with_source_info(source).map_err(|errors| errors.to_string())?);
        }
    }
    Ok(())
}
