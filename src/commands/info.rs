//! `info`: what the target is, and how that was found out.

use super::cells::{Hex, Time, number, plain, plain_maybe};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::OsLayer;
use crate::os::windows::registry::machine;
use crate::session::Session;
use schemars::JsonSchema;
use serde::Serialize;

/// Show what the image is: format, architecture, operating system, and how they were found
#[derive(clap::Args, Debug)]
pub struct Info {}

/// The target.
#[derive(Serialize, JsonSchema)]
pub struct InfoRow {
    /// The image's file.
    image: ImagePart,
    /// Architecture.
    arch: Option<String>,
    /// Page tables.
    paging: Option<Paging>,
    /// Operating system.
    os: Option<OsPart>,
    /// What was tried, and what won.
    detection: Vec<Step>,
    /// What the analyst should know.
    warnings: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct ImagePart {
    path: String,
    format: String,
    /// Size of the file in bytes; null where the target is no file.
    size: Option<u64>,
    /// Size of the memory in it, in bytes.
    memory_size: u64,
    /// Physical memory that it holds; `end` is the first address after a range.
    ranges: Vec<Range>,
    /// How the file is compressed as a whole.
    compressed: Option<String>,
    /// Further facts of the file's header, in the format's own terms; which there are depends on the format.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    details: serde_json::Map<String, serde_json::Value>,
    /// Processors that the file recorded.
    cpus: Vec<CpuPart>,
}

/// What the file recorded of a processor; null where it did not.
#[derive(Serialize, JsonSchema)]
struct CpuPart {
    /// Page-table root as the register holds it (CR3, TTBR0_EL1, satp).
    root: Option<Hex>,
    /// Root of the upper half (TTBR1_EL1).
    root_upper: Option<Hex>,
    cr0: Option<Hex>,
    cr4: Option<Hex>,
    efer: Option<Hex>,
    instruction_pointer: Option<Hex>,
}

/// From `start` to before `end`.
#[derive(Serialize, JsonSchema)]
pub struct Range {
    /// First address.
    pub start: Hex,
    /// First address after it.
    pub end: Hex,
}

#[derive(Serialize, JsonSchema)]
struct Paging {
    mode: String,
    levels: usize,
    page_size: u64,
    /// Physical address of the kernel's page-table root.
    root: Hex,
}

#[derive(Serialize, JsonSchema)]
struct OsPart {
    kind: String,
    name: String,
    version: String,
    build: Option<String>,
    kernel_base: Option<Hex>,
    kernel_size: Option<u64>,
    kaslr_slide: Option<Hex>,
    boot_time: Option<Time>,
    hostname: Option<String>,
    cpus: Option<u32>,
    /// What the registry says of the system (Windows); null on others.
    registry: Option<RegistryPart>,
}

/// What the registry says of the system; null where it can't be read there.
#[derive(Serialize, JsonSchema)]
struct RegistryPart {
    /// Product (`ProductName`).
    product: Option<String>,
    /// Release (`DisplayVersion` or `ReleaseId`, `22H2`).
    release: Option<String>,
    /// When it was installed (`InstallDate`).
    installed: Option<Time>,
    /// When it was last shut down (`ShutdownTime`).
    shutdown: Option<Time>,
    /// Its time zone (`TimeZoneKeyName`, before Vista `StandardName`).
    time_zone: Option<String>,
    /// Minutes to add to its own time for UTC (`ActiveTimeBias`).
    time_bias: Option<i32>,
    /// Its domain.
    domain: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Step {
    /// What was looked for.
    step: String,
    /// How.
    method: String,
    found: bool,
    /// What was found, or why not.
    detail: String,
    /// How long it took; null where it was not measured.
    milliseconds: Option<f64>,
}

impl Command for Info {
    type Row = InfoRow;
    const NAME: &'static str = "info";
    const ALIASES: &'static [&'static str] = &["sys", "vertarget"];
    const SUMMARY: &'static str = "Show what the image is, and how that was found out";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("info", "format, architecture, system"), ("info --json", "for jq")];

    fn run(self, cx: &Context, out: &mut Rows<'_, InfoRow>) -> Result<()> {
        let session = cx.session()?;
        let layer = session.os();
        let facts = session.facts();
        let mut warnings = facts.warnings.clone();
        warnings.extend(session.changed());
        warnings.extend(session.image().damage());
        if let Ok(layer) = &layer {
            if let Some((map, kernel)) = layer.linux.as_ref().and_then(|k| Some((k.linear.as_ref()?, k))) {
                map.look(kernel);
            }
            warnings.extend(layer.warned());
        }
        let kernel = layer.as_ref().ok().map(|l| &l.kernel);
        let row = InfoRow {
            image: ImagePart {
                path: facts.path.to_string_lossy().into_owned(),
                format: facts.format.clone(),
                size: session.image().has_file().then_some(facts.size),
                memory_size: facts.memory_size,
                ranges: facts
                    .ranges
                    .iter()
                    .map(|r| Range { start: r.start.into(), end: r.start.saturating_add(r.size).into() })
                    .collect(),
                compressed: facts.compressed.clone(),
                details: details(session),
                cpus: session.image().cpus.iter().map(processor).collect(),
            },
            arch: match (&session.image().process, kernel) {
                (Some(process), _) => Some(process.machine.clone()),
                (None, Some(kernel)) => Some(kernel.format().arch.name().to_owned()),
                (None, None) => session.image().machine.clone(),
            },
            paging: kernel.filter(|k| !k.is_flat()).map(|k| Paging {
                mode: k.format().mode.to_owned(),
                levels: k.format().depth,
                page_size: k.format().page_size(),
                root: k.upper_root().into(),
            }),
            os: layer.as_ref().ok().map(|l| os_part(l)),
            detection: steps(session),
            warnings,
        };
        out.push(&row)?;
        layer.map(drop).map_err(Into::into)
    }
}

/// What the header says, and where it is counted, what was asked of the connector until now.
fn details(session: &Session) -> serde_json::Map<String, serde_json::Value> {
    let image = session.image();
    let counted = image.metrics.as_ref().map(|m| m.words(&image.memory)).unwrap_or_default();
    let counted = counted.into_iter().map(|(k, v)| (format!("connector_{k}"), v));
    image.facts.details.iter().cloned().chain(counted).map(|(k, v)| (k, v.into())).collect()
}

fn processor(cpu: &crate::image::CpuState) -> CpuPart {
    let hex = |value: Option<u64>| value.map(|v| Hex(crate::umem::from(v)));
    CpuPart {
        root: hex(cpu.root),
        root_upper: hex(cpu.root_upper),
        cr0: hex(cpu.cr0),
        cr4: hex(cpu.cr4),
        efer: hex(cpu.efer),
        instruction_pointer: cpu.instruction_pointer.map(Hex::from),
    }
}

fn os_part(layer: &OsLayer) -> OsPart {
    let i = layer.os.os_info();
    let facts = layer.windows.as_ref().map(|kernel| machine::facts(kernel));
    OsPart {
        kind: plain(&i.kind),
        name: plain(&i.name),
        version: plain(&i.version),
        build: plain_maybe(&i.build),
        kernel_base: i.kernel_base.get().map(Hex::from),
        kernel_size: i.kernel_size.get().map(number),
        kaslr_slide: i.kaslr_slide.get().map(Hex),
        boot_time: i.boot_time.get().map(Time),
        hostname: plain_maybe(&i.hostname).or_else(|| facts.as_ref()?.name.clone()),
        cpus: i.cpus.get(),
        registry: facts.map(|f| RegistryPart {
            product: f.product,
            release: f.release,
            installed: f.installed.map(Time),
            shutdown: f.shutdown.map(Time),
            time_zone: f.time_zone,
            time_bias: f.time_bias,
            domain: f.domain,
        }),
    }
}

fn steps(session: &Session) -> Vec<Step> {
    let image = session.image().detection.iter().map(|line| {
        let (step, detail) = line.split_once(": ").unwrap_or(("image", line));
        Step {
            step: step.to_owned(),
            method: "content of the file".to_owned(),
            found: !["no, ", "none of", "none known"].iter().any(|no| detail.starts_with(no)),
            detail: detail.to_owned(),
            milliseconds: None,
        }
    });
    let system = session.detection().iter().map(|s| Step {
        step: s.step.clone(),
        method: s.method.clone(),
        found: s.found,
        detail: s.detail.clone(),
        // Microseconds are as fine as anybody needs.
        milliseconds: Some((s.time.as_secs_f64() * 1e6).round() / 1e3),
    });
    image.chain(system).collect()
}
