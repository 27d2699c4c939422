//! B4: the most memory that a scan holds.

use crate::{
    Outcome, Size,
    figure::{Budget, Figure},
    process::{Scanner, Simulator},
};

/// Clusters with the most MiB that a scan of them may hold. With one replica and revision every pod has a Deployment, a
/// ReplicaSet, a Service and an EndpointSlice of its own, and no two are alike.
pub(crate) const CLUSTERS: [(Size, f64); 5] = [
    (Size { pods: 10_000, replicas: 10, revisions: 10 }, 48.0),
    (Size { pods: 50_000, replicas: 10, revisions: 10 }, 110.0),
    (Size { pods: 150_000, replicas: 10, revisions: 10 }, 256.0),
    (Size { pods: 10_000, replicas: 1, revisions: 1 }, 48.0),
    (Size { pods: 150_000, replicas: 1, revisions: 1 }, 256.0),
];

pub(crate) fn measure((size, most): (Size, f64)) -> Outcome<Vec<Figure>> {
    let simulator = Simulator::start(size)?;
    let scan = Scanner::find()?.scan(&simulator)?;
    let simulated = simulator.stop()?;
    let alike = if size.replicas == 1 { "no two alike" } else { "10 alike" };
    let name = format!("B4 peak memory of a scan of {} pods, {alike}", size.pods);
    let told = |name, value, unit| Figure::new(name, value, unit, Budget::Told);
    Ok(vec![
        Figure::new(name, scan.peak_bytes as f64 / MIB, "MiB", Budget::AtMost(most)),
        told("   wall time", scan.wall.as_secs_f64(), "s"),
        told("   CPU time", scan.cpu.as_secs_f64(), "s"),
        told("   CPU time of the simulator", simulated.cpu.as_secs_f64(), "s"),
        told("   memory of the simulator", simulated.peak_bytes as f64 / MIB, "MiB"),
    ])
}

const MIB: f64 = 1024.0 * 1024.0;
