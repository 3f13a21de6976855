//! What people of other tools type, on the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, sample};
use serde_json::Value;

#[test]
fn other_tools_lines_answer_what_memshs_own_do() {
    let pid = answer(&["ps", "victim-a"])[0]["pid"].to_string();
    let task = answer(&["ps", &pid])[0]["address"].as_str().unwrap().to_owned();
    let bare = task.trim_start_matches("0x");
    let base = answer(&["maps", "-p", &pid])[0]["start"].as_str().unwrap().to_owned();
    let at = base.trim_start_matches("0x");
    let pairs: Vec<(String, String)> = [
        // Processes.
        (format!("!process {bare} 0"), format!("ps {pid}")),
        ("!process 0 0 victim-b".to_owned(), "ps victim-b".to_owned()),
        (format!("!process {pid} 2"), format!("threads {pid}")),
        ("ps aux".to_owned(), "ps".to_owned()),
        ("linux_pslist".to_owned(), "ps".to_owned()),
        ("vol timeliner.Timeliner".to_owned(), "timeline".to_owned()),
        ("vol -f memory.raw linux.pstree.PsTree".to_owned(), "ps -t".to_owned()),
        (format!("linux.psaux --pid {pid}"), format!("cmdline {pid}")),
        (format!("info proc mappings {pid}"), format!("maps -p {pid}")),
        (format!("cat /proc/{pid}/maps"), format!("maps -p {pid}")),
        (format!("vm -p {pid}"), format!("pages -p {pid}")),
        (format!("task -R comm,pid {pid}"), format!("dt task_struct.comm,pid {task}")),
        (format!("p *(struct list_head *)({task}+0x10)"), format!("dt list_head {task}+0x10")),
        (format!("dt nt!task_struct comm {bare}"), format!("dt task_struct.comm {task}")),
        (
            format!("list task_struct.tasks -s task_struct.pid -h {bare}"),
            format!("list task_struct.tasks {task} -s pid --embedded"),
        ),
        (format!("bt -sx {bare}"), format!("bt {pid} --where tid=={pid}")),
        // Memory.
        (format!("rd {bare} 4"), format!("read {task} -n 32 --as q")),
        (format!("rd -32 {bare} 4"), format!("read {task} -n 16 --as d")),
        (format!("rd -8 {bare} -e {bare}+10"), format!("read {task} -n 16")),
        (format!("rd -p {at} 1"), format!("read --phys {base} -n 8 --as q")),
        (format!("x/4gx {task}"), format!("read {task} --count 4 --as q")),
        (format!("px 64 @ {task}"), format!("read {task} -n 64")),
        (format!("read {pid}:{base} -n 16"), format!("read -p {pid} {base} -n 16")),
        (format!("read victim-a:{base} -n 16"), format!("read -p {pid} {base} -n 16")),
        (format!("read {task}..{task}+0x20"), format!("read {task} -n 32")),
        ("read k:init_task -n 8".to_owned(), "read init_task -n 8".to_owned()),
        ("read p:0x100000 -n 8".to_owned(), "read --phys 0x100000 -n 8".to_owned()),
        (format!("dpp {bare} L4"), format!("tele {task} 4")),
        (format!("rd -S {bare} 4"), format!("tele {task} 4")),
        // Translation, symbols, code.
        (format!("vtop -c {pid} {at}"), format!("vtop -p {pid} {base}")),
        (format!("vtop {pid}:{base}"), format!("vtop -p {pid} {base}")),
        ("ln init_task+10".to_owned(), "near init_task+0x10".to_owned()),
        ("info symbol init_task".to_owned(), "near init_task".to_owned()),
        ("sym -q inux_banne".to_owned(), "symbols '*inux_banne*'".to_owned()),
        ("x/4i schedule".to_owned(), "dis schedule -n 4".to_owned()),
        ("axt schedule".to_owned(), "xrefs schedule".to_owned()),
        ("refsearch init_task --data".to_owned(), "xrefs init_task --data".to_owned()),
        ("sigmaker schedule".to_owned(), "sig schedule".to_owned()),
        ("offset_scan init_task -k --max 3".to_owned(), "ptrmap find init_task -k --max 3".to_owned()),
        // Searching.
        ("search -c 'Linux version' --max 1".to_owned(), "scan -k 'Linux version' --max 1".to_owned()),
        ("s -a linux_banner L100 Linux".to_owned(), "scan -k --range linux_banner L100 Linux".to_owned()),
        ("find linux_banner,+0x100,\"Linux\"".to_owned(), "scan Linux linux_banner..linux_banner+0x100".to_owned()),
        // Numbers.
        ("? 1+1".to_owned(), "eval 2".to_owned()),
        ("p/x 0n16".to_owned(), "eval 0x10".to_owned()),
        ("btop 512a000".to_owned(), "eval 0x512a".to_owned()),
        (format!("eval task({pid})"), format!("eval {task}")),
        // What the kernel keeps.
        ("log -T".to_owned(), "kmsg".to_owned()),
        ("psscan".to_owned(), "ps --scan".to_owned()),
        ("pstree".to_owned(), "ps -t".to_owned()),
        ("hidden_modules".to_owned(), "linux.hidden_modules".to_owned()),
        ("check_modules".to_owned(), "modules --scan".to_owned()),
        ("ioports".to_owned(), "iomem --ports".to_owned()),
        ("linux.elfs".to_owned(), "foreach user modules".to_owned()),
        ("tty_check".to_owned(), "hooks --only tty *receive_buf*".to_owned()),
        ("check_afinfo".to_owned(), "linux.check_afinfo".to_owned()),
        ("x nt!init_task".to_owned(), "symbols init_task".to_owned()),
        ("list -H init_task.tasks -s task_struct.pid".to_owned(), "list task_struct.tasks init_task.tasks -s pid".to_owned()),
        ("linux.check_syscall".to_owned(), "hooks --only syscall,ia32_syscall".to_owned()),
        ("fuser /dev/null".to_owned(), "files --path /dev/null".to_owned()),
        (format!("net -s {pid}"), format!("net -p {pid}")),
        (format!("lsof -p {pid}"), format!("files -p {pid}")),
    ]
    .into();
    // One run for all: the answers stand below each other.
    let script: String = pairs.iter().map(|(typed, own)| format!("{typed}\n{own}\n")).collect();
    let run = cli::with_input(&["sample", "--json"], &script);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let answers: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), pairs.len() * 2);
    for ((typed, own), both) in pairs.iter().zip(answers.chunks(2)) {
        // A string cut at its end and a dump of it have other fields; these pairs have none of that.
        assert_eq!(both[0], both[1], "{typed}\n{own}");
        let empty = both[0].as_array().is_some_and(Vec::is_empty);
        assert!(!empty, "{own} answers nothing: the comparison means nothing");
    }
}

#[test]
fn a_doubtful_number_is_told_once_and_quietly_not_at_all() {
    let run = sample(&["-c", "rd -8 100000 1; rd -8 100000 1; db 100000 L1"]);
    assert_eq!(run.stderr.matches("rd: 100000 was read as 0x100000").count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("db: 100000 was read as 0x100000").count(), 1, "{}", run.stderr);
    assert!(!sample(&["-q", "rd", "-8", "100000", "1"]).stderr.contains("was read as"));
    assert!(!sample(&["read", "init_task", "-n", "8"]).stderr.contains("was read as"));
}

#[test]
fn what_memsh_does_not_do_says_what_it_does() {
    for (words, hint) in
        [(&["kmem", "-s"][..], "tele"), (&["bp", "schedule"], "picture of memory"), (&["!analyze", "-v"], "malfind")]
    {
        let run = sample(words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}");
        assert!(run.stderr.contains("hint: ") && run.stderr.contains(hint), "{words:?}: {}", run.stderr);
        // It needs no image to be refused.
        assert_eq!(memsh(&[&["/nonexistent"], words].concat()).status, 2, "{words:?}");
    }
    let close = sample(&["netstatt"]).stderr;
    assert!(close.contains("did you mean netstat"), "{close}");
    let close = sample(&["telescop", "1"]).stderr;
    assert!(close.contains("telescope"), "{close}");
}

#[test]
fn a_check_shows_its_tables_and_no_others() {
    let names = |command: &str| -> Vec<String> {
        let rows = answer(&command.split(' ').collect::<Vec<_>>());
        rows.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect()
    };
    let afinfo = names("linux.check_afinfo");
    assert!(afinfo.iter().all(|n| n.starts_with("/proc/net/")), "{afinfo:?}");
    // A table that two files share (udp and udplite) stands under one of their names.
    for file in ["tcp", "tcp6", "udp", "raw"] {
        assert!(afinfo.iter().any(|n| n.starts_with(&format!("/proc/net/{file}"))), "{file}: {afinfo:?}");
    }
    assert!(afinfo.len() < names("hooks --only seq_operations").len() / 4);
    let tty = names("linux.tty_check");
    assert!(!tty.is_empty() && tty.iter().all(|n| n.contains("receive_buf")), "{tty:?}");
    assert!(names("linux.keyboard_notifiers").iter().all(|n| n == "keyboard_notifier_list"));
    // Three names of one check.
    let run = sample(&["--json", "-c", "textcheck; !chkimg; chkimg; linux.check_inline_kernel; check_inline_kernel"]);
    let answers: Vec<&str> = run.stdout.lines().collect();
    assert_eq!((run.status, answers.len()), (0, 5), "{}", run.stderr);
    assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
}

#[test]
fn a_list_without_its_beginning_says_what_is_missing() {
    for (words, missing) in [
        (&["list", "task_struct.tasks"][..], "the address is missing"),
        (&["list", "-H", "init_task.tasks"], "TYPE.MEMBER is missing"),
        (&["list", "init_task"], "TYPE.MEMBER is missing"),
    ] {
        let run = sample(words);
        assert_eq!(run.status, 2, "{words:?}");
        assert!(
            run.stderr.contains(missing) && run.stderr.contains("hint: list ") || run.stderr.contains("as in: list "),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn help_explains_other_tools_words() {
    for (word, what) in [("db", "read --as b"), ("!process", "`ps`"), ("rd", "--as q"), ("wr", "write"), ("linux.pslist", "`ps`")]
    {
        let run = memsh(&["help", word]);
        assert_eq!(run.status, 0, "{word}: {}", run.stderr);
        assert!(run.stdout.contains(what), "{word}: {}", run.stdout);
    }
    let table = memsh(&["help", "aliases"]).stdout;
    assert_eq!(sample(&["alias", "--builtin"]).stdout, table);
    for tool in ["WinDbg", "crash", "gdb", "Volatility", "pwndbg", "Unix"] {
        assert!(table.lines().any(|l| l.starts_with(tool)), "{tool}");
    }
}

#[test]
fn read_shows_memory_in_every_form() {
    let banner = answer(&["read", "linux_banner", "--as", "s"]);
    let text = banner["text"].as_str().unwrap();
    assert!(text.starts_with("Linux version ") && text.len() as u64 == banner["length"].as_u64().unwrap(), "{banner}");
    let bytes: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    assert_eq!(banner["data"], bytes);
    let words = answer(&["dc", "linux_banner", "L4"]);
    assert_eq!((words["unit"].as_u64(), words["length"].as_u64()), (Some(4), Some(16)));
    let plain = sample(&["rd", "-x", "linux_banner", "2"]).stdout;
    assert!(!plain.contains("Linux") && sample(&["rd", "linux_banner", "2"]).stdout.contains("Linux ver"), "{plain}");
    // UTF-16 that the sample plants.
    let hit = answer(&["scan", "--utf16", "--all", "LAB", "--max", "1"]);
    let (pid, at) = (hit[0]["pid"].to_string(), hit[0]["address"].as_str().unwrap().to_owned());
    let wide = answer(&["du", &at, "-p", &pid]);
    assert!(wide["text"].as_str().unwrap().starts_with("LAB"), "{wide}");
    // Pointers carry symbols; a small number is no symbol.
    let pointers = answer(&["dps", "init_task", "L6"]);
    let names: Vec<&str> = pointers["symbols"].as_object().unwrap().values().map(|v| v.as_str().unwrap()).collect();
    assert!(names.contains(&"init_stack"), "{pointers}");
    // A range that ends before it begins, and two spaces at once, make no sense.
    assert_eq!(sample(&["read", "init_task+8..init_task"]).status, 2);
    assert_eq!(sample(&["read", "1:0x400000", "-k"]).status, 2);
    assert_eq!(sample(&["read", "init_task..init_task+8", "-n", "4"]).status, 2);
}

#[test]
fn bytes_that_cannot_be_read_are_question_marks_in_their_place() {
    // Behind the last page of a region of a process there is mostly nothing.
    let maps = answer(&["maps", "-p", "1"]);
    let edge = maps.as_array().unwrap().iter().map(|m| cli::number(&m["end"])).find(|end| {
        let read = sample(&["read", "-p", "1", &format!("{:#x}", end - 16), "-n", "32", "--json"]);
        let row: Value = serde_json::from_str(&read.stdout).unwrap_or_default();
        row["unreadable"][0]["start"] == format!("{end:#x}")
    });
    let edge = edge.expect("a region with nothing behind it");
    let run = sample(&["db", &format!("{:#x}", edge - 16), "L20", "-p", "1"]);
    let last = run.stdout.lines().last().unwrap();
    assert!(last.ends_with("?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????"), "{}", run.stdout);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("partial: 16 missing"), "{}", run.stderr);
}

#[test]
fn tele_follows_pointers_and_ends_in_loops() {
    // The list of all tasks: the first member leads around to itself.
    let offset = answer(&["dt", "task_struct.tasks"])["fields"][0]["offset"].as_u64().unwrap();
    let row = answer(&["tele", &format!("init_task+{offset}"), "1", "--depth", "64"])[0].clone();
    let chain = row["chain"].as_array().unwrap();
    assert_eq!(chain.last().unwrap()["kind"], "loop", "{row}");
    let processes = answer(&["ps"]).as_array().unwrap().len();
    assert_eq!(chain.len(), processes + 1, "every task once, and the first one again");
    // A string is shown as one, a symbol by its name.
    let comm = answer(&["tele", "task(1)+0", "1"]);
    assert!(comm[0]["value"].is_string());
    let stack = answer(&["tele", "init_task", "8"]);
    let rows = stack.as_array().unwrap();
    let named = rows.iter().find(|r| r["chain"][0]["text"] == "init_stack").unwrap();
    assert_eq!((named["chain"][0]["kind"].as_str(), named["chain"][0]["value"].as_str()), (Some("symbol"), Some("0x57ac6e9d")));
    assert!(rows.iter().all(|r| r["value"] != "0x0" || r["chain"].as_array().unwrap().is_empty()));
    assert_eq!(sample(&["tele", "0x1234"]).status, 1);
    assert_eq!(sample(&["tele", "init_task", "0"]).status, 2);
}

#[test]
fn a_search_can_ask_for_alignment_and_surroundings() {
    let task = answer(&["ps", "1"])[0]["address"].as_str().unwrap().to_owned();
    let value = task.trim_start_matches("0x");
    let aligned = answer(&["search", "-k", value]);
    let aligned = aligned.as_array().unwrap();
    assert!(!aligned.is_empty() && aligned.iter().all(|h| cli::number(&h["address"]).is_multiple_of(8)));
    let all = answer(&["scan", "-k", "--hex", aligned[0]["match"].as_str().unwrap()]);
    assert!(all.as_array().unwrap().len() >= aligned.len());
    let max = answer(&["search", "-k", value, "--max", "1"]);
    assert_eq!(max.as_array().unwrap(), &aligned[..1]);
    let around = answer(&["scan", "version ", "linux_banner..linux_banner+64", "--around", "6"])[0].clone();
    assert_eq!((around["before"].as_str(), around["behind"].as_str().map(str::len)), (Some("4c696e757820"), Some(12)));
    assert_eq!(sample(&["scan", "a", "b"]).status, 2);
}

#[test]
fn eval_shows_a_number_in_every_form() {
    let row = answer(&["eval", "(1<<12)*3", "-", "4k"]);
    assert_eq!(
        (row["value"].as_str(), row["decimal"].as_str(), row["octal"].as_str()),
        (Some("0x2000"), Some("8192"), Some("0o20000"))
    );
    let row = answer(&[".formats", "0n1700000000"]);
    assert_eq!((row["time"].as_str(), row["time_unit"].as_str()), (Some("2023-11-14T22:13:20Z"), Some("seconds")));
    assert_eq!(answer(&["eval", "0x6c6f6f74"])["characters"], "tool");
    assert_eq!(answer(&["eval", "-1"])["signed"], "-1");
    assert_eq!(answer(&["eval", "init_task+8"])["symbol"], "init_task+0x8");
    assert_eq!(sample(&["eval", "nothing_of_that_name"]).status, 1);
    assert_eq!(sample(&["eval", "task(999999)"]).status, 1);
    assert_eq!(answer(&["eval", "runqueues:0"])["value"], answer(&["percpu", "runqueues", "--cpu", "0"])[0]["address"]);
    assert_eq!(sample(&["eval", "runqueues:1"]).status, 1, "the sample has one processor");
}
