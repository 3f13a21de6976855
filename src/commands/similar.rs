//! "Did you mean ...?"

/// The candidates closest to `word`, best first, at most three.
pub fn similar<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let mut close: Vec<(usize, &str)> = candidates
        .filter_map(|c| {
            let d = if c.starts_with(word) && word.len() >= 2 { 0 } else { distance(word, c) };
            (d <= limit).then_some((d, c))
        })
        .collect();
    close.sort_unstable();
    close.dedup();
    close.into_iter().take(3).map(|(_, c)| c).collect()
}

/// Words in a row as a sentence has them: `a, b or c`.
pub fn or(words: &[&str]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Letters to change, insert, remove or swap with their neighbour to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > 4 || a.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut best = (row[j - 1] + usize::from(!same)).min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_fingers_are_close() {
        let commands = ["ps", "maps", "modules", "threads", "symbols"];
        let near = |w| similar(w, commands.into_iter());
        assert_eq!(near("moduels"), ["modules"]);
        assert_eq!(near("map"), ["maps"]);
        assert_eq!(near("sym"), ["symbols"]);
        assert!(near("quux").is_empty());
        assert_eq!(or(&["a", "b", "c"]), "a, b or c");
    }
}
