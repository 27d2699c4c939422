//! The two processes of a scan, the simulator and detek, and what the kernel says about them.
#![expect(
    clippy::disallowed_methods,
    reason = "reads /proc, waits for processes and asks for the cargo that runs this bench"
)]

use crate::{Outcome, Size, workload};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Between two looks at a running process. Its memory is a high-water mark, so only the last look counts.
const LOOK: Duration = Duration::from_millis(2);

/// What a process took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
    pub(crate) wall: Duration,
}

impl Usage {
    /// What the process took so far; `None` once it has ended, and its memory with it.
    fn of(child: &Child) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{}", child.id()));
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let peak_bytes = peak.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024;
        Some(Self { cpu: cpu(child)?, peak_bytes, wall: Duration::ZERO })
    }
}

/// CPU time of all threads of a process, also of one that has ended and was not waited for.
fn cpu(child: &Child) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    // The name, in brackets, may hold anything; `utime` and `stime` are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(Duration::from_secs_f64(ticks / rustix::param::clock_ticks_per_second() as f64))
}

/// This program, to run another bench.
pub(crate) fn bench(name: &str) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(name);
    Ok(command)
}

/// Serves a generated cluster until standard input ends.
pub(crate) fn serve(size: detek_sim::Size) -> Outcome<()> {
    let running = workload::cluster(size).start_in_thread()?;
    let mut out = std::io::stdout().lock();
    out.write_all(running.kubeconfig().as_bytes())?;
    // The reader waits for an empty line.
    out.write_all(b"\n\n")?;
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A simulated API server in a process of its own.
pub(crate) struct Simulator {
    child: Child,
    kubeconfig: tempfile::NamedTempFile,
}

impl Simulator {
    pub(crate) fn start(Size { pods, replicas, revisions }: Size) -> Outcome<Self> {
        let mut command = bench("serve-sim")?;
        for (name, value) in [("--pods", pods), ("--replicas", replicas), ("--revisions", revisions)] {
            command.arg(name).arg(value.to_string());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut kubeconfig = tempfile::NamedTempFile::new()?;
        let out = child.stdout.take().ok_or("the simulator has no standard output")?;
        for line in std::io::BufRead::lines(std::io::BufReader::new(out)) {
            let line = line?;
            if line.is_empty() {
                break;
            }
            writeln!(kubeconfig, "{line}")?;
        }
        Ok(Self { child, kubeconfig })
    }

    /// Ends it, and says what it took.
    pub(crate) fn stop(self) -> Outcome<Usage> {
        let Self { mut child, .. } = self;
        let usage = Usage::of(&child).ok_or("the simulator ended too early")?;
        drop(child.stdin.take());
        child.wait()?;
        Ok(usage)
    }
}

/// The binary that is measured.
pub(crate) struct Scanner(PathBuf);

impl Scanner {
    /// Beside this program; built first if this program is run by cargo.
    pub(crate) fn find() -> Outcome<Self> {
        if let Some(cargo) = std::env::var_os("CARGO") {
            let build = Command::new(cargo).args(["build", "--release", "--locked", "-q", "-p", "detek"]).status()?;
            if !build.success() {
                return Err("building detek failed".into());
            }
        }
        let path = std::env::current_exe()?.with_file_name("detek");
        if path.is_file() { Ok(Self(path)) } else { Err(format!("there is no {}", path.display()).into()) }
    }

    /// Scans the simulated cluster with all detectors of the default set, the report thrown away.
    pub(crate) fn scan(&self, simulator: &Simulator) -> Outcome<Usage> {
        let start = Instant::now();
        let mut child = Command::new(&self.0)
            .args(["run", "-o", "json=/dev/null", "-q", "--kubeconfig"])
            .arg(simulator.kubeconfig.path())
            .spawn()?;
        let mut usage = Usage::default();
        while let Some(seen) = Usage::of(&child) {
            usage = seen;
            thread::sleep(LOOK);
        }
        usage.wall = start.elapsed();
        usage.cpu = cpu(&child).ok_or("detek was waited for by somebody else")?;
        let status = child.wait()?;
        if status.success() { Ok(usage) } else { Err(format!("{} ended with {status}", self.0.display()).into()) }
    }
}
