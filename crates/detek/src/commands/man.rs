//! `detek man`: one manual page for each command.

use crate::{
    cli,
    failure::{Code, Failure},
    output::{Destination, write},
};
use clap_mangen::Man;
use std::path::Path;

pub(super) fn man(directory: &Path, program: &'static str) -> Result<u8, Failure> {
    let unwritable = |why: &std::io::Error| {
        Failure::new(Code::Output, format!("cannot write {}", directory.display())).line("cause", why.to_string())
    };
    std::fs::create_dir_all(directory).map_err(|why| unwritable(&why))?;
    let mut command = cli::command(program);
    command.build();
    let pages = std::iter::once(&command).chain(command.get_subcommands());
    for page in pages {
        let name = page.get_display_name().unwrap_or(page.get_name()).to_owned();
        let mut bytes = Vec::new();
        Man::new(page.clone()).title(&name).render(&mut bytes).map_err(|why| unwritable(&why))?;
        write(&Destination::File(directory.join(format!("{name}.1"))), &bytes)?;
    }
    Ok(0)
}
