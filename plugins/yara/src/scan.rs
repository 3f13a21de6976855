//! Spaces and their parts, put to rules.

use crate::images::Images;
use crate::place::{self, PIECE, Place, Process, Region, Whose};
use crate::request::{Request, Unit, Where};
use crate::rows::{self, Hit};
use memsh_plugin::{ApiError, Session, Status};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Instant;
use yara_x::{Rule, Rules, ScanError, Scanner, blocks};

/// A region of more than this is put to the rules in parts.
const REGION: u64 = 256 << 20;

/// What all searches share.
pub struct Search<'r> {
    pub request: &'r Request,
    pub rules: &'r Rules,
    pub session: &'r dyn Session,
    push: &'r mut dyn FnMut(Value) -> bool,
    tell: &'r dyn Fn(String),
    rows: u64,
    /// No more is wanted.
    over: bool,
    /// When the space that is searched is given up.
    deadline: Option<Instant>,
    /// Bytes of the space that were searched.
    done: u64,
}

/// Goes through the spaces that are asked for. What was found before a failure was handed out.
pub fn run(
    request: &Request,
    rules: &Rules,
    session: &dyn Session,
    push: &mut dyn FnMut(Value) -> bool,
    tell: &dyn Fn(String),
) -> Result<(), ApiError> {
    let mut search =
        Search { request, rules, session, push, tell, rows: 0, over: request.max == Some(0), deadline: None, done: 0 };
    match request.place {
        Where::Physical => search.place(&Place::new(session, Whose::Physical)?),
        Where::Kernel => search.place(&Place::new(session, Whose::Kernel)?),
        Where::Process(pid) => {
            let known = place::processes(session).unwrap_or_default().into_iter().find(|p| p.pid == pid);
            let process = known.unwrap_or(Process { pid, name: String::new() });
            search.place(&Place::new(session, Whose::Process(process))?)
        }
        Where::Every => {
            for process in place::processes(session)? {
                if search.over {
                    break;
                }
                let (pid, name) = (process.pid, process.name.clone());
                match Place::new(session, Whose::Process(process)) {
                    Ok(place) => search.place(&place)?,
                    Err(e) => search.lost(format!("memory of process {pid} ({name}): {e}")),
                }
            }
            Ok(())
        }
    }
}

/// Why a scan of YARA-X's failed.
fn failed(e: &ScanError) -> ApiError {
    ApiError::new(Status::FAILED, format!("YARA-X: {e}"))
}

impl Search<'_> {
    pub fn lost(&self, what: String) {
        (self.tell)(what);
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    fn place(&mut self, place: &Place<'_>) -> Result<(), ApiError> {
        if place.missing_tables > 0 {
            self.lost(format!("{} page tables of {}, which are not in the image", place.missing_tables, place.title()));
        }
        self.deadline = self.request.timeout.and_then(|t| Instant::now().checked_add(t));
        self.done = 0;
        match self.request.unit {
            Unit::Space => self.space(place),
            Unit::Region => self.regions(place),
            Unit::Image => match Images::of(place) {
                Ok(images) => images.scan(self, place),
                Err(e) => {
                    self.lost(format!("programs and libraries of {}: {e}", place.title()));
                    Ok(())
                }
            },
        }
    }

    /// Says how far it has come; false when it is to end.
    pub fn progress(&mut self, place: &Place<'_>, more: u64, total: u64) -> bool {
        self.done = self.done.saturating_add(more);
        if !self.session.progress(&format!("yara: {}", place.title()), self.done.min(total), total) {
            self.over = true;
        }
        !self.over
    }

    /// Whether the time of this space is over; that is told.
    pub fn late(&self, place: &Place<'_>) -> bool {
        let late = self.deadline.is_some_and(|d| Instant::now() >= d);
        if late {
            self.lost(format!("what was left of {} when its time was over", place.title()));
        }
        late
    }

    /// A whole space: its strings are searched piece by piece, its conditions asked at the end.
    fn space(&mut self, place: &Place<'_>) -> Result<(), ApiError> {
        let mut scanner = blocks::Scanner::new(self.rules);
        scanner.max_matches_per_pattern(self.request.matches);
        // Conditions can be asked once something was searched, even if it is nothing.
        scanner.scan(0, &[]).map_err(|e| failed(&e))?;
        let total = place.total();
        let missing = place.pieces(&mut |address, bytes| {
            // YARA-X's own limit can't be used: after it has struck the conditions can't be asked any more.
            if self.late(place) {
                return Ok(false);
            }
            let base =
                usize::try_from(address).map_err(|_| ApiError::new(Status::UNSUPPORTED, "an address of more than 64 bits"))?;
            scanner.scan(base, bytes).map_err(|e| failed(&e))?;
            Ok(self.progress(place, bytes.len() as u64, total))
        })?;
        if missing > 0 {
            self.lost(format!("{missing} bytes of {} that are mapped and not in the image", place.title()));
        }
        let interrupted = self.over;
        self.over = false;
        // The conditions take no time to speak of, but for loops that somebody wrote.
        scanner.set_timeout(self.request.timeout.unwrap_or(std::time::Duration::from_secs(600)));
        match scanner.finish() {
            Ok(results) => {
                for rule in results.matching_rules() {
                    self.matched(place, &rule, &mut |hit| hit.bytes = read(place, hit), &mut |_| true);
                }
            }
            Err(ScanError::Timeout) => self.lost(format!("the conditions of rules for {}, which took too long", place.title())),
            Err(e) => return Err(failed(&e)),
        }
        self.over |= interrupted;
        Ok(())
    }

    /// Each region on its own.
    fn regions(&mut self, place: &Place<'_>) -> Result<(), ApiError> {
        let mut scanner = Scanner::new(self.rules);
        scanner.max_matches_per_pattern(self.request.matches);
        let parts = parts(place);
        let total = parts.iter().map(|p| p.1).sum();
        let mut buf = Vec::new();
        // Matches in what a part shares with the one before it.
        let mut before: HashSet<(String, String, u64)> = HashSet::new();
        for (start, size) in parts {
            if self.over || self.late(place) {
                break;
            }
            buf.clear();
            buf.resize(usize::try_from(size).unwrap_or(0), 0);
            let mut there = 0u64;
            // In steps, so that it can be interrupted.
            for (i, piece) in buf.chunks_mut(PIECE).enumerate() {
                let at = start.saturating_add((i * PIECE) as u64);
                there += place.read(at, piece).iter().map(|(_, n)| *n as u64).sum::<u64>();
            }
            if there == 0 {
                self.progress(place, size, total);
                continue;
            }
            if let Some(deadline) = self.deadline {
                scanner.set_timeout(deadline.saturating_duration_since(Instant::now()).max(std::time::Duration::from_millis(1)));
            }
            let outcome = scanner.scan(&buf);
            self.hand_out(place, size, total, |search| match outcome {
                Ok(results) => {
                    let mut here = HashSet::new();
                    for rule in results.matching_rules() {
                        let of_rule = format!("{}:{}", rule.namespace(), rule.identifier());
                        let mut new = |hit: &Hit<'_>| {
                            let (Some(string), Some(address)) = (hit.string, hit.address) else { return true };
                            let key = (of_rule.clone(), string.to_owned(), address);
                            let new = !before.contains(&key);
                            if size == REGION {
                                here.insert(key);
                            }
                            new
                        };
                        search.matched_at(place, &rule, start, &buf, None, &mut new);
                    }
                    before = here;
                    Ok(())
                }
                Err(ScanError::Timeout) => {
                    search.lost(format!("the region of {} at {start:#x}, which took too long", place.title()));
                    Ok(())
                }
                Err(e) => Err(failed(&e)),
            })?;
        }
        Ok(())
    }

    /// Says how far it has come, and hands the rows of what was searched out, also where Ctrl-C came meanwhile.
    pub fn hand_out(
        &mut self,
        place: &Place<'_>,
        more: u64,
        total: u64,
        rows: impl FnOnce(&mut Self) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let go_on = self.progress(place, more, total);
        self.over = false;
        rows(self)?;
        self.over |= !go_on;
        Ok(())
    }

    /// Rows of a rule that matched in bytes which are at hand, and begin at `start` of a space.
    pub fn matched_at(
        &mut self,
        place: &Place<'_>,
        rule: &Rule<'_, '_>,
        start: u64,
        bytes: &[u8],
        image: Option<&dyn Fn(u64) -> (String, Option<u64>)>,
        new: &mut dyn FnMut(&Hit<'_>) -> bool,
    ) {
        let about = rows::about(rule);
        let fill = |hit: &mut Hit<'_>| {
            let from = hit.address.and_then(|a| usize::try_from(a).ok()).unwrap_or(usize::MAX);
            hit.bytes = rows::shown(bytes.get(from..from.saturating_add(hit.len)).unwrap_or_default());
        };
        let mut names = Vec::new();
        self.hits(rule, &mut |search, mut hit| {
            fill(&mut hit);
            let offset = hit.address.unwrap_or(0);
            match image {
                Some(image) => {
                    let (name, address) = image(offset);
                    names.clear();
                    names.push(name);
                    hit.address = address.filter(|_| hit.string.is_some());
                    let hit =
                        Hit { image: names.first().map(|n| (n.as_str(), offset)), string: hit.string, bytes: hit.bytes, ..hit };
                    search.push_row(rows::row(&about, place, &hit))
                }
                None => {
                    // A rule without strings matched the region as such.
                    hit.address = Some(start.saturating_add(offset));
                    if new(&hit) { search.push_row(rows::row(&about, place, &hit)) } else { true }
                }
            }
        });
    }

    fn matched(
        &mut self,
        place: &Place<'_>,
        rule: &Rule<'_, '_>,
        fill: &mut dyn FnMut(&mut Hit<'_>),
        new: &mut dyn FnMut(&Hit<'_>) -> bool,
    ) {
        let about = rows::about(rule);
        self.hits(rule, &mut |search, mut hit| {
            fill(&mut hit);
            if new(&hit) { search.push_row(rows::row(&about, place, &hit)) } else { true }
        });
    }

    /// The hits of a rule that is asked for; one without a string for a rule that matched without.
    fn hits(&mut self, rule: &Rule<'_, '_>, each: &mut dyn FnMut(&mut Self, Hit<'_>) -> bool) {
        let tags = &self.request.tags;
        if !tags.is_empty() && !rule.tags().any(|t| tags.iter().any(|wanted| wanted == t.identifier())) {
            return;
        }
        let mut any = false;
        for pattern in rule.patterns() {
            let matches = pattern.matches();
            if matches.len() >= self.request.matches {
                let (rule, string, n) = (rule.identifier(), pattern.identifier(), matches.len());
                self.lost(format!("matches of {string} of {rule} after the first {n} (--matches)"));
            }
            for m in matches {
                any = true;
                let range = m.range();
                let hit = Hit {
                    string: Some(pattern.identifier()),
                    address: Some(range.start as u64),
                    len: range.len(),
                    xor_key: m.xor_key(),
                    bytes: Vec::new(),
                    image: None,
                };
                if !each(self, hit) {
                    return;
                }
            }
        }
        if !any {
            each(self, Hit { string: None, address: None, len: 0, xor_key: None, bytes: Vec::new(), image: None });
        }
    }

    fn push_row(&mut self, row: Value) -> bool {
        if self.over {
            return false;
        }
        self.rows += 1;
        self.over = !(self.push)(row) || self.request.max == Some(self.rows);
        !self.over
    }
}

/// The bytes of a hit: YARA-X keeps those of a match that has grown over a border short.
fn read(place: &Place<'_>, hit: &Hit<'_>) -> Vec<u8> {
    let mut bytes = vec![0; rows::wanted(hit.len)];
    if let Some(address) = hit.address {
        place.read(address, &mut bytes);
    }
    bytes
}

/// What is put to the rules: regions that have pages, else runs; large ones in parts that overlap.
fn parts(place: &Place<'_>) -> Vec<(u64, u64)> {
    let whole = |r: &Region| (r.start, r.end - r.start);
    let any = |start: u64, end: u64| {
        let i = place.runs.partition_point(|(run, size)| run.saturating_add(*size) <= start);
        place.runs.get(i).is_some_and(|(run, _)| *run < end)
    };
    // The kernel's regions are its modules alone.
    let regions: Vec<(u64, u64)> = match place.whose {
        Whose::Process(_) if !place.regions.is_empty() => {
            place.regions.iter().filter(|r| any(r.start, r.end)).map(whole).collect()
        }
        _ => place.runs.clone(),
    };
    let mut out = Vec::new();
    for (mut start, mut size) in regions {
        while size > REGION {
            // Of what is only reserved, terabytes perhaps, nothing is looked at.
            if any(start, start.saturating_add(REGION)) {
                out.push((start, REGION));
            }
            let step = REGION - place::OVERLAP as u64;
            start = start.saturating_add(step);
            size -= step;
        }
        out.push((start, size));
    }
    out
}
