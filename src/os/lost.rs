//! What was lost on the way to a list.

use memsh_plugin::{Listing, Text};

/// More sentences help nobody; what comes after is counted.
const MOST: usize = 1000;

/// Sentences about what could not be read or did not make sense.
#[derive(Debug, Default)]
pub struct Lost {
    sentences: Vec<String>,
    more: usize,
}

impl Lost {
    /// Adds a sentence. The same one twice is said once.
    pub fn push(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if self.sentences.last() == Some(&sentence) {
            return;
        }
        match self.sentences.len() < MOST {
            true => self.sentences.push(sentence),
            false => self.more += 1,
        }
    }

    /// Adds what was lost elsewhere.
    pub fn extend(&mut self, other: Lost) {
        for sentence in other.sentences {
            self.push(sentence);
        }
        self.more = self.more.saturating_add(other.more);
    }

    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// What was lost so far.
    #[cfg(test)]
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// `items`, with what was lost.
    pub fn listing<T>(mut self, items: Vec<T>) -> Listing<T> {
        if self.more > 0 {
            self.sentences.push(format!("{} more pieces were lost", self.more));
        }
        let lost: Vec<Text> = self.sentences.into_iter().map(Text::from).collect();
        Listing { items: items.into(), lost: lost.into() }
    }
}
