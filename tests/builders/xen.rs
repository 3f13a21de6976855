//! ELF cores of Xen guests: sections, no segments.

/// What is in it.
#[derive(Clone)]
pub struct Xen {
    pub wide: bool,
    /// Page numbers; `~0` for one that is not there.
    pub pfns: Vec<u64>,
    /// For a paravirtual guest: the machine's page numbers.
    pub mfns: Option<Vec<u64>>,
    pub pages: Vec<u8>,
    pub page_size: u64,
    pub cpus: Vec<[u64; 3]>,
    /// What the header says instead of the truth.
    pub count: Option<u64>,
    /// Leave this section out.
    pub without: Option<&'static str>,
}

fn note(kind: u32, words: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    for n in [4, words.len() as u32 * 8, kind] {
        out.extend(n.to_le_bytes());
    }
    out.extend(b"Xen\0");
    out.extend(words.iter().flat_map(|w| w.to_le_bytes()));
    out
}

impl Xen {
    pub fn new(pfns: &[u64], pages: &[u8]) -> Self {
        Self {
            wide: true,
            pfns: pfns.to_vec(),
            mfns: None,
            pages: pages.to_vec(),
            page_size: 4096,
            cpus: Vec::new(),
            count: None,
            without: None,
        }
    }

    pub fn build(&self) -> Vec<u8> {
        let magic = if self.mfns.is_some() { 0xf00f_ebed } else { 0xf00f_ebee };
        let count = self.count.unwrap_or(self.pfns.len() as u64);
        let notes = [
            note(0x200_0000, &[]),
            note(0x200_0001, &[magic, self.cpus.len() as u64, count, self.page_size]),
            note(0x200_0002, &[4, 17]),
            note(0x200_0003, &[1]),
        ];
        let mut status = Vec::new();
        for [cr0, cr3, rip] in &self.cpus {
            let mut context = vec![0; 5168];
            for (at, n) in [(520 + 128, rip), (4984, cr0), (4984 + 24, cr3)] {
                context[at..at + 8].copy_from_slice(&n.to_le_bytes());
            }
            status.extend(context);
        }
        let map: (&str, Vec<u8>) = match &self.mfns {
            None => (".xen_pfn", self.pfns.iter().flat_map(|n| n.to_le_bytes()).collect()),
            Some(m) => {
                (".xen_p2m", self.pfns.iter().zip(m).flat_map(|(p, m)| [p.to_le_bytes(), m.to_le_bytes()].concat()).collect())
            }
        };
        let mut sections: Vec<(&str, Vec<u8>)> =
            vec![("", vec![]), (".note.Xen", notes.concat()), (".xen_prstatus", status), map, (".xen_pages", self.pages.clone())];
        sections.retain(|s| Some(s.0) != self.without);
        let mut names = vec![0];
        let mut at: Vec<u32> = Vec::new();
        for (name, _) in sections.iter().chain([&(".shstrtab", vec![])]) {
            at.push(if name.is_empty() { 0 } else { names.len() as u32 });
            if !name.is_empty() {
                names.extend(name.as_bytes());
                names.push(0);
            }
        }
        sections.push((".shstrtab", names));
        let (header, entry): (usize, usize) = if self.wide { (64, 64) } else { (52, 40) };
        let word = |o: &mut Vec<u8>, n: u64| o.extend(&n.to_le_bytes()[..if self.wide { 8 } else { 4 }]);
        let mut out = b"\x7fELF".to_vec();
        out.extend([1 + u8::from(self.wide), 1, 1]);
        out.resize(16, 0);
        out.extend([4, 0, if self.wide { 62 } else { 3 }, 0, 1, 0, 0, 0]);
        word(&mut out, 0);
        word(&mut out, 0);
        word(&mut out, header as u64);
        out.extend([0; 4]);
        for n in [header, 0, 0, entry, sections.len(), sections.len() - 1] {
            out.extend((n as u16).to_le_bytes());
        }
        let mut offset = header + entry * sections.len();
        for (i, (name, data)) in sections.iter().enumerate() {
            // Pages begin at a page.
            if *name == ".xen_pages" {
                offset = offset.next_multiple_of(4096);
            }
            let kind: u32 = match *name {
                "" => 0,
                ".note.Xen" => 7,
                ".shstrtab" => 3,
                _ => 1,
            };
            out.extend(at[i].to_le_bytes());
            out.extend(kind.to_le_bytes());
            for n in [0, 0, offset as u64, data.len() as u64] {
                word(&mut out, n);
            }
            out.extend([0; 8]);
            word(&mut out, 8);
            word(&mut out, 0);
            offset += data.len();
        }
        for (name, data) in &sections {
            if *name == ".xen_pages" {
                out.resize(out.len().next_multiple_of(4096), 0);
            }
            out.extend(data);
        }
        out
    }
}
