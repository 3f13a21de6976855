//! The options that every command takes, and the parsers made of the registry.

use crate::commands::{ALL, Spec};
use crate::plugins::chain::{Kind, LayerSpec};
use clap::{ArgAction, Args, Command, ValueEnum};
use std::path::PathBuf;

/// When to do something that suits terminals only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `--write` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Writes {
    /// Virtual addresses.
    Virt,
    /// Physical ones, too.
    Phys,
}

/// How answers are written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// One JSON value per command
    #[arg(long, overrides_with_all = ["jsonl", "csv", "table"])]
    pub json: bool,
    /// A JSON object per line, as found
    #[arg(long, overrides_with_all = ["json", "csv", "table"])]
    pub jsonl: bool,
    /// Comma-separated values
    #[arg(long, overrides_with_all = ["json", "jsonl", "table"])]
    pub csv: bool,
    /// Tables and words (the default)
    #[arg(long, overrides_with_all = ["json", "jsonl", "csv"])]
    pub table: bool,
    /// Only these columns, in this order
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub filter: Vec<String>,
    /// Sort the rows by these; -KEY: the largest first
    #[arg(long, value_name = "KEY,-KEY", value_delimiter = ',', allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// At most so many rows
    #[arg(long, value_name = "N", value_parser = limit)]
    pub limit: Option<usize>,
    /// No line of column names
    #[arg(long)]
    pub no_header: bool,
    /// Colours: auto (on a terminal), always, never
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<When>,
    /// No warnings and no progress
    #[arg(short, long)]
    pub quiet: bool,
    /// Say what is being done, on stderr; twice: in detail
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Progress bars: auto (on a terminal), always, never
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub progress: Option<When>,
    /// A partial answer is a failure (exit status 4)
    #[arg(long)]
    pub strict: bool,
    /// Long answers stay out of the pager
    #[arg(long)]
    pub no_pager: bool,
}

/// What to open, and what the user knows better than detection.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Architecture: x86, x86_pae, x86_64, aarch64, arm, riscv64
    #[arg(long, value_name = "NAME")]
    pub arch: Option<String>,
    /// Physical address of the kernel's page-table root
    #[arg(long, value_name = "ADDR")]
    pub dtb: Option<String>,
    /// Where the kernel lies
    #[arg(long, value_name = "ADDR")]
    pub kernel_base: Option<String>,
    /// File or folder with symbols and types; may be given several times
    #[arg(long, value_name = "PATH")]
    pub symbols: Vec<PathBuf>,
    /// Keep a transcript of commands and answers in this file (behind what it holds)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub log: Option<PathBuf>,
    /// Neither read nor write caches
    #[arg(long)]
    pub no_cache: bool,
    /// Skip detection of the image's format: raw, elf, lime, padded
    #[arg(id = "image_format", long = "format", value_name = "NAME")]
    pub format: Option<String>,
    /// Physical address of a raw image's first byte
    #[arg(long, value_name = "ADDR")]
    pub base: Option<String>,
    /// Swap partition or file of the machine, in the order of its areas on disks (repeatable)
    #[arg(long, value_name = "FILE")]
    pub swap: Vec<PathBuf>,
    /// Page file of the machine (pagefile.sys, then swapfile.sys, ...), in the order of their numbers (repeatable)
    #[arg(long, value_name = "FILE")]
    pub pagefile: Vec<PathBuf>,
    /// File that belongs to the image: a part of a split dump, a .vmss, a .vmem (repeatable)
    #[arg(long, value_name = "FILE")]
    pub sidecar: Vec<PathBuf>,
    /// Allow writes to a live target: to virtual addresses, or with =phys to physical ones too
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "virt")]
    pub write: Option<Writes>,
    /// Connector to a target, instead of an image or on the OS layer before it: NAME or NAME:ARGS (repeatable)
    #[arg(short = 'C', long = "connector", value_name = "NAME[:ARGS]")]
    pub connector: Vec<String>,
    /// OS layer on the connector before it; without one it is found out (repeatable)
    #[arg(short = 'O', long = "os", value_name = "NAME[:ARGS]")]
    pub os: Vec<String>,
    /// Run connectors' plugins in a process of their own; one batch may take TIME (30s)
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "30s")]
    pub isolate: Option<String>,
    /// Connectors and OS layers in the order in which they stand.
    #[arg(skip)]
    pub layers: Vec<LayerSpec>,
}

/// What stands on the command line before a command.
#[derive(clap::Parser, Clone, Debug, Default)]
#[command(name = "memsh", version, about = "A shell for memory forensics: point it at a memory image, and ask")]
pub struct Root {
    /// Memory image, or `sample` for the one inside memsh
    #[arg(value_name = "IMAGE")]
    pub image: Option<PathBuf>,
    /// Commands to run, separated by `;`
    #[arg(short = 'c', long = "command", value_name = "COMMANDS", conflicts_with = "script")]
    pub commands: Option<String>,
    /// File with commands to run, one or more per line
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Leave ~/.config/memsh/config out
    #[arg(long)]
    pub no_config: bool,
    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
}

fn limit(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number of rows, 1 or more".to_owned()),
        Ok(n) => Ok(n),
    }
}

impl OutputArgs {
    /// These, and where they say nothing, `other`.
    pub fn or(mut self, other: &OutputArgs) -> Self {
        if !(self.json || self.jsonl || self.csv || self.table) {
            (self.json, self.jsonl, self.csv, self.table) = (other.json, other.jsonl, other.csv, other.table);
        }
        if self.columns.is_empty() {
            self.columns.clone_from(&other.columns);
        }
        if self.filter.is_empty() {
            self.filter.clone_from(&other.filter);
        }
        if self.sort.is_empty() {
            self.sort.clone_from(&other.sort);
        }
        self.limit = self.limit.or(other.limit);
        self.no_header |= other.no_header;
        self.color = self.color.or(other.color);
        self.quiet |= other.quiet;
        self.verbose = self.verbose.max(other.verbose);
        self.progress = self.progress.or(other.progress);
        self.strict |= other.strict;
        self.no_pager |= other.no_pager;
        self
    }
}

impl TargetArgs {
    /// These, and where they say nothing, `other`.
    pub fn or(mut self, other: TargetArgs) -> Self {
        self.arch = self.arch.or(other.arch);
        self.dtb = self.dtb.or(other.dtb);
        self.kernel_base = self.kernel_base.or(other.kernel_base);
        self.symbols.extend(other.symbols);
        self.log = self.log.or(other.log);
        self.no_cache |= other.no_cache;
        self.format = self.format.or(other.format);
        self.base = self.base.or(other.base);
        self.swap.extend(other.swap);
        self.pagefile.extend(other.pagefile);
        self.sidecar.extend(other.sidecar);
        self.write = self.write.or(other.write);
        self.isolate = self.isolate.or(other.isolate);
        self.connector.extend(other.connector);
        self.os.extend(other.os);
        self.layers.extend(other.layers);
        self
    }

    /// These, with the layers in the order of the command line that `matches` are of.
    #[must_use]
    pub fn in_order(mut self, matches: &clap::ArgMatches) -> Self {
        let of = |kind, id: &str, written: &[String]| {
            let at = matches.indices_of(id).into_iter().flatten();
            at.zip(written.iter().map(|w| LayerSpec::new(kind, w))).collect::<Vec<_>>()
        };
        let mut layers = of(Kind::Connector, "connector", &self.connector);
        layers.extend(of(Kind::Os, "os", &self.os));
        layers.sort_by_key(|(at, _)| *at);
        self.layers = layers.into_iter().map(|(_, layer)| layer).collect();
        self
    }
}

/// Adds the options of `extra` to a command. `--format` is the image's, except where the command has one of its own (`dump`):
/// there the image's steps aside as `--image-format`.
fn with(command: Command, extra: &Command) -> Command {
    extra.get_arguments().fold(command, |command, arg| {
        let taken = |long: &str| command.get_arguments().any(|a| a.get_long() == Some(long));
        let arg = match arg.get_long() {
            Some("format") if taken("format") => arg.clone().long("image-format").hide(true),
            // `diff` has a target of its own.
            Some("connector") if taken("connector") => arg.clone().long("first-connector").short(None).hide(true),
            Some("os") if taken("os") => arg.clone().long("first-os").short(None).hide(true),
            _ => arg.clone(),
        };
        command.arg(arg)
    })
}

/// The parser of one command: its own arguments and those that every command takes. `one_shot` adds the target's.
pub fn parser(spec: &'static Spec, one_shot: bool) -> Command {
    let command = Command::new(spec.name).about(spec.summary).visible_aliases(spec.aliases.iter().copied());
    let command = (spec.arguments)(command).disable_version_flag(true).disable_help_flag(true);
    // One form of the help, the short one, whichever way it is asked for: it leaves the screen to the answers.
    let help = clap::Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help");
    let command = command.arg(help);
    let command = with(command, &OutputArgs::augment_args(Command::new("output")));
    let command = if one_shot { with(command, &TargetArgs::augment_args(Command::new("target"))) } else { command };
    let width = spec.examples.iter().map(|(line, _)| line.len()).max().unwrap_or(0);
    let examples: String = spec.examples.iter().map(|(line, what)| format!("  {line:<width$}  {what}\n")).collect();
    let prefix = if one_shot { "memsh IMAGE " } else { "" };
    command.bin_name(format!("{prefix}{}", spec.name)).after_help(format!("Examples:\n{examples}")).no_binary_name(true)
}

/// The whole command line as one parser, for the man page, completions and `memsh --help`. Words are not parsed by it.
pub fn whole() -> Command {
    let root = <Root as clap::CommandFactory>::command();
    let extra = |name: &'static str, about: &'static str| Command::new(name).about(about);
    let text_commands = [
        extra("schema", "Print the JSON Schema of a command's answer, or of all of them")
            .arg(clap::Arg::new("COMMAND").value_parser(ALL.iter().map(|s| s.name).collect::<Vec<_>>())),
        extra("completions", "Print completions for a shell")
            .arg(clap::Arg::new("SHELL").required(true).value_parser(clap::value_parser!(clap_complete::Shell))),
        extra("man", "Print the man page"),
        extra("help", "Explain a command").arg(clap::Arg::new("COMMAND")),
    ];
    root.subcommands(ALL.iter().map(|s| {
        let command = (s.arguments)(Command::new(s.name).about(s.summary).visible_aliases(s.aliases.iter().copied()));
        with(command, &OutputArgs::augment_args(Command::new("output"))).disable_version_flag(true)
    }))
    .subcommands(text_commands)
    .disable_help_subcommand(true)
    .override_usage(
        "memsh [OPTIONS] IMAGE [COMMAND [ARGS]]\n       memsh [OPTIONS] -C CONNECTOR[:ARGS] [-O OS[:ARGS]] [COMMAND [ARGS]]\n       memsh [OPTIONS] IMAGE -c 'COMMAND; COMMAND'\n       memsh sample COMMAND",
    )
    .after_help("`memsh IMAGE help COMMAND` explains a command; without one a shell opens.")
}
