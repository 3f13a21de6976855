//! `memsh TARGET serve`: gives a target out to another machine's memsh.

use super::args::TargetArgs;
use super::interrupt;
use super::run::{report_lines, usage};
use crate::commands::failure::Result;
use crate::live::remote::{self, PORT, ServeOptions, Served};
use crate::live::socket::Address;
use crate::session::Session;
use clap::{CommandFactory, FromArgMatches};
use std::path::PathBuf;

/// Give the target out to `memsh -C remote:..` on another machine, until Ctrl-C
#[derive(clap::Parser, Debug)]
#[command(name = "memsh TARGET serve", no_binary_name = true)]
pub struct Serve {
    /// Where to listen: host:port or unix:/path; other machines reach what is not loopback
    #[arg(long, value_name = "WHERE", default_value = "127.0.0.1:9797")]
    listen: String,
    /// File with the token that clients must show; without it one is made and printed
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
}

impl Serve {
    /// Reads the words behind `serve`; none where they ask for help, which is the text then.
    ///
    /// # Errors
    /// A usage error for what is not known.
    pub fn parse(words: &[String]) -> Result<std::result::Result<Self, String>> {
        let read = Self::command().try_get_matches_from(words).and_then(|m| {
            let mut serve = Self::from_arg_matches(&m)?;
            serve.target = serve.target.in_order(&m);
            Ok(serve)
        });
        match read {
            Ok(serve) => Ok(Ok(serve)),
            Err(e) if e.use_stderr() => Err(usage(&e)),
            Err(e) => Ok(Err(e.render().to_string())),
        }
    }

    /// The options of the target, with those that stood before `serve`.
    pub fn target(&self, before: TargetArgs) -> TargetArgs {
        let layers = [before.layers.as_slice(), &self.target.layers].concat();
        TargetArgs { layers, ..self.target.clone().or(before) }
    }

    /// Serves until Ctrl-C.
    ///
    /// # Errors
    /// When the token or the address is of no use.
    pub fn run(&self, session: &Session, write: bool) -> Result<()> {
        let token = match &self.token_file {
            Some(path) => remote::token(path)?,
            None => remote::random()?.into_bytes(),
        };
        let listening = remote::listen(&Address::parse(&self.listen, "--listen", Some(PORT))?)?;
        let mut lines = vec![format!("listening on {}", listening.address)];
        lines.push(format!("fingerprint {}", listening.fingerprint()));
        if self.token_file.is_none() {
            lines.push(format!("token {}", String::from_utf8_lossy(&token)));
        }
        lines.push(format!("serving {}, {}", session.name(), if write { "also for writing" } else { "for reading only" }));
        report_lines(&lines);
        // A raw image's memory begins where its system says.
        let _ = session.memory();
        let tell = |event: Served| {
            report_lines(&[match event {
                Served::Came(from) => format!("{from}: came"),
                Served::Gone(from) => format!("{from}: gone"),
                Served::Failed(from, why) => format!("{from}: {why}"),
            }]);
        };
        let options = ServeOptions { token, write, interrupt: Some(&interrupt::FLAG) };
        Ok(listening.serve(session.image(), &options, &tell)?)
    }
}
