//! The kernel's symbols, by `/proc/kallsyms`.

use crate::symbols::{Symbol, SymbolTable, Symbols, parse_symbol_list};
use memsh_plugin::{VirtAddr, umem};
use std::io::{BufRead, BufReader, Read};
use std::sync::OnceLock;

const FILE: &str = "/proc/kallsyms";
/// A kernel with every module has some hundred thousand symbols of some forty bytes.
const LARGEST: u64 = 256 << 20;
/// `_text` stands before all code; before it stand per-CPU variables only.
const LINES: usize = 20_000;

/// The symbols, read when they are first asked for: that takes the kernel tens of milliseconds. None where it shows no addresses.
#[derive(Default)]
pub struct Kallsyms(OnceLock<SymbolTable>);

impl Kallsyms {
    fn table(&self) -> &SymbolTable {
        self.0.get_or_init(|| {
            let mut bytes = Vec::new();
            let read = std::fs::File::open(FILE).and_then(|f| f.take(LARGEST).read_to_end(&mut bytes));
            let parsed = parse_symbol_list(if read.is_ok() { &bytes } else { &[] });
            if parsed.restricted { SymbolTable::default() } else { parsed.symbols }
        })
    }
}

impl Symbols for Kallsyms {
    fn address(&self, name: &str) -> Option<VirtAddr> {
        self.table().address(name)
    }

    fn near(&self, address: VirtAddr) -> Option<(Symbol<'_>, umem)> {
        self.table().near(address)
    }

    fn all(&self) -> Box<dyn Iterator<Item = Symbol<'_>> + '_> {
        self.table().all()
    }

    fn count(&self) -> usize {
        self.table().count()
    }
}

/// Where the kernel's image begins (`_text`), where the kernel shows that.
pub fn text() -> Option<VirtAddr> {
    let lines = BufReader::new(std::fs::File::open(FILE).ok()?).lines().take(LINES);
    let address = lines.map_while(Result::ok).find_map(|line| {
        let mut words = line.split(' ');
        let address = words.next()?.to_owned();
        (words.nth(1)? == "_text").then(|| u64::from_str_radix(&address, 16).ok())?
    })?;
    (address != 0).then(|| VirtAddr::new(umem::from(address)))
}
