//! How far a run is, on standard error: drawn on a terminal, lines otherwise.

use crate::{cli::ProgressKind, env::variable};
use detek_core::InputKey;
use detek_kube::{OnProgress, Progress};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};

/// Nothing is drawn before: most runs are over by then.
const QUIET: Duration = Duration::from_millis(300);
/// Between two pictures.
const TICK: Duration = Duration::from_millis(200);
/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(10);
/// Most lines of a picture.
const LINES: usize = 8;

/// Shows how far a run is until it is dropped.
pub(crate) struct Display {
    state: Arc<Mutex<State>>,
    task: Option<JoinHandle<()>>,
}

/// Which way it is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Drawn,
    Plain,
    Json,
    Hidden,
}

struct State {
    way: Way,
    verbose: u8,
    started: Instant,
    active: BTreeMap<String, Active>,
    ended: usize,
    drawn: usize,
}

struct Active {
    since: Instant,
    pages: u32,
    items: u64,
    remaining: Option<u64>,
}

impl Display {
    /// Begins to show what the reporters of [`Display::reporter`] are told.
    pub(crate) fn new(kind: ProgressKind, quiet: bool, verbose: u8) -> Self {
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let way = match kind {
            _ if quiet => Way::Hidden,
            ProgressKind::Auto if std::io::stderr().is_terminal() && !dumb => Way::Drawn,
            ProgressKind::Auto | ProgressKind::Plain => Way::Plain,
            ProgressKind::Json => Way::Json,
            ProgressKind::None => Way::Hidden,
        };
        let verbose = if quiet { 0 } else { verbose };
        let state = State { way, verbose, started: Instant::now(), active: BTreeMap::new(), ended: 0, drawn: 0 };
        let state = Arc::new(Mutex::new(state));
        let task = match way {
            Way::Drawn => Some(tokio::spawn(every(TICK, QUIET, Arc::clone(&state)))),
            Way::Plain => Some(tokio::spawn(every(PLAIN, PLAIN, Arc::clone(&state)))),
            Way::Json | Way::Hidden => None,
        };
        Display { state, task }
    }

    /// What a cluster tells its progress to. With several clusters each has its name before its inputs.
    pub(crate) fn reporter(&self, cluster: Option<&str>) -> OnProgress {
        let state = Arc::clone(&self.state);
        let prefix = cluster.map_or_else(String::new, |name| format!("{}  ", detek_core::clip(name, 40)));
        Arc::new(move |key: &InputKey, progress: Progress| lock(&state).tell(&prefix, key, progress))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        lock(&self.state).erase();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn every(period: Duration, first: Duration, state: Arc<Mutex<State>>) {
    tokio::time::sleep(first).await;
    loop {
        lock(&state).draw();
        tokio::time::sleep(period).await;
    }
}

impl State {
    fn tell(&mut self, prefix: &str, key: &InputKey, progress: Progress) {
        let name = format!("{prefix}{}", key.name());
        if self.way == Way::Json {
            self.event(&name, &progress);
        }
        match progress {
            Progress::Started => {
                self.active.insert(name, Active { since: Instant::now(), pages: 0, items: 0, remaining: None });
            }
            Progress::Page { pages, items, remaining } => {
                if self.verbose > 1 {
                    self.say(&format!("{name}  page {pages}  {items} objects"));
                }
                if let Some(active) = self.active.get_mut(&name) {
                    (active.pages, active.items, active.remaining) = (pages, items, remaining);
                }
            }
            Progress::Ended(state) => {
                self.ended += 1;
                let active = self.active.remove(&name);
                if let Some(active) = active.filter(|_| self.verbose > 0) {
                    let time = active.since.elapsed().as_secs_f32();
                    self.say(&format!(
                        "{name}  {state}  {} objects  {} pages  {time:.1} s",
                        active.items, active.pages
                    ));
                }
            }
        }
    }

    /// A line that stays.
    fn say(&mut self, line: &str) {
        self.erase();
        put(&format!("{line}\n"));
    }

    fn event(&self, name: &str, progress: &Progress) {
        let milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut event = serde_json::json!({"input": name, "milliseconds": milliseconds});
        match *progress {
            Progress::Started => event["event"] = "started".into(),
            Progress::Page { pages, items, remaining } => {
                event["event"] = "page".into();
                event["pages"] = pages.into();
                event["items"] = items.into();
                event["remaining"] = remaining.into();
            }
            Progress::Ended(state) => {
                event["event"] = "ended".into();
                event["state"] = state.name().into();
            }
        }
        put(&format!("{event}\n"));
    }

    fn draw(&mut self) {
        let mut text = String::new();
        let lines = self.active.len().min(LINES);
        for (name, active) in self.active.iter().take(LINES) {
            let total = active.remaining.map_or_else(String::new, |left| format!(" of ~{}", active.items + left));
            let time = active.since.elapsed().as_secs_f32();
            writeln!(text, "  {name}  page {}  {}{total}  {time:.1} s", active.pages + 1, active.items)
                .expect("writing to a string cannot fail");
        }
        match self.way {
            Way::Drawn => {
                self.erase();
                put(&text);
                self.drawn = lines;
            }
            _ => put(&format!("{} inputs read\n{text}", self.ended)),
        }
    }

    /// Takes the last picture away.
    fn erase(&mut self) {
        if self.drawn > 0 {
            put(&format!("\x1b[{}A\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }
}

/// Nothing is left to do if standard error itself cannot be written.
fn put(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
