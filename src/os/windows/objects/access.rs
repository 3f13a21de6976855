//! Access masks in words (winnt.h, `ACCESS_MASK` and the rights of each type of object).

/// Rights of every type.
const STANDARD: &[(u32, &str)] = &[
    (0x0001_0000, "delete"),
    (0x0002_0000, "read-control"),
    (0x0004_0000, "write-dac"),
    (0x0008_0000, "write-owner"),
    (0x0010_0000, "synchronize"),
    (0x0100_0000, "system-security"),
];

const PROCESS: &[(u32, &str)] = &[
    (0x1, "terminate"),
    (0x2, "create-thread"),
    (0x4, "set-session"),
    (0x8, "vm-operation"),
    (0x10, "vm-read"),
    (0x20, "vm-write"),
    (0x40, "dup-handle"),
    (0x80, "create-process"),
    (0x100, "set-quota"),
    (0x200, "set-information"),
    (0x400, "query-information"),
    (0x800, "suspend-resume"),
    (0x1000, "query-limited"),
    (0x2000, "set-limited"),
];

const THREAD: &[(u32, &str)] = &[
    (0x1, "terminate"),
    (0x2, "suspend-resume"),
    (0x8, "get-context"),
    (0x10, "set-context"),
    (0x20, "set-information"),
    (0x40, "query-information"),
    (0x80, "set-token"),
    (0x100, "impersonate"),
    (0x200, "direct-impersonation"),
    (0x400, "set-limited"),
    (0x800, "query-limited"),
    (0x1000, "resume"),
];

const FILE: &[(u32, &str)] = &[
    (0x1, "read"),
    (0x2, "write"),
    (0x4, "append"),
    (0x8, "read-ea"),
    (0x10, "write-ea"),
    (0x20, "execute"),
    (0x40, "delete-child"),
    (0x80, "read-attributes"),
    (0x100, "write-attributes"),
];

const KEY: &[(u32, &str)] = &[
    (0x1, "query-value"),
    (0x2, "set-value"),
    (0x4, "create-sub-key"),
    (0x8, "enumerate"),
    (0x10, "notify"),
    (0x20, "create-link"),
    (0x100, "wow64-64"),
    (0x200, "wow64-32"),
];

const SECTION: &[(u32, &str)] = &[
    (0x1, "query"),
    (0x2, "map-write"),
    (0x4, "map-read"),
    (0x8, "map-execute"),
    (0x10, "extend-size"),
    (0x20, "map-execute-explicit"),
];

const TOKEN: &[(u32, &str)] = &[
    (0x1, "assign-primary"),
    (0x2, "duplicate"),
    (0x4, "impersonate"),
    (0x8, "query"),
    (0x10, "query-source"),
    (0x20, "adjust-privileges"),
    (0x40, "adjust-groups"),
    (0x80, "adjust-default"),
    (0x100, "adjust-session"),
];

const DIRECTORY: &[(u32, &str)] = &[(0x1, "query"), (0x2, "traverse"), (0x4, "create-object"), (0x8, "create-subdirectory")];

/// Events, semaphores, timers and mutants: the last call their one right otherwise.
const WAITABLE: &[(u32, &str)] = &[(0x1, "query"), (0x2, "modify")];

/// The rights of a type, and the mask that means all of them.
fn rights(kind: &str) -> (&'static [(u32, &'static str)], Option<u32>) {
    match kind {
        "Process" => (PROCESS, Some(0x001f_0fff)),
        "Thread" => (THREAD, Some(0x001f_03ff)),
        "File" => (FILE, Some(0x001f_01ff)),
        "Key" => (KEY, Some(0x000f_003f)),
        "Section" => (SECTION, Some(0x000f_001f)),
        "Token" => (TOKEN, Some(0x000f_01ff)),
        "Directory" => (DIRECTORY, Some(0x000f_000f)),
        "Event" | "Semaphore" | "Timer" => (WAITABLE, Some(0x001f_0003)),
        "Mutant" => (&[(0x1, "query")], Some(0x001f_0001)),
        _ => (&[], None),
    }
}

/// What `mask` allows with an object of type `kind`: `vm-read vm-write`; `all` for all that its type had in XP, or more.
pub fn words(kind: &str, mask: u32) -> String {
    let (own, all) = rights(kind);
    if all.is_some_and(|all| mask & all == all) {
        return "all".to_owned();
    }
    let mut out: Vec<String> = Vec::new();
    let mut left = mask;
    for (bit, name) in own.iter().chain(STANDARD) {
        if left & bit != 0 {
            out.push((*name).to_owned());
            left &= !bit;
        }
    }
    if left != 0 {
        out.push(format!("{left:#x}"));
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_in_words() {
        assert_eq!(words("Process", 0x001f_ffff), "all");
        assert_eq!(words("Process", 0x102a), "create-thread vm-operation vm-write query-limited");
        assert_eq!(words("Key", 0x0002_0019), "query-value enumerate notify read-control");
        // What a type has no word for stays a number.
        assert_eq!(words("Etw", 0x0010_0804), "synchronize 0x804");
        assert_eq!(words("File", 0), "");
    }
}
