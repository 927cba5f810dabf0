//! What a file is, by its first bytes. The sender's content type is never asked, and a name only tells apart kinds of the
//! same family (a table from a note, a letter from a note, a document from an archive).

use super::names;

/// How much of a file's beginning [`Kind::of`] wants to see.
pub const PREFIX: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Pdf,
    Txt,
    Csv,
    Eml,
    Docx,
    Xlsx,
    Odt,
    Zip,
    Empty,
    /// HTML, SVG, XML: what a browser could run.
    Markup,
    /// What a machine could run.
    Program,
    Other,
}

impl Kind {
    pub const ALL: [Kind; 16] = [
        Kind::Png,
        Kind::Jpeg,
        Kind::Gif,
        Kind::Webp,
        Kind::Pdf,
        Kind::Txt,
        Kind::Csv,
        Kind::Eml,
        Kind::Docx,
        Kind::Xlsx,
        Kind::Odt,
        Kind::Zip,
        Kind::Empty,
        Kind::Markup,
        Kind::Program,
        Kind::Other,
    ];

    /// The kind of a file that begins with `prefix` (its first [`PREFIX`] bytes, or all of it) and came as `name`.
    pub fn of(prefix: &[u8], name: &str) -> Kind {
        if prefix.is_empty() {
            return Kind::Empty;
        }
        let found = infer::get(prefix);
        match found.map(|found| found.mime_type()) {
            Some("image/png") => Kind::Png,
            Some("image/jpeg") => Kind::Jpeg,
            Some("image/gif") => Kind::Gif,
            Some("image/webp") => Kind::Webp,
            Some("application/pdf") => Kind::Pdf,
            Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document") => {
                Kind::Docx
            }
            Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") => Kind::Xlsx,
            Some("application/vnd.oasis.opendocument.text") => Kind::Odt,
            _ if prefix.starts_with(b"PK\x03\x04") || prefix.starts_with(b"PK\x05\x06") => {
                packed(prefix, name)
            }
            Some("text/html" | "text/xml") => Kind::Markup,
            Some("text/x-shellscript") => Kind::Program,
            _ if is_text(prefix) => written(prefix, name),
            _ if found.is_some_and(is_program) => Kind::Program,
            _ => Kind::Other,
        }
    }

    /// What customers may attach; staff see the rest with a warning.
    pub fn is_welcome(self) -> bool {
        !matches!(self, Kind::Markup | Kind::Program | Kind::Other)
    }

    /// The content type of a download. Only pictures keep theirs; anything else is a stream of bytes to a browser.
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::Png => "image/png",
            Kind::Jpeg => "image/jpeg",
            Kind::Gif => "image/gif",
            Kind::Webp => "image/webp",
            _ => "application/octet-stream",
        }
    }

    /// The word for rows and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Png => "png",
            Kind::Jpeg => "jpeg",
            Kind::Gif => "gif",
            Kind::Webp => "webp",
            Kind::Pdf => "pdf",
            Kind::Txt => "txt",
            Kind::Csv => "csv",
            Kind::Eml => "eml",
            Kind::Docx => "docx",
            Kind::Xlsx => "xlsx",
            Kind::Odt => "odt",
            Kind::Zip => "zip",
            Kind::Empty => "empty",
            Kind::Markup => "markup",
            Kind::Program => "program",
            Kind::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Office documents are archives; where the library cannot tell, the name may say which, if the content agrees.
fn packed(prefix: &[u8], name: &str) -> Kind {
    let office = prefix
        .windows(19)
        .take(4096)
        .any(|window| window == b"[Content_Types].xml");
    match names::extension(name).as_str() {
        "docx" if office => Kind::Docx,
        "xlsx" if office => Kind::Xlsx,
        _ => Kind::Zip,
    }
}

fn written(prefix: &[u8], name: &str) -> Kind {
    let body = prefix
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(prefix)
        .trim_ascii_start();
    if body.starts_with(b"#!") {
        return Kind::Program;
    }
    // Browsers guess HTML from the first tag; a text that begins with one is not worth the guess.
    if body.first() == Some(&b'<') {
        return Kind::Markup;
    }
    match names::extension(name).as_str() {
        "csv" => Kind::Csv,
        "eml" if begins_with_a_header(body) => Kind::Eml,
        _ => Kind::Txt,
    }
}

/// `Name: value` on the first line, as every mail begins (RFC 5322, 2.2).
fn begins_with_a_header(body: &[u8]) -> bool {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match line.iter().position(|byte| *byte == b':') {
        Some(0) | None => false,
        Some(end) => line[..end].iter().all(u8::is_ascii_graphic),
    }
}

/// No byte that only binary files have. Older encodings pass: a note from an old machine is a note.
fn is_text(prefix: &[u8]) -> bool {
    prefix
        .iter()
        .all(|byte| *byte >= 0x20 && *byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c))
}

fn is_program(found: infer::Type) -> bool {
    found.matcher_type() == infer::MatcherType::App
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn archive(first: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend((first.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(first.as_bytes());
        bytes.extend(b"contents");
        bytes
    }

    #[test]
    fn content_decides_and_the_name_only_refines() {
        let (document, letter) = (
            archive("[Content_Types].xml"),
            b"From: a@example.com\r\nSubject: x\r\n\r\nHi",
        );
        let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 64]].concat();
        let odt = archive("mimetypeapplication/vnd.oasis.opendocument.text");
        for (content, name, expected) in [
            (&b""[..], "nothing.png", Kind::Empty),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.svg", Kind::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a", Kind::Jpeg),
            (b"GIF89a/*\0\0", "a.js", Kind::Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "a.webp", Kind::Webp),
            (b"%PDF-1.7\n1 0 obj", "a.pdf", Kind::Pdf),
            (b"the order never came", "a.txt", Kind::Txt),
            (b"caf\xe9, written long ago", "a.txt", Kind::Txt),
            (b"{\"id\": 1}", "a.json", Kind::Txt),
            (b"order,units\n1,2\n", "a.csv", Kind::Csv),
            (letter, "a.eml", Kind::Eml),
            (letter, "a.txt", Kind::Txt),
            (b"no header here", "a.eml", Kind::Txt),
            (&document, "a.docx", Kind::Docx),
            (&document, "a.xlsx", Kind::Xlsx),
            (&document, "a.zip", Kind::Zip),
            (&odt, "a.bin", Kind::Odt),
            (&archive("x.txt"), "a.docx", Kind::Zip),
            (
                b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                "empty.zip",
                Kind::Zip,
            ),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
                "a.png",
                Kind::Markup,
            ),
            (b"<!DOCTYPE html><p>", "a.txt", Kind::Markup),
            (b"\xef\xbb\xbf  \r\n<HTML>", "a.txt", Kind::Markup),
            (
                b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
                "a.xhtml",
                Kind::Markup,
            ),
            (b"<x:script>", "a.csv", Kind::Markup),
            (&elf, "a.png", Kind::Program),
            (b"MZ\x90\0\x03\0\0\0", "a.pdf", Kind::Program),
            (b"#!/bin/sh\nrm -r x\n", "a.txt", Kind::Program),
            (b"\n#!/bin/sh\n", "a.txt", Kind::Program),
            (b"\0\x01\x02\x03 who knows", "a.png", Kind::Other),
        ] {
            assert_eq!(
                Kind::of(content, name),
                expected,
                "{name}: {:?}",
                String::from_utf8_lossy(content)
            );
        }
    }

    #[test]
    fn what_could_run_is_not_welcome_and_only_pictures_keep_their_type() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(
                kind.is_welcome(),
                !matches!(kind, Kind::Markup | Kind::Program | Kind::Other)
            );
            let picture = matches!(kind, Kind::Png | Kind::Jpeg | Kind::Gif | Kind::Webp);
            assert_eq!(kind.media_type().starts_with("image/"), picture);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_beginning_of_a_file_stops_the_detector(start in 0usize..6, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = [&b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x7fELF", b"RIFF", b"MZ"][start].to_vec();
            bytes.extend(rest);
            let _ = Kind::of(&bytes, "x.docx");
            let mut office = archive("[Content_Types].xml");
            office.extend(&bytes);
            office[18..22].copy_from_slice(&[*bytes.first().unwrap_or(&0), *bytes.last().unwrap_or(&0), 0, start as u8]);
            let _ = Kind::of(&office, "x");
        }
    }
}
