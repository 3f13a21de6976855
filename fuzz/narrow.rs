//! Saved match sets.

use memsh::narrow::{body, load, save};
use std::sync::atomic::AtomicBool;

/// Loads `data` as a file, and as what is packed in one, whatever its checksum. A set that comes out can be listed, and saved and loaded again.
pub fn matchset(data: &[u8]) {
    if let Err(e) = load(&mut &*data, 1 << 20) {
        assert!(!e.reason().is_empty());
    }
    let Ok(set) = body(&mut &*data, 1 << 20, false) else { return };
    let mut count = 0;
    for part in &set.parts {
        assert!(set.candidates(part).map(|c| c.address).is_sorted());
        count += part.count();
        for candidate in set.candidates(part).take(1000) {
            assert_eq!(set.kind.store(&candidate.previous).len(), set.kind.width());
            let _ = set.kind.show(&candidate.first).to_string();
        }
        assert!(part.wanted(&set).windows(2).all(|w| w[0].last < w[1].first));
    }
    assert_eq!(set.count(), count);
    let mut file = Vec::new();
    save(&set, &mut file, &AtomicBool::new(false)).expect("memory takes all");
    let again = load(&mut &*file, u64::MAX).expect("what was saved can be loaded");
    assert_eq!(again.count(), count);
}
