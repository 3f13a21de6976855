//! What is asked for.

use memsh_plugin::CommandRequest;
use std::path::PathBuf;
use std::time::Duration;

/// What is put to the rules at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole space.
    Space,
    /// Each region of it.
    Region,
    /// Each program and library in it, as a file.
    Image,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Physical,
    Kernel,
    Process(u32),
    Every,
}

/// The arguments.
#[derive(Clone, Debug)]
pub struct Request {
    pub rules: Vec<String>,
    pub place: Where,
    pub unit: Unit,
    pub define: Vec<String>,
    pub tags: Vec<String>,
    pub max: Option<u64>,
    pub matches: usize,
    pub timeout: Option<Duration>,
    pub relaxed: bool,
    pub warnings: bool,
    pub color: bool,
    pub cache: Option<PathBuf>,
}

impl Request {
    /// Takes them from what the host checked.
    pub fn of(request: &CommandRequest) -> Self {
        let given = &request.arguments;
        let lines = |name: &str| -> Vec<String> {
            let text = given.get(name).unwrap_or_default();
            text.lines().map(str::to_owned).filter(|l| !l.is_empty()).collect()
        };
        let pid = given.number("pid").and_then(|n| u32::try_from(n).ok());
        let place = match pid {
            _ if given.flag("all") => Where::Every,
            Some(pid) => Where::Process(pid),
            None if given.flag("kernel") => Where::Kernel,
            None => Where::Physical,
        };
        let unit = match () {
            () if given.flag("images") => Unit::Image,
            () if given.flag("regions") => Unit::Region,
            () => Unit::Space,
        };
        Self {
            rules: lines("rules"),
            place,
            unit,
            define: lines("define"),
            tags: lines("tag"),
            max: given.number("max"),
            matches: given.number("matches").and_then(|n| usize::try_from(n).ok()).unwrap_or(10_000).max(1),
            timeout: given.number("timeout").map(Duration::from_millis),
            relaxed: given.flag("relaxed"),
            warnings: given.flag("warnings"),
            color: given.flag("color"),
            cache: given.get("cache").filter(|c| !c.is_empty()).map(PathBuf::from),
        }
    }
}
