#![allow(clippy::unwrap_used)]
use super::*;
use crate::commands::find;
use crate::shell::builtin;
use proptest::prelude::*;

fn meant(line: &str) -> Meant {
    let lines = crate::shell::line::split(line).unwrap();
    translate(&lines[0].words)
}

fn spoken(line: &str) -> String {
    meant(line).words.join(" ")
}

#[test]
fn every_line_of_the_tables_means_what_stands_there() {
    let mut wrong = Vec::new();
    for tool in TOOLS {
        for (typed, wanted) in tool.words.iter().chain(tool.forms) {
            let got = spoken(typed);
            let words = crate::shell::line::split(wanted).ok().and_then(|mut lines| lines.pop()).map(|line| line.words);
            // A word with spaces stands in quotes in the table.
            if got != *wanted && words != Some(meant(typed).words) {
                wrong.push(format!("{}: {typed}\n  wanted {wanted}\n     got {got}", tool.name));
            }
        }
        for (typed, _) in tool.absent {
            if meant(typed).absent.is_none() {
                wrong.push(format!("{}: {typed} is {}", tool.name, spoken(typed)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_meaning_is_a_command_that_there_is() {
    let mut missing = Vec::new();
    for tool in TOOLS {
        for (typed, meant) in tool.words.iter().chain(tool.forms) {
            let name = meant.split(' ').next().unwrap();
            let known = find(name).is_some() || builtin::NAMES.contains(&name) || name == "!";
            if !known {
                missing.push(format!("{typed}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_meaning_can_be_parsed() {
    let mut wrong = Vec::new();
    for tool in TOOLS {
        for (typed, _) in tool.words.iter().chain(tool.forms) {
            let words = meant(typed).words;
            let Some(spec) = find(&words[0]) else { continue };
            // A word alone may need an argument; what it must not have is one that nobody knows.
            let parsed = crate::shell::args::parser(spec, true).try_get_matches_from(&words[1..]);
            let unknown = parsed.err().filter(|e| e.kind() != clap::error::ErrorKind::MissingRequiredArgument);
            let scan = words.iter().any(|w| w == "--scan");
            if let Some(e) = unknown.filter(|_| !scan) {
                wrong.push(format!("{typed}: {words:?}: {}", e.to_string().lines().next().unwrap()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_meaning_means_itself() {
    let mut wrong = Vec::new();
    for tool in TOOLS {
        for (typed, _) in tool.words.iter().chain(tool.forms) {
            let once = meant(typed);
            let twice = translate(&once.words);
            if twice.words != once.words || twice.absent.is_some() && once.absent.is_none() {
                wrong.push(format!("{typed}: {:?} {:?}", once.words, twice));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn memshs_own_words_stay() {
    for line in [
        "ps -t",
        "ps -p 1",
        "ps -u",
        "read init_task -n 64",
        "scan needle",
        "scan -k --hex 'de ad'",
        "search needle",
        "search -k needle",
        "search -p 1 needle",
        "search -x 'de ad be ef' -k",
        "search -e 'a|b' -k",
        "s needle",
        "s --hex 4142",
        "set format json",
        "set",
        "vtop 1000",
        "vtop -p 1 0x1000",
        "pte init_task",
        "dt task_struct init_task",
        "dt -r task_struct",
        "info",
        "info --json",
        "modules -k",
        "x 0x1000",
        "x init_task",
        "x virtio!probe+0x10",
        "x task(1)",
        "net",
        "net -p 1",
        "foreach user maps -x",
        "foreach bash maps",
        "dump phys -o x",
        "log out.txt",
        "eval 1+1",
        "bt ffff888004a50000 -- 1000 -p",
        "strings -p 1",
        "sym init_task",
    ] {
        let typed = crate::shell::line::split(line).unwrap().remove(0).words;
        let meant = translate(&typed);
        assert_eq!((&meant.words, meant.absent), (&typed, None), "{line}");
        assert!(meant.notes.is_empty(), "{line}: {:?}", meant.notes);
    }
}

#[test]
fn options_of_memsh_stay_with_the_command() {
    for (typed, wanted) in [
        ("db 1000 L20 --json", "read --as b 0x1000 L20 --json"),
        ("db 1000 --json L20", "read --as b 0x1000 L20 --json"),
        ("db init_task L20 -p 142", "read --as b init_task -p 142 L20"),
        ("!process 0 0 init --json", "ps init --json"),
        ("rd -8 1000 16 --columns a,b", "read 0x1000 --as b --count 16 --columns a,b"),
        ("rd -p 1 0x1000 2", "read -p 1 0x1000 --as q --count 2"),
        ("s -a 0 L?1000 abc --json", "scan --json --range 0 L?1000 -- abc"),
        ("linux.pslist --pid 1 2 --json", "ps --pid 1 --pid 2 --json"),
        // So many words that their bytes can't be counted.
        (
            "search -k -x 18446744073709551615 deadbeef",
            "scan -k --around 18446744073709551615 --hex --align 8 -- ef be ad de 00 00 00 00",
        ),
        ("search -k --json deadbeef", "scan -k --json --hex --align 8 -- ef be ad de 00 00 00 00"),
    ] {
        assert_eq!(spoken(typed), wanted, "{typed}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_told() {
    for (line, told) in [
        ("db 1000 L20", "1000 was read as 0x1000"),
        ("rd 1000", "crash's addresses are hex"),
        ("rd -p ffff8880 2", "physical memory"),
        ("!process 142", "decimal pid"),
        ("search -k deadbeef", "was read as the number"),
        ("p jiffies", "its address"),
    ] {
        let notes = meant(line).notes;
        assert!(notes.iter().any(|n| n.contains(told)), "{line}: {notes:?}");
    }
    for line in ["db init_task L20", "rd ffff888000001000 8", "dq fffff803`12345678 L4", "!process 0 0", "x/4gx 1000", "p/x 1+1"]
    {
        assert_eq!(meant(line).notes, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn what_is_not_here_says_what_is() {
    for (line, what) in [
        ("kmem -i", "info"),
        ("kmem -s", "tele"),
        ("slabinfo", "slab"),
        ("linux.graphics.fbdev.Fbdev", "frame buffer"),
        ("ps -S", "uniq -c"),
        ("search -t deadbeef", "scan -k"),
        ("search -m 3 -k deadbeef", "--regex"),
        ("bp schedule", "picture of memory"),
        ("struct task_struct init_task 4", "list"),
        ("mod -s virtio", "--symbols"),
    ] {
        let absent = meant(line).absent;
        assert!(absent.as_ref().is_some_and(|a| a.instead.contains(what)), "{line}: {absent:?}");
    }
}

#[test]
fn the_hosts_commands_stay_the_hosts() {
    assert_eq!(spoken("!dd if=/dev/zero of=x"), "! dd if=/dev/zero of=x");
    for name in ["ls", "grep", "date", "sh", "d", "ps", "db2"] {
        assert!(!is_debugger_extension(name), "{name}");
    }
}

proptest! {
    #[test]
    fn any_words_are_translated(first in 0usize..400, rest in proptest::collection::vec("[-!/*@.:,`(]{0,2}[a-z0-9]{0,6}", 0..5)) {
        let names: Vec<&str> = names().collect();
        let mut words = vec![names[first % names.len()].to_owned()];
        words.extend(rest);
        let _ = translate(&words);
    }

    #[test]
    fn any_text_is_translated(words in proptest::collection::vec("\\PC{0,12}", 0..5)) {
        let _ = translate(&words);
    }
}

#[test]
fn every_plugin_means_the_same_without_its_system() {
    let mut wrong = Vec::new();
    for plugin in volatility::plugins() {
        let own = find(plugin).is_some() || builtin::NAMES.contains(&plugin);
        // Where memsh has a command of that name, that is what it means.
        let (short, long) = (meant(plugin), meant(&format!("linux.{plugin}")));
        if !own && (short.words != long.words || long.absent.is_some()) {
            wrong.push(format!("{plugin}: {:?}, linux.{plugin}: {:?}", short.words, long.words));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(spoken("chkimg"), "chkimg");
    assert!(["chkimg", "check_inline_kernel", "textcheck"].iter().all(|n| find(n).is_some_and(|s| s.name == "textcheck")));
}
