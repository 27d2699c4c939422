//! What a server shall be, before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, RwLock};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::cluster::{Generated, Size};
use crate::content::{Content, Held};
use crate::fault::Fault;
use crate::kinds::{Kind, Kinds};
use crate::log::Log;
use crate::rbac::RoleRules;
use crate::running::Running;
use crate::server::{Live, Server};
use crate::tls::{Identity, Problem, Tls};

/// A server could not be started.
#[derive(Debug)]
pub struct StartError(Problem);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "starting the simulated API server: {}", self.0)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// What is served.
#[derive(Debug)]
enum World {
    Demo,
    Cluster(Size),
    Objects(Vec<Value>),
}

/// A server that has not been started.
#[derive(Debug)]
pub struct Sim {
    world: World,
    kinds: Vec<Kind>,
    seed: u64,
    version: String,
    clock: Clock,
    user: String,
    tls: Option<Tls>,
    live: Live,
}

impl Sim {
    fn new(world: World) -> Self {
        Self {
            world,
            kinds: Vec::new(),
            seed: 1,
            version: "v1.34.1".into(),
            clock: Clock::Real(SignedDuration::ZERO),
            user: "sim:user".into(),
            tls: None,
            live: Live::default(),
        }
    }

    /// The demo: three nodes, a few dozen workloads, realistic problems and healthy look-alikes.
    pub fn demo() -> Self {
        Self::new(World::Demo)
    }

    /// A generated cluster, mostly healthy, whose objects are computed while they are sent.
    pub fn cluster(size: Size) -> Self {
        Self::new(World::Cluster(size))
    }

    /// Exactly these objects; `apiVersion` and `kind` decide where each is served.
    pub fn objects(objects: Vec<Value>) -> Self {
        Self::new(World::Objects(objects))
    }

    /// Serves one more kind, with or without objects.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// The same seed gives the same bytes.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// `gitVersion` of the server, such as `v1.34.1`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.into();
        self
    }

    /// Stops the server's clock at this time, for the `Date` header and for generated timestamps. Without it, it is the real time.
    #[must_use]
    pub fn date(mut self, at: Timestamp) -> Self {
        self.clock = Clock::Fixed(at);
        self
    }

    /// The server's clock is off by this much.
    #[must_use]
    pub fn skew(mut self, offset: SignedDuration) -> Self {
        self.clock = Clock::Real(offset);
        self
    }

    /// Name of the user that the credential belongs to.
    #[must_use]
    pub fn user(mut self, name: &str) -> Self {
        self.user = name.into();
        self
    }

    /// The user may do exactly this, besides discovery, health, version and access reviews. Without it everything may be read.
    #[must_use]
    pub fn allow_only(mut self, role: RoleRules) -> Self {
        self.live.role = Some(role);
        self
    }

    /// Only this bearer token is accepted: another one gets 401, none is `system:anonymous`.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.live.token = Some(token.into());
        self
    }

    /// A check of `/livez` and `/readyz` that fails, such as `etcd`.
    #[must_use]
    pub fn failing_check(mut self, name: &str) -> Self {
        self.live.failing.push(name.into());
        self
    }

    /// One more line of the fault script.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.live.faults.push(Arc::new(fault));
        self
    }

    /// Speaks TLS, in this way.
    #[must_use]
    pub fn tls(mut self, kind: Tls) -> Self {
        self.tls = Some(kind);
        self
    }

    /// The bodies of one list in pages of `limit` objects, as a reader gets them, without a server in between; nothing if
    /// the kind is not served.
    ///
    /// # Errors
    /// When the cluster cannot be made.
    pub fn pages(self, group: &str, version: &str, resource: &str, limit: usize) -> Result<Vec<Vec<u8>>, StartError> {
        let server = self.server(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(StartError)?;
        Ok(server.kinds.find(group, version, resource).map_or_else(Vec::new, |kind| server.pages(kind, limit.max(1))))
    }

    /// Listens on a free port of 127.0.0.1 and serves until the result is dropped. Needs a tokio runtime.
    ///
    /// # Errors
    /// When no port is free or a certificate cannot be made.
    pub async fn start(self) -> Result<Running, StartError> {
        self.listen().await.map_err(StartError)
    }

    async fn listen(self) -> Result<Running, Problem> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        // Clients check certificates against the true time, whatever the server's clock says.
        let identity = self
            .tls
            .map(|kind| Identity::new(kind, Clock::Real(SignedDuration::ZERO).now()))
            .transpose()?
            .map(Arc::new);
        let server = Arc::new(self.server(address)?);
        Ok(Running::new(listener, address, server, identity))
    }

    /// The same for callers without a runtime: the server gets a thread of its own.
    ///
    /// # Errors
    /// As [`Sim::start`].
    pub fn start_in_thread(self) -> Result<Running, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| StartError(e.into()))?;
        let running = runtime.block_on(self.start())?;
        Ok(running.with_runtime(runtime))
    }

    fn server(self, address: SocketAddr) -> Result<Server, Problem> {
        let mut kinds = Kinds::built_in();
        for kind in self.kinds {
            kinds.add(kind);
        }
        let now = self.clock.now();
        let content: Arc<dyn Content> = match self.world {
            World::Cluster(size) => Arc::new(Generated::new(self.seed, size, now, &kinds)),
            World::Objects(objects) => Arc::new(Held::new(objects, &mut kinds)),
            World::Demo => {
                let own = self.tls.is_some().then_some(address);
                Arc::new(Held::new(crate::demo::objects(self.seed, now, own)?, &mut kinds))
            }
        };
        Ok(Server {
            kinds,
            content,
            version: self.version,
            clock: self.clock,
            user: self.user,
            certificates: self.tls == Some(Tls::RequireClientCert),
            live: RwLock::new(self.live),
            log: Log::default(),
        })
    }
}
