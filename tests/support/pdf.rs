//! The words of a PDF, read back out of its own bytes: every stream inflated, every string decoded by the fonts' maps to Unicode. A
//! string is decoded by each map in turn, because which font it is set in is not worth following; by the wrong one it is gibberish.

use std::collections::HashMap;
use std::io::Read;

type Map = HashMap<u16, String>;

/// Every line of text, each in as many readings as there are fonts.
pub fn words(pdf: &[u8]) -> String {
    let streams: Vec<Vec<u8>> = streams(pdf).into_iter().filter_map(inflate).collect();
    let maps: Vec<Map> = streams.iter().filter_map(|stream| map(stream)).collect();
    assert!(!maps.is_empty(), "no font says what its glyphs mean");
    let mut words = String::new();
    for stream in streams.iter().filter(|stream| contains(stream, b" Tf")) {
        for line in lines(stream) {
            for map in &maps {
                let glyphs = line
                    .chunks_exact(2)
                    .map(|two| u16::from_be_bytes([two[0], two[1]]));
                words.extend(glyphs.map(|glyph| map.get(&glyph).cloned().unwrap_or_default()));
                words.push('\n');
            }
        }
    }
    words
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn find(bytes: &[u8], part: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    Some(from + rest.windows(part.len()).position(|window| window == part)?)
}

fn streams(pdf: &[u8]) -> Vec<&[u8]> {
    let mut streams = Vec::new();
    let mut at = 0;
    while let Some(begin) = find(pdf, b"stream\n", at) {
        let begin = begin + b"stream\n".len();
        let Some(end) = find(pdf, b"endstream", begin) else {
            break;
        };
        streams.push(&pdf[begin..end]);
        at = end + b"endstream".len();
    }
    streams
}

fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(stream)
        .read_to_end(&mut out)
        .ok()?;
    Some(out)
}

/// `<0012> <0041>`, between `beginbfchar` and `endbfchar`; ranges are written out by the writer.
fn map(stream: &[u8]) -> Option<Map> {
    let text = std::str::from_utf8(stream).ok()?;
    if !text.contains("begincmap") {
        return None;
    }
    let mut map = Map::new();
    for part in text.split("beginbfchar").skip(1) {
        let part = part.split("endbfchar").next()?;
        let codes: Vec<&str> = part.split(['<', '>']).skip(1).step_by(2).collect();
        for pair in codes.chunks_exact(2) {
            let glyph = u16::from_str_radix(pair[0], 16).ok()?;
            let units: Vec<u16> = (0..pair[1].len() / 4)
                .filter_map(|at| u16::from_str_radix(&pair[1][at * 4..at * 4 + 4], 16).ok())
                .collect();
            map.insert(glyph, String::from_utf16_lossy(&units));
        }
    }
    Some(map)
}

/// The strings of each `BT … ET`, put together.
fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < stream.len() {
        match stream[at] {
            b'(' => at = literal(stream, at + 1, &mut line),
            b'<' if stream.get(at + 1) != Some(&b'<') => at = hex(stream, at + 1, &mut line),
            b'E' if stream[at..].starts_with(b"ET") => {
                lines.push(std::mem::take(&mut line));
                at += 2;
            }
            _ => at += 1,
        }
    }
    lines
}

fn literal(stream: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let mut depth = 1;
    while at < stream.len() {
        match stream[at] {
            b'\\' => {
                let digits: Vec<u8> = stream[at + 1..]
                    .iter()
                    .copied()
                    .take(3)
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .collect();
                if digits.is_empty() {
                    out.push(match stream[at + 1] {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'f' => 12,
                        other => other,
                    });
                    at += 2;
                } else {
                    let value = digits
                        .iter()
                        .fold(0_u32, |sum, digit| sum * 8 + u32::from(digit - b'0'));
                    out.push(value.to_le_bytes()[0]);
                    at += 1 + digits.len();
                }
                continue;
            }
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
        out.push(stream[at - 1]);
    }
    at
}

fn hex(stream: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let end = find(stream, b">", at).unwrap_or(stream.len());
    let digits: Vec<u8> = stream[at..end]
        .iter()
        .copied()
        .filter(u8::is_ascii_hexdigit)
        .collect();
    for pair in digits.chunks(2) {
        let text = std::str::from_utf8(pair).unwrap();
        out.push(u8::from_str_radix(text, 16).unwrap());
    }
    end + 1
}
