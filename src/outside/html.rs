//! A stranger's HTML made safe to look at: a short list of tags, links that lead over a page of ours, and nothing that is loaded or runs.
//! The sanitiser takes time in the square of how deep tags nest, so what is too much for it never reaches it.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const LARGEST: usize = 256 * 1024;
const MOST_TAGS: usize = 5_000;
const DEEPEST: usize = 200;
/// What comes out may be larger than what went in.
const LARGEST_OUT: usize = 512 * 1024;

const TAGS: [&str; 29] = [
    "p",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "hr",
    "div",
    "span",
    "sub",
];

/// The document's body, safe. `leaving` is where links go, to which the address is appended.
///
/// # Errors
/// Why it is not shown, in words for whoever asked.
pub fn safe(html: &str, leaving: &str) -> Result<String, &'static str> {
    weigh(html)?;
    let leaving = leaving.to_owned();
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean_content_tags(HashSet::from([
            "script", "style", "title", "template", "noscript",
        ]))
        .attribute_filter(move |_, _, value| {
            let scheme = value
                .split(':')
                .next()
                .unwrap_or("")
                .trim()
                .to_ascii_lowercase();
            match scheme.as_str() {
                "mailto" => Some(value.to_owned().into()),
                "http" | "https" => {
                    let to = utf8_percent_encode(value.trim(), NON_ALPHANUMERIC);
                    Some(format!("{leaving}{to}").into())
                }
                _ => None,
            }
        });
    let clean = builder.clean(html).to_string();
    if clean.len() > LARGEST_OUT {
        return Err("It is too large to be shown as HTML.");
    }
    Ok(clean)
}

/// One pass over the tags, before anybody builds a tree of them.
fn weigh(html: &str) -> Result<(), &'static str> {
    if html.len() > LARGEST {
        return Err("It is too large to be shown as HTML.");
    }
    let (mut tags, mut depth, mut deepest) = (0_usize, 0_usize, 0_usize);
    let bytes = html.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'<' {
            continue;
        }
        tags += 1;
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(next) if next.is_ascii_alphabetic() && !is_empty_tag(&bytes[at + 1..]) => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            _ => {}
        }
    }
    if tags > MOST_TAGS || deepest > DEEPEST {
        return Err("It has too many tags to be shown as HTML.");
    }
    Ok(())
}

/// Tags that nothing nests in.
fn is_empty_tag(from: &[u8]) -> bool {
    let end = from.iter().position(|byte| !byte.is_ascii_alphanumeric());
    let name = &from[..end.unwrap_or(from.len())];
    [
        "br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base",
    ]
    .iter()
    .any(|empty| name.eq_ignore_ascii_case(empty.as_bytes()))
}
