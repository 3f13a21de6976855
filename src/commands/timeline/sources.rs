//! The commands whose rows have times, and how a row of theirs reads as an event.

use super::Kind;
use crate::session::Session;
use serde_json::Value;

/// What the target is, as far as it decides whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Memory of Linux.
    Linux,
    /// Memory of Windows.
    Windows,
    /// Anything else: the running machine, a plugin's system, nothing that is known.
    Other,
}

impl System {
    /// The system of a target.
    pub fn of(session: &Session) -> Self {
        match session.os() {
            Ok(layer) if layer.linux.is_some() => System::Linux,
            Ok(layer) if layer.windows.is_some() => System::Windows,
            _ => System::Other,
        }
    }
}

/// A command whose rows have times.
pub struct Source {
    /// Where it is asked.
    pub systems: &'static [System],
    /// What its events are about.
    pub kind: Kind,
    /// Its line.
    pub command: &'static str,
    /// Where a row is not the answer itself but stands in these members of it, one after the other.
    pub inside: &'static [&'static str],
    /// Fields with times, and what happened then.
    pub times: &'static [(&'static str, &'static str)],
    /// Fields that say what it happened to: the first that there is, and with it the second group's.
    pub what: &'static [&'static [&'static str]],
    /// The field with the process's name.
    pub process: &'static str,
    /// Whether a target may well do without it.
    pub spare: bool,
}

/// What an event is about.
pub struct About<'r> {
    /// What it happened to.
    pub what: &'r str,
    /// The process.
    pub pid: Option<u32>,
    /// Its name.
    pub process: Option<&'r str>,
    /// Where the structure lies.
    pub address: Option<&'r str>,
}

const LINUX: &[System] = &[System::Linux];
const WINDOWS: &[System] = &[System::Windows];
const KERNELS: &[System] = &[System::Linux, System::Windows];

const BASE: Source = Source {
    systems: KERNELS,
    kind: Kind::System,
    command: "info",
    inside: &[],
    times: &[],
    what: &[],
    process: "",
    spare: false,
};

/// Whom to ask, in the order in which events of the same moment stand.
pub static SOURCES: &[Source] = &[
    Source { inside: &["os"], times: &[("boot_time", "started")], what: &[&["name"], &["version"], &["hostname"]], ..BASE },
    Source {
        systems: WINDOWS,
        inside: &["os", "registry"],
        times: &[("installed", "installed"), ("shutdown", "shut down")],
        what: &[&["product"], &["release"]],
        ..BASE
    },
    Source {
        kind: Kind::Process,
        command: "ps --scan",
        times: &[("start_time", "started"), ("exit_time", "ended")],
        what: &[&["command_line", "image_path", "name"]],
        process: "name",
        ..BASE
    },
    Source {
        systems: &[System::Other],
        kind: Kind::Process,
        command: "ps",
        times: &[("start_time", "started"), ("exit_time", "ended")],
        what: &[&["command_line", "image_path", "name"]],
        process: "name",
        ..BASE
    },
    Source {
        kind: Kind::Shell,
        command: "history",
        times: &[("time", "typed")],
        what: &[&["command"]],
        process: "name",
        spare: true,
        ..BASE
    },
    Source {
        systems: LINUX,
        kind: Kind::Log,
        command: "kmsg",
        times: &[("timestamp", "logged")],
        what: &[&["message"]],
        process: "process",
        ..BASE
    },
    Source {
        systems: LINUX,
        kind: Kind::File,
        command: "pagecache --all",
        times: &[("mtime", "modified"), ("ctime", "changed"), ("atime", "accessed")],
        what: &[&["path"]],
        ..BASE
    },
    Source {
        systems: LINUX,
        kind: Kind::Bpf,
        command: "bpf",
        times: &[("load_time", "loaded")],
        what: &[&["type"], &["name"]],
        process: "process",
        spare: true,
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Network,
        command: "net",
        times: &[("created", "opened")],
        what: &[&["protocol"], &["local_address"], &["local_port"], &["remote_address"], &["remote_port"], &["state"]],
        process: "process",
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Module,
        command: "drivers --unloaded",
        times: &[("unload_time", "unloaded")],
        what: &[&["name"]],
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Service,
        command: "services",
        times: &[("last_written", "configured")],
        what: &[&["name"], &["service_dll", "image_path", "binary"]],
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Registry,
        command: "hives",
        times: &[("file_written", "hive written")],
        what: &[&["path", "file"]],
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Registry,
        command: r"reg ls \REGISTRY\MACHINE --recurse --keys",
        times: &[("last_written", "key changed")],
        what: &[&["path"]],
        ..BASE
    },
    Source {
        systems: WINDOWS,
        kind: Kind::Registry,
        command: r"reg ls \REGISTRY\USER --recurse --keys",
        times: &[("last_written", "key changed")],
        what: &[&["path"]],
        ..BASE
    },
];

impl Source {
    /// Hands the events of a row to `each`: which of the times it is, the moment in nanoseconds since 1970, what it is about.
    pub fn events(&self, row: &Value, each: &mut dyn FnMut(usize, i64, &About<'_>)) {
        let row = self.inside.iter().try_fold(row, |row, key| row.get(key));
        let Some(row) = row.filter(|r| r.is_object()) else { return };
        let text = |key: &str| row.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
        let mut what = String::new();
        for group in self.what {
            let found = group.iter().find_map(|key| row.get(*key).and_then(word));
            if let Some(word) = found {
                if !what.is_empty() {
                    what.push(' ');
                }
                what.push_str(&word);
            }
        }
        let about = About {
            what: if what.is_empty() { "(its name is lost)" } else { &what },
            pid: row.get("pid").and_then(Value::as_u64).and_then(|p| u32::try_from(p).ok()),
            process: text(self.process),
            address: text("address"),
        };
        for (which, (key, _)) in self.times.iter().enumerate() {
            if let Some(time) = text(key).and_then(moment) {
                each(which, time, &about);
            }
        }
    }
}

/// A field as a word.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// The nanoseconds since 1970 of a moment in RFC 3339 and UTC, which may be cut short anywhere behind the day.
pub fn moment(text: &str) -> Option<i64> {
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (day, clock) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let mut date = day.splitn(3, '-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=9999).contains(&year) || !(1..=days).contains(&day) {
        return None;
    }
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = [0i64; 3];
    if !whole.is_empty() {
        for (i, part) in whole.split(':').enumerate() {
            *parts.get_mut(i)? = part.parse().ok().filter(|v| (0..=60).contains(v))?;
        }
    }
    let [hours, minutes, seconds] = parts;
    if hours > 23 || minutes > 59 || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    // Howard Hinnant's days_from_civil: years that begin in March make leap days come last.
    let y = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    let total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    total.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::commands::cells::Time;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn rows_become_events() {
        let source = SOURCES.iter().find(|s| s.command == "ps --scan").unwrap();
        let row = json!({"pid": 7, "name": "sh", "command_line": null, "image_path": "/bin/sh",
            "start_time": "2026-11-20T12:43:50Z", "exit_time": null, "address": "0x10"});
        let mut seen = Vec::new();
        source.events(&row, &mut |which, time, about| {
            seen.push((which, Time(time).to_string(), about.what.to_owned(), about.pid, about.process.map(str::to_owned)));
        });
        assert_eq!(seen, [(0, "2026-11-20T12:43:50Z".to_owned(), "/bin/sh".to_owned(), Some(7), Some("sh".to_owned()))]);
        source.events(&json!({"start_time": "no time"}), &mut |_, _, _| panic!());
        source.events(&json!(7), &mut |_, _, _| panic!());
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "2024", "2024-13-01", "2024-01-40", "2024-01-01T25:00", "2024-01-01T1:2:3:4", "2024-01-01T00:00:00.x"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_a_time_is_written_as_is_read_again(nanos in -62_000_000_000_i64..200_000_000_000, small in 0..1_000_000_000_i64) {
            // Years 5 to 8300, of which those that fit.
            if let Some(nanos) = nanos.checked_mul(1_000_000_000).and_then(|n| n.checked_add(small)) {
                prop_assert_eq!(moment(&Time(nanos).to_string()), Some(nanos));
            }
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            let _ = moment(&text);
        }
    }
}
