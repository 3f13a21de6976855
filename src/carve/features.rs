//! Addresses of mail, the web and networks in text, and how often each stands there.
//!
//! [`features`] finds them in one text, [`Counts`] counts them within a bound. Little is believed by its looks alone: names end in a domain that there
//! is ([`DOMAINS`]), numbers of cards have the right last digit and the beginning of an issuer, and nothing that is part of a longer word counts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// An address of mail, its domain in small letters.
    Email,
    /// An address of the web and the like, with its scheme.
    Url,
    /// The name of a host: of a URL, of an address of mail, or by itself.
    Domain,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address, in the usual form.
    Ipv6,
    /// A MAC address, with colons and in small letters.
    Mac,
    /// The number of a payment card, digits only.
    Card,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 7] =
        [Feature::Email, Feature::Url, Feature::Domain, Feature::Ipv4, Feature::Ipv6, Feature::Mac, Feature::Card];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Feature::Email => "email",
            Feature::Url => "url",
            Feature::Domain => "domain",
            Feature::Ipv4 => "ipv4",
            Feature::Ipv6 => "ipv6",
            Feature::Mac => "mac",
            Feature::Card => "card",
        }
    }

    /// The feature of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// Domains at the top in which an address of mail is believed: the old ones, the larger of the new ones, and those of countries that have many hosts. A
/// fixed list that errs on the side of silence.
pub const DOMAINS: &[&str] = &[
    "ae", "ai", "app", "ar", "arpa", "at", "au", "bd", "be", "bg", "biz", "br", "by", "ca", "ch", "cl", "cloud", "club", "cn",
    "co", "com", "cz", "de", "dev", "dk", "edu", "ee", "eg", "es", "eu", "fi", "fr", "gov", "gr", "hk", "hr", "hu", "id", "ie",
    "il", "in", "info", "int", "io", "ir", "is", "it", "jp", "ke", "kr", "kz", "lt", "lu", "lv", "ly", "me", "mil", "mx", "my",
    "name", "net", "ng", "nl", "no", "nz", "online", "onion", "org", "pe", "ph", "pk", "pl", "pro", "pt", "ro", "rs", "ru", "sa",
    "se", "sg", "shop", "si", "site", "sk", "store", "su", "tech", "th", "tk", "to", "top", "tr", "tv", "tw", "ua", "uk", "us",
    "ve", "vn", "xyz", "za",
];

/// Of those, what programs write behind dots for reasons of their own (`file.in`, `this.name`, `lib.rs`): no domain without a scheme or an `@`.
const AMBIGUOUS: &[&str] = &[
    "ai", "app", "arpa", "by", "ca", "club", "co", "id", "ie", "in", "info", "int", "is", "it", "me", "my", "name", "no",
    "online", "pe", "ph", "pl", "pro", "rs", "se", "sh", "shop", "si", "site", "sk", "store", "tech", "th", "tk", "to", "top",
    "tr", "us",
];

/// Schemes of URLs that are found.
const SCHEMES: &[&str] = &[
    "http",
    "https",
    "ftp",
    "ftps",
    "sftp",
    "ssh",
    "telnet",
    "ws",
    "wss",
    "ldap",
    "ldaps",
    "smb",
    "rtsp",
    "rtmp",
    "git",
    "svn",
    "irc",
    "ircs",
    "imap",
    "imaps",
    "pop3",
    "smtp",
    "smtps",
    "mysql",
    "postgres",
    "postgresql",
    "mongodb",
    "redis",
    "amqp",
    "mqtt",
    "nfs",
    "rsync",
    "socks4",
    "socks5",
    "tcp",
    "udp",
    "vnc",
    "rdp",
    "stratum+tcp",
    "stratum+ssl",
    "bitcoin",
    "magnet",
];

/// Gives every feature of a text of printable ASCII to `found`.
pub fn features(text: &str, found: &mut dyn FnMut(Feature, &str)) {
    urls(text, found);
    mails(text, found);
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '@' | '_')) {
        // What belongs to a URL or a mail was seen.
        if !word.contains('.') || word.contains('@') {
            continue;
        }
        let before = behind_of(text, word);
        // The end of a path or of a name is none, nor is a section of a program: `.data.rel.ro`.
        if word.starts_with('.')
            || before.ends_with("://")
            || before.ends_with('@')
            || before.ends_with('/')
            || before.ends_with('\\')
        {
            continue;
        }
        let word = word.trim_matches('.');
        if ipv4(word) {
            if !before.trim_end().ends_with("ersion") {
                found(Feature::Ipv4, word);
            }
        } else if let Some(domain) = domain(word).filter(|d| top(d).is_some_and(|t| !AMBIGUOUS.contains(&t))) {
            found(Feature::Domain, &domain);
        }
    }
    for word in text.split(|c: char| !c.is_ascii_hexdigit() && !matches!(c, ':' | '.' | '-')) {
        if !glued(text, word) {
            numbers_of_networks(word, found);
        }
    }
    cards(text, found);
}

/// The text before a part of it.
fn behind_of<'t>(text: &'t str, part: &str) -> &'t str {
    // Both lie in one allocation: `part` was split from `text`.
    let at = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    text.get(..at).unwrap_or_default()
}

/// Whether a letter stands right before or behind a part of a text: then it is a part of a word.
fn glued(text: &str, part: &str) -> bool {
    let before = behind_of(text, part);
    let behind = text.get(before.len() + part.len()..).unwrap_or_default();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    before.chars().next_back().is_some_and(letter) || behind.chars().next().is_some_and(letter)
}

fn urls(text: &str, found: &mut dyn FnMut(Feature, &str)) {
    let mut from = 0;
    // What a URL can be made of ends here, and without what may stand behind it, here: the same for all that begin before it, so it is
    // not looked for again.
    let mut run: Option<(usize, usize)> = None;
    while let Some(at) = text.get(from..).and_then(|t| t.find("://")) {
        let colon = from + at;
        from = colon + 3;
        let before = text.get(..colon).unwrap_or_default();
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |i| i + 1);
        let scheme = before.get(start..).unwrap_or_default().to_ascii_lowercase();
        // What stands right before may be glued on: `xhttp`.
        let Some(scheme) = SCHEMES.iter().find(|s| scheme == **s) else { continue };
        let (end, trimmed) = run.filter(|(end, _)| from <= *end).unwrap_or_else(|| run_of(text, from));
        run = Some((end, trimmed));
        let rest = text.get(from..trimmed.max(from)).unwrap_or_default();
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let named = domain(host);
        let six = host.parse::<Ipv6Addr>().is_ok();
        // Formats of programs are no addresses: `http://%s/`.
        if named.is_none() && !ipv4(host) && !six && host != "localhost" {
            continue;
        }
        found(Feature::Url, &format!("{scheme}://{rest}"));
        match named {
            Some(domain) => found(Feature::Domain, &domain),
            None if ipv4(host) => found(Feature::Ipv4, host),
            None => {}
        }
        from += rest.len();
    }
}

/// Where the characters that a URL can have end from `from` on, and the last of them that is no mark behind it.
fn run_of(text: &str, from: usize) -> (usize, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c)).unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or_default();
    let trimmed = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', ']', '*']);
    (from + end, from + trimmed.len())
}

fn mails(text: &str, found: &mut dyn FnMut(Feature, &str)) {
    // Behind the `@` before.
    let mut seen = 0;
    // Whether what stands before belongs to the part of a URL in which a user stands: the last slash of the word is that of `://`.
    let mut in_url = false;
    for (at, _) in text.match_indices('@') {
        // An `@` is part of neither a user nor a host, so nothing is looked at again for the next one.
        let (between, behind) = (text.get(seen..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let start = between.rfind(|c: char| !c.is_ascii_alphanumeric() && !"._%+-".contains(c)).map_or(0, |i| i + 1);
        if let Some(last) = between.rfind(|c: char| c == '/' || !c.is_ascii_graphic()) {
            in_url = between.get(..=last).is_some_and(|b| b.ends_with("://"));
        }
        seen = at + 1;
        // In a URL it parts a user from a host.
        if in_url {
            continue;
        }
        let user = between.get(start..).unwrap_or_default().trim_start_matches(['.', '-', '%', '+']);
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)).unwrap_or(behind.len());
        let host = behind.get(..end).unwrap_or_default().trim_end_matches(['.', '-']);
        if user.is_empty() || user.len() > 64 || user.ends_with('.') || user.contains("..") {
            continue;
        }
        if let Some(domain) = domain(host).filter(|d| top(d).is_some()) {
            found(Feature::Email, &format!("{user}@{domain}"));
            found(Feature::Domain, &domain);
        }
    }
}

/// The name of a host with two parts or more, in small letters.
fn domain(word: &str) -> Option<String> {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let labels: Vec<&str> = word.split('.').collect();
    let [.., second, last] = labels.as_slice() else { return None };
    // The last one has letters: a number is an address or a version.
    let good = word.len() <= 253
        && labels.iter().all(|l| label(l))
        && last.len() >= 2
        && (last.bytes().all(|b| b.is_ascii_alphabetic()) || last.starts_with("xn--"))
        && !second.is_empty();
    good.then(|| word.to_ascii_lowercase())
}

/// The domain at the top, where it is known.
fn top(domain: &str) -> Option<&str> {
    domain.rsplit('.').next().filter(|t| t.starts_with("xn--") || DOMAINS.contains(t))
}

/// Four numbers, none with a zero before it; not `0.x` nor all of one mask.
fn ipv4(word: &str) -> bool {
    word.parse::<Ipv4Addr>().is_ok_and(|a| a.octets().first() != Some(&0) && !a.is_broadcast())
}

fn numbers_of_networks(word: &str, found: &mut dyn FnMut(Feature, &str)) {
    let word = word.trim_matches(['.', '-']);
    for separator in [':', '-'] {
        let mac = word.len() == 17
            && word.split(separator).count() == 6
            && word.split(separator).all(|p| p.len() == 2 && !p.contains(['.', ':', '-']));
        if mac {
            let mac = word.replace('-', ":").to_ascii_lowercase();
            if mac.bytes().any(|b| b != b':' && b != b'0') && mac.bytes().any(|b| b != b':' && b != b'f') {
                found(Feature::Mac, &mac);
            }
            return;
        }
    }
    // Three groups at least: `a::b` is a name in C++, too.
    let groups = word.split(':').filter(|g| !g.is_empty()).count();
    if word.matches(':').count() >= 2
        && groups >= 3
        && word.len() >= 8
        && let Ok(address) = word.parse::<Ipv6Addr>()
    {
        found(Feature::Ipv6, &address.to_string());
    }
}

fn cards(text: &str, found: &mut dyn FnMut(Feature, &str)) {
    for part in text.split(|c: char| !c.is_ascii_digit() && c != ' ' && c != '-') {
        let part = part.trim_matches([' ', '-']);
        if part.len() < 13 || glued(text, part) {
            continue;
        }
        // As they are written: all digits at once, or in groups of four (four, six and five).
        for group in part.split("  ") {
            let digits: String = group.chars().filter(char::is_ascii_digit).collect();
            let lengths: Vec<usize> = group.trim().split([' ', '-']).map(str::len).collect();
            let written = matches!(lengths.as_slice(), [_] | [4, 4, 4, 1..=4] | [4, 6, 4 | 5]);
            if written && issued(&digits) && luhn(&digits) {
                found(Feature::Card, &digits);
            }
        }
    }
}

/// Whether an issuer's numbers begin so, and have this many digits.
fn issued(digits: &str) -> bool {
    let begin = |n: usize| digits.get(..n).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    let many = digits.bytes().collect::<std::collections::BTreeSet<u8>>().len();
    many > 3
        && match digits.len() {
            13 => begin(1) == 4,
            14 => matches!(begin(2), 36 | 38) || matches!(begin(3), 300..=305),
            15 => matches!(begin(2), 34 | 37),
            16 => {
                begin(1) == 4
                    || matches!(begin(2), 51..=55 | 65)
                    || matches!(begin(4), 2221..=2720 | 3528..=3589 | 6011)
                    || matches!(begin(3), 644..=649)
            }
            19 => begin(1) == 4,
            _ => false,
        }
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let n = u32::from(b.wrapping_sub(b'0'));
            if i % 2 == 0 { n } else { n * 2 - if n > 4 { 9 } else { 0 } }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// What is known of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often it was found.
    pub count: u64,
    /// How often of these as UTF-16.
    pub utf16: u64,
    /// Where first.
    pub first: memsh_plugin::umem,
}

/// How often each value was found, within a bound.
pub struct Counts {
    most: usize,
    values: HashMap<(Feature, Box<str>), Count>,
    left_out: u64,
}

impl Counts {
    /// Counts of `most` different values at the most.
    pub fn new(most: usize) -> Self {
        Self { most, values: HashMap::new(), left_out: 0 }
    }

    /// Counts a value that was found at `address`.
    pub fn add(&mut self, feature: Feature, value: &str, address: memsh_plugin::umem, utf16: bool) {
        let full = self.values.len() >= self.most;
        match self.values.entry((feature, value.into())) {
            Entry::Occupied(mut known) => {
                let count = known.get_mut();
                count.count += 1;
                count.utf16 += u64::from(utf16);
            }
            Entry::Vacant(_) if full => self.left_out += 1,
            Entry::Vacant(new) => {
                new.insert(Count { count: 1, utf16: u64::from(utf16), first: address });
            }
        }
    }

    /// How many findings were not counted, since there was no room for their values.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Every value: by feature, the most frequent first, then by value.
    pub fn sorted(self) -> Vec<(Feature, Box<str>, Count)> {
        let mut all: Vec<_> = self.values.into_iter().map(|((feature, value), count)| (feature, value, count)).collect();
        all.sort_by(|a, b| (a.0, std::cmp::Reverse(a.2.count), &a.1).cmp(&(b.0, std::cmp::Reverse(b.2.count), &b.1)));
        all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        features(text, &mut |f, value| out.push(format!("{} {value}", f.name())));
        out
    }

    #[test]
    fn what_is_one_is_found() {
        for (text, wanted) in [
            ("mail to Alice.B@Example.COM, now", &["email Alice.B@example.com", "domain example.com"][..]),
            (
                "see https://User:pw@Host.example.org:8443/a?b=c#d).",
                &["url https://User:pw@Host.example.org:8443/a?b=c#d", "domain host.example.org"],
            ),
            ("http://10.0.0.1/x", &["url http://10.0.0.1/x", "ipv4 10.0.0.1"]),
            ("http://[2001:db8::1:2]:80/", &["url http://[2001:db8::1:2]:80/", "ipv6 2001:db8::1:2"]),
            ("from 192.168.1.254 to 8.8.8.8.", &["ipv4 192.168.1.254", "ipv4 8.8.8.8"]),
            ("eth 52:54:00:12:34:56 or 52-54-00-AB-CD-EF", &["mac 52:54:00:12:34:56", "mac 52:54:00:ab:cd:ef"]),
            ("fe80::5054:ff:fe12:3456%eth0", &["ipv6 fe80::5054:ff:fe12:3456"]),
            ("card 4111 1111 1111 1111", &[]),
            ("card 4012-8888-8888-1881 and 378282246310005", &["card 4012888888881881", "card 378282246310005"]),
            ("www.kernel.org", &["domain www.kernel.org"]),
        ] {
            assert_eq!(all(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        for text in [
            "version 1.2.3.4",
            "1.2.3",
            "0.0.0.0",
            "255.255.255.255",
            "1.2.3.4.5",
            "300.1.1.1",
            "01.2.3.4",
            "http://%s/%d",
            "std::io::Read",
            "aa::bb",
            "12:34:56",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "x52:54:00:12:34:56",
            "@example.com",
            "a@b",
            "a@b.zzzz",
            "file.in",
            "libc.so",
            "this.name",
            "lib.rs",
            "4012888888881882",
            "94012888888881881",
            "foo@bar@",
            "xhttp://a.b/",
            "C:\\a.com\\x",
            "/usr/a.com",
        ] {
            let found = all(text);
            assert!(found.is_empty() || text.starts_with("C:") && found.is_empty(), "{text}: {found:?}");
        }
    }

    #[test]
    fn counts_have_a_bound_and_tell_it() {
        let mut counts = Counts::new(2);
        for value in ["a.de", "b.de", "b.de", "c.de", "a.de", "b.de"] {
            counts.add(Feature::Domain, value, 1, value == "a.de");
        }
        assert_eq!(counts.left_out(), 1);
        let sorted: Vec<_> = counts.sorted().into_iter().map(|(_, v, c)| (v.into_string(), c.count, c.utf16)).collect();
        assert_eq!(sorted, [("b.de".to_owned(), 3, 0), ("a.de".to_owned(), 2, 2)]);
    }

    /// As it was before each end was looked for once only: the reference.
    fn from_each_beginning(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|t| t.find("://")) {
            let colon = from + at;
            from = colon + 3;
            let before = text.get(..colon).unwrap();
            let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |i| i + 1);
            let scheme = before.get(start..).unwrap().to_ascii_lowercase();
            let Some(scheme) = SCHEMES.iter().find(|s| scheme == **s) else { continue };
            let rest = text.get(from..).unwrap();
            let end = rest.find(|c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c)).unwrap_or(rest.len());
            let rest = rest.get(..end).unwrap().trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', ']', '*']);
            let host = rest.split(['/', '?', '#']).next().unwrap().rsplit('@').next().unwrap();
            let host = host.split(':').next().unwrap();
            if domain(host).is_none() && !ipv4(host) && host != "localhost" {
                continue;
            }
            out.push(format!("url {scheme}://{rest}"));
            from += rest.len();
        }
        for (at, _) in text.match_indices('@') {
            let (before, behind) = (text.get(..at).unwrap(), text.get(at + 1..).unwrap());
            let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !"._%+-".contains(c)).map_or(0, |i| i + 1);
            let word = before.get(before.rfind(|c: char| !c.is_ascii_graphic()).map_or(0, |i| i + 1)..).unwrap();
            if word.rsplit_once("://").is_some_and(|(_, authority)| !authority.contains('/')) {
                continue;
            }
            let user = before.get(start..).unwrap().trim_start_matches(['.', '-', '%', '+']);
            let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)).unwrap_or(behind.len());
            let host = behind.get(..end).unwrap().trim_end_matches(['.', '-']);
            if user.is_empty() || user.len() > 64 || user.ends_with('.') || user.contains("..") {
                continue;
            }
            if let Some(domain) = domain(host).filter(|d| top(d).is_some()) {
                out.push(format!("email {user}@{domain}"));
            }
        }
        out
    }

    #[test]
    fn what_is_almost_one_over_and_over_is_looked_at_once() {
        // 2^18 beginnings, none of which leads to anything: 2^36 bytes and more where each is followed to an end.
        for piece in ["a@", "a@b.", "http://%", "http://%!", "http://a@", "....a@", "a:b::", "1.2.", "4 ", "://", "a.b@", "/@"] {
            let text = piece.repeat(1 << 18);
            let mut count = 0;
            features(&text, &mut |_, _| count += 1);
            assert_eq!(count, 0, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn addresses_are_what_they_are_from_each_beginning(pieces in prop::collection::vec(prop::sample::select(vec![
            "http", "://", "a", "b.de", "@", "/", "?", "#", ".", "..", "!", ":", " ", "<", "%", "-", "localhost", "10.1.2.3", "x", "a@b.org",
            "https://c.com",
        ]), 0..40)) {
            let text: String = pieces.concat();
            let found: Vec<String> = all(&text).into_iter().filter(|f| f.starts_with("url ") || f.starts_with("email ")).collect();
            prop_assert_eq!(found, from_each_beginning(&text));
        }

        #[test]
        fn any_text_is_taken(text in "[ -~]{0,200}") {
            features(&text, &mut |_, value| assert!(!value.is_empty()));
        }

        #[test]
        fn any_address_is_found(a in 1u8..255, b: u8, c: u8, d: u8, e in 1u16.., f in 1u16..) {
            let four = format!("{a}.{b}.{c}.{d}");
            prop_assert_eq!(all(&format!("to {four} now")), vec![format!("ipv4 {four}")]);
            let six = Ipv6Addr::new(0x2001, 0xdb8, e, f, 0, 0, e, 1).to_string();
            prop_assert_eq!(all(&format!("to {six} now")), vec![format!("ipv6 {six}")]);
        }
    }
}
