//! `detek completions`.

use crate::{
    cli,
    failure::Failure,
    output::{Destination, write},
};

pub(super) fn completions(shell: clap_complete::Shell, program: &'static str) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut cli::command(program), "detek", &mut bytes);
    write(&Destination::Stdout, &bytes)?;
    Ok(0)
}
