//! Reads `src/` as words: comments and the contents of literals left out, inline tests cut away, lines remembered.
//! Enough Rust to find imports, names and functions; the compiler does the rest.

use std::fs;
use std::path::{Path, PathBuf};

/// One file, as the laws see it.
pub struct Source {
    /// Below `src/`, with `/`: `web/portal/claims.rs`.
    pub path: String,
    pub text: String,
    pub words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub line: usize,
    /// An identifier, a number, `::`, or one character of punctuation. A literal is `"`.
    pub text: String,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    pub public: bool,
    /// From the name to the body.
    pub head: Vec<String>,
    pub body: Vec<String>,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below `src/` that is not all tests, in order of path.
pub fn all() -> Vec<Source> {
    let src = root().join("src");
    files(&src, "rs")
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let below = path.strip_prefix(&src).unwrap();
            Source::new(
                &below.to_string_lossy().replace('\\', "/"),
                &fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

/// Every file with this ending below a folder.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            words: without_tests(words(text)),
        }
    }

    /// The first name below `src/`: `rules` for `rules/money.rs`, `clock` for `clock.rs`.
    pub fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The modules from the crate's root to this file.
    fn modules(&self) -> Vec<&str> {
        self.path
            .strip_suffix(".rs")
            .unwrap()
            .split('/')
            .filter(|part| !["mod", "lib", "main"].contains(part))
            .collect()
    }

    /// Rooms of ours that this file names, with the line: through `crate::`, `redress::` or enough `super::`.
    pub fn rooms_named(&self) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        for place in 0..self.words.len() {
            if self.continues_a_path(place) {
                continue;
            }
            let after = match self.text_at(place) {
                "crate" | "redress" if self.text_at(place + 1) == "::" => place + 2,
                "super" => match self.climbed(place) {
                    Some(after) => after,
                    None => continue,
                },
                _ => continue,
            };
            for at in self.first_names(after) {
                named.push((self.words[at].line, self.text_at(at).to_owned()));
            }
        }
        named
    }

    /// Names that begin a path, with the line: `chrono` in `chrono::Utc::now()`, `diesel` in `use diesel::prelude::*`.
    pub fn heads_of_paths(&self) -> Vec<(usize, &str)> {
        (0..self.words.len())
            .filter(|at| self.text_at(at + 1) == "::" && is_name(self.text_at(*at)))
            .filter(|at| !self.continues_a_path(*at))
            .map(|at| (self.words[at].line, self.text_at(at)))
            .collect()
    }

    /// Lines on which these words follow one another.
    pub fn lines_with(&self, run: &[&str]) -> Vec<usize> {
        self.words
            .windows(run.len())
            .filter(|window| window.iter().map(|word| &word.text).eq(run.iter()))
            .map(|window| window[0].line)
            .collect()
    }

    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            if self.text_at(at) != "fn" || !is_name(self.text_at(at + 1)) {
                continue;
            }
            let Some(open) =
                (at..self.words.len()).find(|place| ["{", ";"].contains(&self.text_at(*place)))
            else {
                continue;
            };
            if self.text_at(open) == ";" {
                continue;
            }
            let close = self.closing(open);
            found.push(Function {
                name: self.text_at(at + 1).to_owned(),
                line: self.words[at].line,
                lines: self.words[close].line - self.words[at].line + 1,
                public: at > 0 && ["pub", ")"].contains(&self.text_at(at - 1))
                    || at > 1 && self.text_at(at - 1) == "async" && self.text_at(at - 2) == "pub",
                head: self.texts(at + 1, open),
                body: self.texts(open, close + 1),
            });
        }
        found
    }

    fn texts(&self, from: usize, to: usize) -> Vec<String> {
        self.words[from..to]
            .iter()
            .map(|word| word.text.clone())
            .collect()
    }

    fn text_at(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    fn continues_a_path(&self, at: usize) -> bool {
        at > 0 && self.text_at(at - 1) == "::"
    }

    /// Where `super::super::…` has reached the crate's root, the place after it.
    fn climbed(&self, from: usize) -> Option<usize> {
        let mut at = from;
        let mut steps = 0;
        while self.text_at(at) == "super" && self.text_at(at + 1) == "::" {
            steps += 1;
            at += 2;
        }
        (steps == self.modules().len()).then_some(at)
    }

    /// The name at this place, or the first name of each branch of `{a, b::c}`.
    fn first_names(&self, at: usize) -> Vec<usize> {
        if self.text_at(at) != "{" {
            return vec![at];
        }
        let close = self.closing(at);
        let mut depth = 0;
        let mut names = Vec::new();
        for place in at..close {
            match self.text_at(place) {
                "{" => depth += 1,
                "}" => depth -= 1,
                word if depth == 1
                    && is_name(word)
                    && ["{", ","].contains(&self.text_at(place - 1)) =>
                {
                    names.push(place);
                }
                _ => {}
            }
        }
        names
    }

    fn closing(&self, open: usize) -> usize {
        closing(&self.words, open)
    }
}

fn closing(words: &[Word], open: usize) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    words.len() - 1
}

pub fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Cuts `#[cfg(test)] mod … { … }` away: tests may name what the room may not.
fn without_tests(words: Vec<Word>) -> Vec<Word> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let marked = words[at..]
            .iter()
            .map(|word| word.text.as_str())
            .take(MARK.len())
            .eq(MARK);
        let open = at + MARK.len() + 1;
        if marked && words.get(open).is_some_and(|word| word.text == "{") {
            at = closing(&words, open) + 1;
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

/// Splits Rust into words.
fn words(text: &str) -> Vec<Word> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < chars.len() {
        let (end, word) = next(&chars, at);
        if let Some(word) = word {
            words.push(Word { line, text: word });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    words
}

/// Where the thing at `at` ends, and the word it is (none for space and comments).
fn next(chars: &[char], at: usize) -> (usize, Option<String>) {
    let here = chars[at];
    let then = chars.get(at + 1).copied().unwrap_or(' ');
    if here == '/' && then == '/' {
        return (skip(chars, at, |c| c != '\n'), None);
    }
    if here == '/' && then == '*' {
        let close = (at + 2..chars.len()).find(|i| chars[*i] == '/' && chars[*i - 1] == '*');
        return (close.map_or(chars.len(), |i| i + 1), None);
    }
    if here == '"' {
        return (quoted(chars, at, '"'), Some("\"".to_owned()));
    }
    if here == '\'' {
        return match chars.get(at + 2) {
            Some('\'') => (at + 3, Some("\"".to_owned())),
            _ if then == '\\' => (quoted(chars, at, '\''), Some("\"".to_owned())),
            _ => (skip(chars, at + 1, in_name), None),
        };
    }
    if here.is_alphanumeric() || here == '_' {
        let end = skip(chars, at, in_name);
        let word: String = chars[at..end].iter().collect();
        let hashes = skip(chars, end, |c| c == '#') - end;
        let quote = chars.get(end + hashes) == Some(&'"');
        return match word.as_str() {
            "r" | "br" if quote => (raw(chars, end + hashes, hashes), Some("\"".to_owned())),
            "b" | "c" if quote && hashes == 0 => (quoted(chars, end, '"'), Some("\"".to_owned())),
            _ => (end, Some(word)),
        };
    }
    if here == ':' && then == ':' {
        return (at + 2, Some("::".to_owned()));
    }
    (at + 1, (!here.is_whitespace()).then(|| here.to_string()))
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn skip(chars: &[char], from: usize, while_: impl Fn(char) -> bool) -> usize {
    (from..chars.len())
        .find(|at| !while_(chars[*at]))
        .unwrap_or(chars.len())
}

fn quoted(chars: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw(chars: &[char], open: usize, hashes: usize) -> usize {
    (open + 1..chars.len())
        .find(|at| chars[*at] == '"' && chars[at + 1..].iter().take(hashes).all(|c| *c == '#'))
        .map_or(chars.len(), |at| at + 1 + hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Source {
        Source::new("web/portal/claims.rs", text)
    }

    #[test]
    fn words_in_comments_literals_and_inline_tests_are_not_code() {
        let source = read(
            "// diesel::x\n/* diesel::y */ let a = \"diesel::z\\\" \"; let b = r#\"diesel::\"#; let c = 'd'; let l: &'static str;\n\
             #[cfg(test)]\nmod tests { use diesel::q; fn t() { if x { } } }\nfn left() {}",
        );
        assert!(source.heads_of_paths().is_empty());
        assert_eq!(source.functions().len(), 1);
        assert_eq!(source.functions()[0].line, 5);
    }

    #[test]
    fn rooms_are_found_through_crate_groups_and_climbing() {
        let source = read(
            "use crate::db::claims;\nuse crate::{desk::x, rules::{money, y}, act};\nuse super::super::super::outside::z;\nuse super::super::faces;",
        );
        let named: Vec<_> = source.rooms_named();
        let expected = [
            (1, "db"),
            (2, "desk"),
            (2, "rules"),
            (2, "act"),
            (3, "outside"),
        ];
        assert_eq!(named, expected.map(|(line, room)| (line, room.to_owned())));
    }
}
