//! B4: the most memory that a scan holds.

use crate::{
    Outcome, Size,
    figure::{Budget, Figure},
    process::{Scanner, Simulator},
};

/// Clusters with the most MiB that a scan of them may hold. With one replica and revision every pod has a Deployment, a
/// ReplicaSet, a Service and an EndpointSlice of its own, and no two are alike.
const CLUSTERS: [(Size, f64); 5] = [
    (Size { pods: 10_000, replicas: 10, revisions: 10 }, 48.0),
    (Size { pods: 50_000, replicas: 10, revisions: 10 }, 110.0),
    (Size { pods: 150_000, replicas: 10, revisions: 10 }, 256.0),
    (Size { pods: 10_000, replicas: 1, revisions: 1 }, 48.0),
    (Size { pods: 150_000, replicas: 1, revisions: 1 }, 256.0),
];

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let scanner = Scanner::find()?;
    let mut figures = Vec::new();
    for (size, most) in CLUSTERS {
        let simulator = Simulator::start(size)?;
        let scan = scanner.scan(&simulator)?;
        let alike = if size.replicas == 1 { "no two alike" } else { "10 alike" };
        let name = format!("B4 peak memory of a scan of {} pods, {alike}", size.pods);
        let ended = simulator.stop()?;
        figures.push(Figure::new(name, scan.peak_bytes as f64 / MIB, "MiB", Budget::AtMost(most)));
        figures.push(Figure::new("   wall time", scan.wall.as_secs_f64(), "s", Budget::Told));
        figures.push(Figure::new("   CPU time", scan.cpu.as_secs_f64(), "s", Budget::Told));
        figures.push(Figure::new("   CPU time of the simulator", ended.cpu.as_secs_f64(), "s", Budget::Told));
        figures.push(Figure::new("   memory of the simulator", ended.peak_bytes as f64 / MIB, "MiB", Budget::Told));
    }
    Ok(figures)
}

const MIB: f64 = 1024.0 * 1024.0;
