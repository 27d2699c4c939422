//! `detectors:` of a configuration: whether a detector runs, how bad its findings are, and its parameters, also for some
//! clusters only.

use super::{Place, keys::of_detector};
use crate::failure::{Code, Failure};
use detek_core::{AnyDetector, Level, glob};
use detek_packs::tree::{Content, Key, Mistake, Node};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// What is set of a detector.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Where its id stands.
    pub(crate) place: Place,
    /// Whether it runs, if that is said.
    pub(crate) enabled: Option<bool>,
    /// Level of all its findings.
    pub(crate) level: Option<Level>,
    /// Why.
    pub(crate) reason: Option<String>,
    params: Vec<Param>,
    overrides: Vec<Override>,
}

/// A parameter and where it is set.
#[derive(Clone, Debug)]
struct Param {
    name: String,
    /// As the command line takes it.
    value: String,
    place: Place,
}

/// Parameters for some clusters.
#[derive(Clone, Debug)]
struct Override {
    clusters: Vec<String>,
    params: Vec<Param>,
}

/// Settings by the id of a detector or of a family.
pub(crate) type Settings = BTreeMap<String, Setting>;

/// Reads the value of `detectors`.
///
/// # Errors
/// The first mistake.
pub(crate) fn read(node: &Node, file: &Path) -> Result<Settings, Mistake> {
    node.map("detectors")?.iter().map(|(id, node)| Ok((id.name.clone(), setting(id, node, file)?))).collect()
}

fn setting(id: &Key, node: &Node, file: &Path) -> Result<Setting, Mistake> {
    let mut setting = Setting {
        place: Place::new(file, id.mark),
        enabled: None,
        level: None,
        reason: None,
        params: Vec::new(),
        overrides: Vec::new(),
    };
    for (key, value) in node.map(&id.name)? {
        match key.name.as_str() {
            "enabled" => setting.enabled = Some(value.boolean("enabled")?),
            "level" => setting.level = Some(level(value)?),
            "reason" => setting.reason = Some(value.text("reason")?),
            "params" => setting.params = params(value, file)?,
            "overrides" => {
                setting.overrides =
                    value.list("overrides")?.iter().map(|node| one_override(node, file)).collect::<Result<_, _>>()?;
            }
            _ => return Err(key.unknown(&of_detector().map(|(name, ..)| name))),
        }
    }
    if setting.enabled == Some(false) && setting.reason.is_none() {
        let what = format!("detector \"{}\" is disabled without a reason", id.name);
        return Err(Mistake { mark: id.mark, what, cause: "whoever misses it wants to know why: add `reason`".into() });
    }
    Ok(setting)
}

fn level(node: &Node) -> Result<Level, Mistake> {
    let expected = "fatal, error, warn or info";
    let level = node.text("level")?.parse::<Level>().map_err(|_| node.other("level", expected))?;
    if Level::OF_FINDINGS.contains(&level) { Ok(level) } else { Err(node.other("level", expected)) }
}

fn one_override(node: &Node, file: &Path) -> Result<Override, Mistake> {
    let mut found = Override { clusters: Vec::new(), params: Vec::new() };
    for (key, value) in node.map("overrides")? {
        match key.name.as_str() {
            "clusters" => found.clusters = value.texts("clusters")?,
            "params" => found.params = params(value, file)?,
            "namespaces" => {
                let cause = "parameters for some namespaces are not possible yet; those for some clusters are".into();
                return Err(Mistake { mark: key.mark, what: "cannot use the key \"namespaces\"".into(), cause });
            }
            _ => return Err(key.unknown(&["clusters", "params"])),
        }
    }
    if found.clusters.is_empty() {
        return Err(Mistake {
            mark: node.mark,
            what: "an override for no cluster".into(),
            cause: "`clusters` says for which contexts it is, such as [\"prod-*\"]".into(),
        });
    }
    Ok(found)
}

fn params(node: &Node, file: &Path) -> Result<Vec<Param>, Mistake> {
    let param = |(key, node): &(Key, Node)| {
        Ok(Param { name: key.name.clone(), value: word(&key.name, node)?, place: Place::new(file, key.mark) })
    };
    node.map("params")?.iter().map(param).collect()
}

/// A value as the command line takes it.
fn word(name: &str, node: &Node) -> Result<String, Mistake> {
    match &node.content {
        Content::Scalar(_) => node.text(name),
        Content::Map(_) => Ok(node.json().to_string()),
        Content::List(_) => {
            let texts = node.texts(name)?;
            match texts.iter().position(|text| text.contains(',')) {
                // Lists are handed on with commas between.
                Some(_) => Err(node.other(name, "a list of texts without commas")),
                None => Ok(texts.join(",")),
            }
        }
    }
}

impl Setting {
    /// `detector` with what is set for `cluster`; without one, every override is only tried.
    ///
    /// # Errors
    /// If there is no such parameter, or a value does not fit.
    pub(crate) fn apply(
        &self,
        detector: &Arc<dyn AnyDetector>,
        cluster: Option<&str>,
    ) -> Result<Arc<dyn AnyDetector>, Failure> {
        let mut detector = with(detector, &self.params)?;
        for one in &self.overrides {
            let overridden = with(&detector, &one.params)?;
            if cluster.is_some_and(|cluster| one.clusters.iter().any(|pattern| glob(pattern, cluster))) {
                detector = overridden;
            }
        }
        Ok(detector)
    }

    /// Whether something differs from cluster to cluster.
    pub(crate) fn varies(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// What is set, for people: keys with their values.
    pub(crate) fn told(&self) -> Vec<(String, String, Place)> {
        let place = || self.place.clone();
        let mut told = Vec::new();
        told.extend(self.enabled.map(|on| ("enabled".to_owned(), on.to_string(), place())));
        told.extend(self.level.map(|level| ("level".to_owned(), level.name().to_lowercase(), place())));
        told.extend(self.reason.clone().map(|reason| ("reason".to_owned(), reason, place())));
        let params = self.params.iter();
        told.extend(params.map(|p| (format!("params.{}", p.name), p.value.clone(), p.place.clone())));
        for (number, one) in self.overrides.iter().enumerate() {
            let clusters = one.clusters.join(",");
            let told_of = |p: &Param| {
                (format!("overrides[{number}].params.{} ({clusters})", p.name), p.value.clone(), p.place.clone())
            };
            told.extend(one.params.iter().map(told_of));
        }
        told
    }
}

fn with(detector: &Arc<dyn AnyDetector>, params: &[Param]) -> Result<Arc<dyn AnyDetector>, Failure> {
    params.iter().try_fold(Arc::clone(detector), |detector, param| {
        detector.with(&[(param.name.clone(), param.value.clone())]).map_err(|why| {
            Failure::new(Code::Configuration, format!("invalid parameter at {}", param.place))
                .line("cause", why.to_string())
                .line("fix", format!("detek explain {}", detector.id()))
        })
    })
}
