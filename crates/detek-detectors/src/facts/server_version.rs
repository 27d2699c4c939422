//! The version of the API server.

use crate::rows::ServerVersions;
use detek_core::{Documents, Fact, Values};

/// The minor version, if the server told one.
pub(crate) struct ServerMinor(pub(crate) Option<u32>);

impl Fact for ServerMinor {
    type Reads = (Documents<ServerVersions>,);

    fn build((versions,): Values<'_, Self::Reads>) -> Self {
        ServerMinor(versions.rows().find_map(|(_, version)| version.minor()))
    }
}
