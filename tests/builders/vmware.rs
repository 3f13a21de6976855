//! VMware checkpoints: groups of tags.

/// A tag to be.
#[derive(Clone)]
pub enum Value {
    Small(Vec<u8>),
    /// Bytes, what the header says of their size, and whether it is called compressed.
    Block {
        data: Vec<u8>,
        size: Option<u64>,
        padding: u16,
        compressed: bool,
    },
}

/// Name, indices, value.
pub type Tag = (String, Vec<u32>, Value);

pub fn u32_tag(name: &str, indices: &[u32], value: u32) -> Tag {
    (name.into(), indices.to_vec(), Value::Small(value.to_le_bytes().to_vec()))
}

pub fn u64_tag(name: &str, indices: &[u32], value: u64) -> Tag {
    (name.into(), indices.to_vec(), Value::Small(value.to_le_bytes().to_vec()))
}

pub fn block(name: &str, indices: &[u32], data: &[u8], padding: u16) -> Tag {
    (name.into(), indices.to_vec(), Value::Block { data: data.to_vec(), size: None, padding, compressed: false })
}

/// The tags of regions: first page in the machine, first page in the file, pages.
pub fn regions(list: &[(u32, u32, u32)]) -> Vec<Tag> {
    let mut tags = vec![u32_tag("regionsCount", &[], list.len() as u32)];
    for (i, (ppn, page, pages)) in list.iter().enumerate() {
        let i = [i as u32];
        tags.push(u32_tag("regionPPN", &i, *ppn));
        tags.push(u32_tag("regionPageNum", &i, *page));
        tags.push(u32_tag("regionSize", &i, *pages));
    }
    tags
}

/// A checkpoint with this magic and these groups.
pub fn checkpoint(magic: [u8; 4], groups: &[(&str, Vec<Tag>)]) -> Vec<u8> {
    let narrow = magic[0] & 0xf == 0;
    let mut bodies = Vec::new();
    let start = 12 + 80 * groups.len();
    let mut out = magic.to_vec();
    out.extend(8u32.to_le_bytes());
    out.extend((groups.len() as u32).to_le_bytes());
    for (name, tags) in groups {
        let at = start + bodies.len();
        for (name, indices, value) in tags {
            let size = match value {
                Value::Small(b) => b.len() as u8,
                Value::Block { compressed, .. } => 63 - u8::from(*compressed),
            };
            bodies.extend([size | (indices.len() as u8) << 6, name.len() as u8]);
            bodies.extend(name.as_bytes());
            for i in indices {
                bodies.extend(i.to_le_bytes());
            }
            match value {
                Value::Small(b) => bodies.extend(b),
                Value::Block { data, size, padding, .. } => {
                    let said = size.unwrap_or(data.len() as u64);
                    for n in [said, data.len() as u64] {
                        bodies.extend(&n.to_le_bytes()[..if narrow { 4 } else { 8 }]);
                    }
                    bodies.extend(padding.to_le_bytes());
                    bodies.extend(vec![0; usize::from(*padding)]);
                    bodies.extend(data);
                }
            }
        }
        bodies.extend([0, 0]);
        let mut entry = name.as_bytes().to_vec();
        entry.resize(64, 0);
        entry.extend((at as u64).to_le_bytes());
        entry.extend((start as u64 + bodies.len() as u64 - at as u64).to_le_bytes());
        out.extend(entry);
    }
    out.extend(bodies);
    out
}
