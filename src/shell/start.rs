//! The program's own command line.

use super::args::{Root, TargetArgs, Writes, parser, whole};
use super::builtin::{self, plain_number};
use super::fleet::Fleet;
use super::host::{Shell, progress_allowed};
use super::line::{Line, Output};
use super::progress::Bar;
use super::run::{Ended, Parsed, report_lines, usage};
use super::{alias, folders, interrupt, repl, source, symbolpath, waiting};
use crate::arch::{Arch, Paging};
use crate::commands::context::{Host, Meter};
use crate::commands::failure::{Failure, Result, exit};
use crate::commands::find;
use crate::image::{OpenOptions, Progress};
use crate::live::duration;
use crate::os::Hints;
use crate::plugins::chain::LayerSpec;
use crate::session::{Options, Session, Target};
use crate::{ErrorKind, PhysAddr, VirtAddr};
use anyhow::Context as _;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Commands that need no target.
const WITHOUT_TARGET: &[&str] = &["help", "schema", "completions", "man"];

/// Gives a target out; it wants one, and has no rows.
const SERVE: &str = "serve";

/// Shows a target to other programs, which wait for it.
const MOUNT: &str = "mount";

/// Runs the program and gives its exit status.
pub fn main(arguments: impl Iterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.collect();
    #[cfg(target_os = "linux")]
    if let [_, word, file, symbol] = arguments.as_slice()
        && word == crate::plugins::isolate::ARGUMENT
    {
        return match host_plugin(file.as_ref(), &symbol.to_string_lossy()) {
            Ok(()) => exit::SUCCESS,
            Err(failure) => {
                report_lines(&failure.lines());
                failure.status()
            }
        };
    }
    interrupt::install();
    let arguments = arguments.into_iter();
    match start(arguments.skip(1).collect()) {
        Ok(ended) => ended.status,
        Err(error) => {
            report_in(&error);
            error.downcast_ref::<Failure>().map_or(exit::FAILURE, Failure::status)
        }
    }
}

/// Says how the program failed: the failure, what it was doing then (anyhow's context), and the hint.
fn report_in(error: &anyhow::Error) {
    let Some(failure) = error.downcast_ref::<Failure>() else {
        report_lines(&[format!("memsh: {error:#}")]);
        return;
    };
    let mut lines = failure.lines();
    let context = error.to_string();
    // A failure without a context of its own is its own outermost text.
    if context != failure.to_string() && !lines.is_empty() {
        lines.insert(1, format!("  while {context}"));
    }
    report_lines(&lines);
}

/// The command line in its two parts.
struct Parts {
    root: Vec<OsString>,
    /// Images behind the first.
    more: Vec<PathBuf>,
    command: Vec<String>,
}

/// `MEMSH_PLUGIN_TIMEOUT=2s`: how long plugins may take to make something.
fn patience() -> Result<()> {
    let Some(text) = std::env::var_os("MEMSH_PLUGIN_TIMEOUT").filter(|v| !v.is_empty()) else { return Ok(()) };
    let limit = text.to_str().and_then(crate::live::duration).ok_or_else(|| {
        Failure::Usage("MEMSH_PLUGIN_TIMEOUT is not a time".to_owned(), Some("as in 500ms, 30s, 2min".to_owned()))
    })?;
    crate::plugins::set_patience(limit);
    Ok(())
}

fn start(arguments: Vec<OsString>) -> anyhow::Result<Ended> {
    patience()?;
    waiting::install();
    let parts = cut(arguments)?;
    let parsed = root(parts.root);
    let root = match parsed {
        Ok(root) => root,
        Err(e) if e.use_stderr() => return Err(usage(&e).into()),
        Err(e) => {
            // `memsh --help` shows the commands as well, which the root's own parser does not know.
            let text = match e.kind() {
                clap::error::ErrorKind::DisplayHelp => whole().render_long_help().to_string(),
                _ => e.render().to_string(),
            };
            std::io::stdout().write_all(text.as_bytes())?;
            return Ok(Ended::WELL);
        }
    };
    let root = with_command(root, &parts.command)?;
    let shell = |session, interactive| Shell::new(session, root.output.clone(), interactive);
    let one = Line { words: parts.command.clone(), output: Output::Stdout, text: super::own::joined(&parts.command) };
    let named = |c: &str| WITHOUT_TARGET.contains(&c);
    // Symbol files go to the store without an image, too, and plugins are nobody's.
    let alone = root.image.is_none() && root.target.layers.is_empty() && needs_no_target(&parts.command);
    let free = parts.command.first().is_some_and(|c| named(c)) || alone;
    if parts.command.first().is_some_and(|c| c == SERVE) {
        waiting::stay();
        return serve(root, parts.command.get(1..).unwrap_or_default());
    }
    let asks_for_help = parts.command.iter().any(|w| w == "--help" || w == "-h");
    if free || (asks_for_help && root.image.is_none()) {
        return Ok(shell(None, false).command(&one, None));
    }
    if !parts.more.is_empty() {
        return several(root, parts.more, &one);
    }
    // A typing error need not wait for the image to be opened.
    let first = shell(None, false);
    refuse(&first, &parts.command, &root.output)?;
    let (session, options) = open(&root)?;
    let interactive =
        parts.command.is_empty() && root.commands.is_none() && root.script.is_none() && std::io::stdin().is_terminal();
    if interactive || parts.command.first().is_some_and(|c| c == MOUNT) {
        waiting::stay();
    }
    let shell = shell(Some(session), interactive);
    shell.plugins.swap(&first.plugins);
    shell.others.replace(options);
    if let Some(path) = &root.target.log {
        shell.open_log(path, false)?;
    }
    tell(&shell);
    let ended = if !parts.command.is_empty() {
        shell.command(&one, None)
    } else if let Some(commands) = &root.commands {
        shell.line(commands)
    } else if let Some(path) = &root.script {
        script_file(&shell, path)?
    } else if !interactive {
        script(&shell, std::io::stdin().lines())
    } else {
        repl::run(&shell, !root.no_config)
    };
    if let Some(session) = &shell.session
        && let Some(metrics) = &session.image().metrics
    {
        for (name, value) in metrics.words(&session.image().memory) {
            shell.note(1, &format!("connector: {name}: {value}"));
        }
    }
    shell.close_log();
    Ok(ended)
}

/// Asks several images. No line is typed for them.
fn several(root: Root, more: Vec<PathBuf>, one: &Line) -> anyhow::Result<Ended> {
    if !root.target.layers.is_empty() {
        return Err(Failure::usage("-C and -O are for one target; several images are files").into());
    }
    let mut shell = Shell::new(None, root.output.clone(), false);
    if let Some(path) = &root.target.log {
        shell.open_log(path, false)?;
    }
    let (commands, from_file) = (root.commands.clone(), root.script.clone());
    let images = root.image.iter().cloned().chain(more).collect();
    shell.fleet = Some(Fleet { root, images });
    let ended = match (commands, from_file) {
        _ if !one.words.is_empty() => shell.command(one, None),
        (Some(commands), _) => shell.line(&commands),
        (None, Some(path)) => script_file(&shell, &path)?,
        (None, None) if !std::io::stdin().is_terminal() => script(&shell, std::io::stdin().lines()),
        (None, None) => {
            let hint = "memsh A.raw B.raw ps; -c and --script take more than one command".to_owned();
            return Err(
                Failure::Usage("which command? Several images are asked by the command line".to_owned(), Some(hint)).into()
            );
        }
    };
    shell.close_log();
    Ok(ended)
}

/// What stands before a command.
///
/// # Errors
/// clap's complaint, or the help that was asked for.
pub fn root(words: impl IntoIterator<Item = OsString>) -> Result<Root, clap::Error> {
    let matches = Root::command()
        .version(crate::built::line())
        .try_get_matches_from(std::iter::once(OsString::from("memsh")).chain(words))?;
    let mut root = Root::from_arg_matches(&matches)?;
    root.target = root.target.in_order(&matches);
    Ok(root)
}

/// Serves a target until Ctrl-C.
#[cfg(feature = "remote")]
fn serve(mut root: Root, words: &[String]) -> anyhow::Result<Ended> {
    let serve = match super::serve::Serve::parse(words)? {
        Ok(serve) => serve,
        Err(help) => {
            std::io::stdout().write_all(help.as_bytes())?;
            return Ok(Ended::WELL);
        }
    };
    root.target = serve.target(root.target);
    let (session, _) = open(&root)?;
    serve.run(&session, root.target.write.is_some())?;
    Ok(Ended::WELL)
}

#[cfg(not(feature = "remote"))]
fn serve(_: Root, _: &[String]) -> anyhow::Result<Ended> {
    let hint = "cargo build --release --features remote makes one that can".to_owned();
    Err(Failure::Usage("this memsh is built without `serve` and `-C remote`".to_owned(), Some(hint)).into())
}

/// Whether a command line asks nothing of a target.
fn needs_no_target(command: &[String]) -> bool {
    alias::expand(command).first().and_then(|name| find(name)).is_some_and(|spec| !spec.needs_target)
}

/// What the analyst should know of the image, and with `-v` how it was recognised.
fn tell(shell: &Shell) {
    let Some(session) = &shell.session else { return };
    for warning in &session.facts().warnings {
        shell.warn(&format!("warning: {warning}"));
    }
    for line in symbolpath::ignored() {
        shell.note(1, &line);
    }
    for line in &session.image().detection {
        shell.note(1, line);
    }
}

fn script_file(shell: &Shell, path: &Path) -> Result<Ended> {
    let text = source::text_of(path)?;
    Ok(script(shell, text.lines().map(|l| Ok(l.to_owned()))))
}

fn script(shell: &Shell, lines: impl Iterator<Item = std::io::Result<String>>) -> Ended {
    let mut ended = Ended::WELL;
    shell.pages.set(false);
    for line in lines {
        let Ok(line) = line else {
            shell.report(&Failure::usage("the script is not UTF-8 text"));
            return ended.then(Ended { status: exit::USAGE, quit: true });
        };
        ended = ended.then(shell.line(&line));
        if ended.quit || ended.status == exit::INTERRUPTED {
            break;
        }
    }
    ended
}

/// Finds the image and the command among the words; what stands before the command is the root's.
fn cut(arguments: Vec<OsString>) -> Result<Parts> {
    let root = Root::command();
    let takes_value = |word: &str| {
        root.get_arguments().any(|a| {
            let named = match word.strip_prefix("--") {
                Some(long) => a.get_long() == Some(long),
                // The last of joined short options may take the next word.
                None => word.chars().last().is_some_and(|c| a.get_short() == Some(c)) && word.chars().count() == 2,
            };
            // `--write`, `--write=phys`: the next word is none of its own.
            named && a.get_action().takes_values() && !a.is_require_equals_set()
        })
    };
    let mut parts = Parts { root: Vec::new(), more: Vec::new(), command: Vec::new() };
    let mut words = arguments.into_iter();
    let mut target = false;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if text.starts_with('-') && text.len() > 1 {
            target |= ["-C", "--connector", "-O", "--os"].iter().any(|option| text.starts_with(option));
            let value = takes_value(&text);
            parts.root.push(word);
            if value {
                parts.root.extend(words.next());
            }
            continue;
        }
        // `memsh ps --help`: no image can be meant where a command's name stands and no such file is there. A folder is no image.
        let command = alias::expand(std::slice::from_ref(&text)).first().is_some_and(|name| find(name).is_some());
        let path = Path::new(&word);
        let command = command && (!path.exists() || path.is_dir());
        // The tour brings its target along.
        if !target && text == "tutorial" && !Path::new(&word).exists() {
            target = true;
            parts.root.push(OsString::from("sample"));
        }
        let command = command || text == SERVE && !Path::new(&word).exists();
        if !target && !command && !WITHOUT_TARGET.contains(&text.as_str()) {
            target = true;
            parts.root.push(word);
            continue;
        }
        // A further image, unless a command has that name.
        let further = path.is_file() || ["http://", "https://", "s3://"].iter().any(|scheme| text.starts_with(scheme));
        if target && further && !names_command(&text) {
            parts.more.push(PathBuf::from(word));
            continue;
        }
        let rest = std::iter::once(word)
            .chain(words)
            .map(|w| w.into_string().map_err(|w| Failure::usage(format!("{} is not UTF-8 text", w.to_string_lossy()))));
        parts.command = rest.collect::<Result<Vec<String>>>()?;
        break;
    }
    Ok(parts)
}

/// Whether a word means something as the first of a line, whatever files there are.
fn names_command(word: &str) -> bool {
    let ours = alias::expand(&[word.to_owned()]).first().is_some_and(|name| find(name).is_some());
    ours || builtin::NAMES.contains(&word) || alias::names().any(|name| name == word) || word == SERVE
}

/// Takes over the options for the target and the output that stand behind the command.
fn with_command(mut root: Root, command: &[String]) -> Result<Root> {
    let words = alias::expand(command);
    let Some(spec) = words.first().and_then(|name| find(name)) else { return Ok(root) };
    let parser = parser(spec, true);
    // Mistakes are reported when the command runs; here only the target's options matter.
    if let Ok(matches) = parser.try_get_matches_from(words.get(1..).unwrap_or_default()) {
        let behind = TargetArgs::from_arg_matches(&matches).map_err(|e| usage(&e))?.in_order(&matches);
        // What stands before the command comes first in a chain of layers.
        let layers = [root.target.layers.as_slice(), &behind.layers].concat();
        root.target = TargetArgs { layers, ..behind.or(root.target) };
        let behind = super::args::OutputArgs::from_arg_matches(&matches).map_err(|e| usage(&e))?;
        root.output = behind.or(&root.output);
    }
    Ok(root)
}

/// Refuses a command line that can't be run whatever the image is.
fn refuse(shell: &Shell, command: &[String], output: &super::args::OutputArgs) -> Result<(), Failure> {
    let words = shell.of_plugin(alias::translate(command).known()?.words);
    if builtin::is(shell, &words) {
        return Ok(());
    }
    match super::run::parsed(&words, true)? {
        (Parsed::Command(spec, matches), behind) => super::run::chosen(spec, &matches, &behind.or(output)).map(drop),
        (Parsed::Text(_), _) => Ok(()),
    }
}

fn open(root: &Root) -> anyhow::Result<(Session, Options)> {
    let bar = Bar::new("unpacking", 0, progress_allowed(&root.output));
    let progress = move |done, total| {
        bar.total(total);
        bar.at(done);
    };
    let (target, options) = planned(root, &interrupt::FLAG, progress)?;
    let session = opened(&target, options.clone()).map_err(|failure| match (&failure, &root.image) {
        // Where the failure names the file there is nothing to add.
        (Failure::Error(e), Some(path)) if root.target.layers.is_empty() && !e.reason().contains(&*path.to_string_lossy()) => {
            anyhow::Error::new(failure).context(format!("opening {}", path.display()))
        }
        (Failure::Error(_), _) if !root.target.layers.is_empty() => {
            let layers: Vec<String> = root.target.layers.iter().map(LayerSpec::written).collect();
            anyhow::Error::new(failure).context(format!("making {}", layers.join(", ")))
        }
        _ => failure.into(),
    })?;
    Ok((session, options))
}

/// What is to be opened, and how: `progress` is told of bytes done and of all; who sets `interrupt` ends long work.
///
/// # Errors
/// A usage error where an option makes no sense or names a file that is not there.
pub fn planned(
    root: &Root,
    interrupt: &'static AtomicBool,
    progress: impl Fn(u64, u64) + Send + Sync + 'static,
) -> anyhow::Result<(Target, Options)> {
    let t = &root.target;
    let target = match (&root.image, t.layers.as_slice()) {
        (Some(image), []) if image.as_os_str() == "sample" && !image.exists() => Target::Sample,
        (Some(image), []) if image.as_os_str() == "sample" => Target::Sample,
        (Some(image), []) => Target::File(image.clone()),
        (None, []) => {
            let hint = "memsh IMAGE COMMAND; memsh sample COMMAND asks the image inside memsh; memsh --help explains the rest"
                .to_owned();
            return Err(Failure::Usage("which image?".to_owned(), Some(hint)).into());
        }
        (image, layers) => Target::Chain(image.clone(), layers.to_vec()),
    };
    let number = |option: &str, value: &Option<String>| value.as_deref().map(|v| plain_number(option, v)).transpose();
    let arch = t.arch.as_deref().map(architecture).transpose()?;
    let progress = Progress::new(move |done, total| {
        progress(done, total);
        !interrupt.load(Ordering::Relaxed)
    });
    let options = Options {
        image: OpenOptions {
            format: t.format.clone(),
            base: number("--base", &t.base)?.map(PhysAddr::new),
            progress: Some(progress),
            interrupt: Some(interrupt),
            sidecars: t.sidecar.clone(),
            ..OpenOptions::default()
        },
        hints: Hints {
            arch,
            dtb: number("--dtb", &t.dtb)?.map(PhysAddr::new),
            kernel_base: number("--kernel-base", &t.kernel_base)?.map(VirtAddr::new),
            symbols: t.symbols.clone(),
            stores: symbolpath::stores().into_iter().chain(folders::symbols()).collect(),
            swap: t.swap.clone(),
            pagefile: t.pagefile.clone(),
            interrupt: Some(interrupt),
            ..Hints::default()
        },
        paging: arch.map(default_paging),
        write: t.write.is_some(),
        write_physical: t.write == Some(Writes::Phys),
        plugins: folders::plugins(),
        isolate: t.isolate.as_deref().map(isolate).transpose()?,
        cache: if t.no_cache { None } else { folders::cache() },
    };
    let given = [("--symbols", &t.symbols), ("--sidecar", &t.sidecar), ("--swap", &t.swap), ("--pagefile", &t.pagefile)];
    for (option, paths) in given {
        if let Some(path) = paths.iter().find(|p| !p.exists()) {
            return Err(Failure::usage(format!("{option}: there is no {}", path.display())).into());
        }
    }
    Ok((target, options))
}

/// Opens a target.
///
/// # Errors
/// When it can't be read or is nothing that memsh knows; a usage error for a layer that does not exist or takes other arguments.
pub fn opened(target: &Target, options: Options) -> Result<Session> {
    Session::open(target, options).map_err(|e| match e.kind() {
        ErrorKind::Invalid | ErrorKind::NotFound
            if matches!(target, Target::Chain(..)) && e.layer() == crate::Layer::Connector =>
        {
            Failure::Usage(e.reason().to_owned(), e.hint_text().map(str::to_owned))
        }
        _ => Failure::from(e),
    })
}

/// This program, as the one that hosts plugins, and how long a batch may take.
fn isolate(time: &str) -> anyhow::Result<(PathBuf, Duration)> {
    let wrong = || Failure::usage(format!("--isolate: {time} is no time (10s, 500ms)"));
    let time = duration(time).filter(|t| !t.is_zero()).ok_or_else(wrong)?;
    Ok((std::env::current_exe().context("looking for this program, which hosts plugins")?, time))
}

/// Serves a plugin to the process that started this one: its memory is stdin, its connection stdout.
#[cfg(target_os = "linux")]
fn host_plugin(file: &std::path::Path, symbol: &str) -> Result<()> {
    use std::os::fd::{AsFd, OwnedFd};
    let own = |fd: std::io::Result<OwnedFd>| fd.map_err(Failure::Output);
    let memory = std::fs::File::from(own(std::io::stdin().as_fd().try_clone_to_owned())?);
    let socket = own(std::io::stdout().as_fd().try_clone_to_owned())?;
    // What a plugin prints must not get in between.
    rustix::stdio::dup2_stdout(std::io::stderr()).map_err(std::io::Error::from)?;
    Ok(crate::plugins::isolate::serve(file, symbol, socket.into(), &memory)?)
}

fn architecture(name: &str) -> Result<Arch> {
    let known = match name {
        "amd64" | "x64" => Some(Arch::X86_64),
        "arm64" => Some(Arch::AArch64),
        "armhf" | "armv7" | "armv7l" => Some(Arch::Arm),
        "i386" | "i686" => Some(Arch::X86),
        name => Arch::from_name(name),
    };
    known.ok_or_else(|| Failure::usage(format!("--arch: {name} is not x86, x86_pae, x86_64, aarch64, arm or riscv64")))
}

/// The paging mode that `--dtb` means where no operating system says otherwise: the commonest of the architecture.
fn default_paging(arch: Arch) -> Paging {
    let of_arch = |p: &&Paging| p.format().arch == arch;
    match arch {
        Arch::AArch64 => Paging::AArch64K4B48,
        Arch::X86_64 => Paging::X86_64,
        _ => Paging::ALL.iter().find(of_arch).copied().unwrap_or(Paging::X86_64),
    }
}
