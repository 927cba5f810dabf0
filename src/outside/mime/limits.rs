//! What is looked at before the parser sees a byte, in one pass over the lines: how large the mail and its head are, how many headers
//! and parts it has. And one change: mails inside the mail are made plain attachments, because a mail in a mail in a mail could nest
//! as deep as it is long, and what is nested is taken apart by recursion.

use std::borrow::Cow;

use mail_parser::{Message, PartType};

/// The largest mail, in bytes.
pub const LARGEST: usize = 25 * 1024 * 1024;
pub const LARGEST_HEAD: usize = 256 * 1024;
const MOST_HEADERS: usize = 500;
/// Lines that could begin a part, and header lines of parts. Far above any real mail, far below what fills a memory.
const MOST_DASHED: usize = 20_000;
const MOST_PART_HEADERS: usize = 20_000;
const MOST_PARTS: usize = 100;
const DEEPEST: usize = 20;

/// The bytes as the parser may see them.
pub fn tamed(raw: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if raw.len() > LARGEST {
        return Err("It is larger than 25 MB.".to_owned());
    }
    head(raw)?;
    let mut tame = Cow::Borrowed(raw);
    let (mut in_head, mut dashed, mut headers, mut types) = (true, 0, 0, false);
    for (start, line) in lines(raw) {
        let words = line.trim_ascii();
        if words.is_empty() {
            in_head = false;
            types = false;
            continue;
        }
        if line.starts_with(b"--") {
            dashed += 1;
            in_head = true;
        }
        if in_head {
            headers += 1;
        }
        // Wherever the parser could take a line for it, head or not; and the lines that go on with it.
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        types = starts_with(words, b"content-type") || (types && continues);
        if types {
            for at in nested(line) {
                let at = start + at;
                tame.to_mut()[at..at + 3].copy_from_slice(b"xx-");
            }
        }
        if dashed > MOST_DASHED || headers > MOST_PART_HEADERS {
            return Err("It has too many parts.".to_owned());
        }
    }
    Ok(tame)
}

/// A kind as the sender wrote it, before it was made plain.
pub fn as_it_was(kind: &str) -> String {
    kind.replace("xx-822", "rfc822")
        .replace("xx-bal", "global")
        .replace("xx-est", "digest")
}

/// Where a line says the words that make the parser read a part as a mail, or the parts of a part as mails. A boundary may hold them
/// too, and must stay as it is; a token of one holds no slash, so it names no kind.
fn nested(line: &[u8]) -> Vec<usize> {
    let is_word = |window: &[u8]| {
        [b"rfc822", b"global", b"digest"]
            .iter()
            .any(|word| window.eq_ignore_ascii_case(*word))
    };
    let found = line.windows(6).enumerate();
    let found = found.filter(|(_, window)| is_word(window));
    found
        .map(|(at, _)| at)
        .filter(|at| !is_in_boundary(&line[..*at]))
        .collect()
}

fn is_in_boundary(before: &[u8]) -> bool {
    const LONGEST: usize = 200;
    let near = &before[before.len().saturating_sub(LONGEST)..];
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"_+=.'\"-".contains(byte);
    let start = near.iter().rposition(|byte| !in_token(byte));
    let token = &near[start.map_or(0, |at| at + 1)..];
    token
        .windows(9)
        .any(|window| window.eq_ignore_ascii_case(b"boundary="))
}

/// The mail's own head: not too long, not too many headers, and no byte that ends a text elsewhere.
pub fn head(raw: &[u8]) -> Result<(), String> {
    let mut headers = 0;
    for (start, line) in lines(raw) {
        if start + line.len() > LARGEST_HEAD {
            return Err("Its head is too long.".to_owned());
        }
        if line.trim_ascii().is_empty() && start > 0 {
            break;
        }
        if line.contains(&0) {
            return Err("Its head has a byte that no mail may have.".to_owned());
        }
        headers += usize::from(!matches!(line.first(), Some(b' ' | b'\t')));
        if headers > MOST_HEADERS {
            return Err("Its head has too many lines.".to_owned());
        }
    }
    Ok(())
}

/// How many parts were found, and how deep they lie.
pub fn parts(message: &Message) -> Result<(), String> {
    if message.parts.len() > MOST_PARTS {
        return Err("It has too many parts.".to_owned());
    }
    let mut depth = vec![0_usize; message.parts.len()];
    for (at, part) in message.parts.iter().enumerate() {
        let PartType::Multipart(children) = &part.body else {
            continue;
        };
        for child in children {
            let child = usize::try_from(*child).unwrap_or(usize::MAX);
            if child > at && child < depth.len() {
                depth[child] = depth[at] + 1;
                if depth[child] > DEEPEST {
                    return Err("Its parts are nested too deep.".to_owned());
                }
            }
        }
    }
    Ok(())
}

fn lines(raw: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    raw.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line)
    })
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}
