//! QEMU migration streams.

pub const PAGE: usize = 4096;
pub const ZERO: u64 = 2;
pub const MEM_SIZE: u64 = 4;
pub const NORMAL: u64 = 8;
pub const EOS: u64 = 0x10;
pub const CONTINUE: u64 = 0x20;
pub const XBZRLE: u64 = 0x40;
pub const HOOK: u64 = 0x80;
pub const ZLIB: u64 = 0x100;
pub const FLUSH: u64 = 0x200;

/// A stream in the making.
#[derive(Clone, Default)]
pub struct Stream {
    pub bytes: Vec<u8>,
    next: u32,
}

impl Stream {
    /// Begins with magic, version and the machine's type.
    pub fn new(machine: &str) -> Self {
        Self::with_version(machine, 3)
    }

    pub fn with_version(machine: &str, version: u32) -> Self {
        let mut s = Self { bytes: b"QEVM".to_vec(), next: 1 };
        s.u32(version);
        s.u8(7);
        s.u32(machine.len() as u32);
        s.raw(machine.as_bytes());
        s
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    pub fn u8(&mut self, n: u8) -> &mut Self {
        self.raw(&[n])
    }

    pub fn u32(&mut self, n: u32) -> &mut Self {
        self.raw(&n.to_be_bytes())
    }

    pub fn u64(&mut self, n: u64) -> &mut Self {
        self.raw(&n.to_be_bytes())
    }

    pub fn name(&mut self, name: &str) -> &mut Self {
        self.u8(name.len() as u8).raw(name.as_bytes())
    }

    /// A subsection of the configuration.
    pub fn configuration(&mut self, name: &str, body: &[u8]) -> &mut Self {
        self.u8(5).name(name).u32(1).raw(body)
    }

    pub fn capability(&mut self, name: &str) -> &mut Self {
        let body = [&1u32.to_be_bytes()[..], &[name.len() as u8], name.as_bytes()].concat();
        self.configuration("configuration/capabilities", &body)
    }

    /// The section `ram` with its list of blocks, up to its footer.
    pub fn ram(&mut self, blocks: &[(&str, u64)]) -> &mut Self {
        self.ram_start(4).list(blocks).u64(EOS).footer(1)
    }

    pub fn ram_start(&mut self, version: u32) -> &mut Self {
        self.next = 2;
        self.u8(1).u32(1).name("ram").u32(0).u32(version)
    }

    pub fn list(&mut self, blocks: &[(&str, u64)]) -> &mut Self {
        self.u64(blocks.iter().map(|b| b.1).sum::<u64>() | MEM_SIZE);
        for (name, len) in blocks {
            self.name(name).u64(*len);
        }
        self
    }

    pub fn footer(&mut self, id: u32) -> &mut Self {
        self.u8(0x7e).u32(id)
    }

    /// Begins the next part of RAM; `last` for the final one.
    pub fn part(&mut self, last: bool) -> &mut Self {
        self.u8(if last { 3 } else { 2 }).u32(1)
    }

    /// Ends a part of RAM.
    pub fn end(&mut self) -> &mut Self {
        self.u64(EOS).footer(1)
    }

    /// A page's header: with the block's name, or none where it is that of the page before.
    pub fn page(&mut self, block: Option<&str>, at: u64, flag: u64) -> &mut Self {
        match block {
            Some(name) => self.u64(at | flag).name(name),
            None => self.u64(at | flag | CONTINUE),
        }
    }

    pub fn normal(&mut self, block: Option<&str>, at: u64, data: &[u8]) -> &mut Self {
        self.page(block, at, NORMAL).raw(data)
    }

    pub fn filled(&mut self, block: Option<&str>, at: u64, byte: u8) -> &mut Self {
        self.page(block, at, ZERO).u8(byte)
    }

    /// The state of a device.
    pub fn device(&mut self, name: &str, instance: u32, state: &[u8]) -> &mut Self {
        let id = self.next + 40;
        self.next += 1;
        self.u8(4).u32(id).name(name).u32(instance).u32(1).raw(state).footer(id)
    }

    /// The end mark, and the description of the devices.
    pub fn finish(&mut self, description: &str) -> Vec<u8> {
        self.u8(0);
        if !description.is_empty() {
            self.u8(6).u32(description.len() as u32).raw(description.as_bytes());
        }
        self.bytes.clone()
    }
}

/// All of RAM in one last part: a page of each entry, of zeros where it is none.
pub fn simple(machine: &str, block: &str, pages: &[Option<Vec<u8>>]) -> Stream {
    let mut s = Stream::new(machine);
    s.ram(&[(block, (pages.len() * PAGE) as u64)]).part(true);
    for (i, page) in pages.iter().enumerate() {
        let name = (i == 0).then_some(block);
        let at = (i * PAGE) as u64;
        match page {
            Some(data) => s.normal(name, at, data),
            None => s.filled(name, at, 0),
        };
    }
    s.end();
    s
}

/// libvirt's header with its XML.
pub fn libvirt(xml: &str, format: u32, big: bool, stream: &[u8]) -> Vec<u8> {
    let mut out = b"LibvirtQemudSave".to_vec();
    let mut data = xml.as_bytes().to_vec();
    data.push(0);
    data.resize(data.len().next_multiple_of(64), 0);
    for n in [2, data.len() as u32, 1, format, 0].into_iter().chain([0; 14]) {
        out.extend(if big { n.to_be_bytes() } else { n.to_le_bytes() });
    }
    out.extend(data);
    out.extend(stream);
    out
}
