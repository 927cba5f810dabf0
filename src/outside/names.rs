//! File names as strangers write them, made fit to show and to put in a header. A name never becomes part of a path: files
//! are kept under random names (`store.rs`), so this is about what people and browsers read.

use icu_normalizer::ComposingNormalizerBorrowed;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::plain;

const LONGEST: usize = 150;

/// What RFC 5987 lets stand unescaped in `filename*`.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name to store and show: composed (NFC), one visible line, no character that a file system minds, at most 150 bytes
/// with its extension kept. Where nothing is left it is `attachment-N`, with N counted by the caller.
pub fn clean(name: &str, n: usize) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(name);
    let visible = plain::line(&composed, usize::MAX);
    let replaced = visible.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    let trimmed = replaced.trim_matches(['.', ' ']);
    if trimmed.chars().all(|c| c == '_') {
        return format!("attachment-{n}");
    }
    let guarded = if is_device(trimmed) {
        format!("_{trimmed}")
    } else {
        trimmed.to_owned()
    };
    shorten(&guarded)
}

/// The header that makes a browser save the file under `name` and never show it (RFC 6266): a plain ASCII fallback first,
/// then the real name (RFC 5987), which every current browser prefers.
pub fn disposition(name: &str) -> String {
    let name = clean(name, 1);
    // A percent sign goes as well: some browsers decode escapes in the fallback, against the RFC.
    let ascii = name.replace(|c: char| !c.is_ascii() || c == '%', "_");
    let exact = utf8_percent_encode(&name, ATTR_CHAR);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

/// The lower-case extension, without its dot; empty where there is none.
pub fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// Names that open a device on Windows, whatever their extension.
fn is_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_uppercase();
    let numbered = |port: &str| {
        stem.strip_prefix(port).is_some_and(|rest| {
            rest.chars().count() == 1
                && rest
                    .chars()
                    .all(|c| c.is_ascii_digit() || "¹²³".contains(c))
        })
    };
    matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) || numbered("COM")
        || numbered("LPT")
}

fn shorten(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let extension = extension(name);
    let tail = if extension.is_empty() || extension.len() > 10 {
        String::new()
    } else {
        format!(".{extension}")
    };
    let mut end = LONGEST - tail.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{tail}", name[..end].trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifty names that mail and browsers have carried into trouble, and what we show for each.
    const HOSTILE: [(&str, &str); 50] = [
        ("photo.png", "photo.png"),
        ("", "attachment-7"),
        (" ", "attachment-7"),
        (".", "attachment-7"),
        ("..", "attachment-7"),
        ("...", "attachment-7"),
        ("/", "attachment-7"),
        ("\\", "attachment-7"),
        ("\0", "attachment-7"),
        ("\u{200b}\u{202e}", "attachment-7"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\windows\\win.ini", "_.._windows_win.ini"),
        ("/etc/shadow", "_etc_shadow"),
        ("C:\\boot.ini", "C__boot.ini"),
        ("\\\\host\\share\\x.txt", "__host_share_x.txt"),
        ("file:///etc/passwd", "file____etc_passwd"),
        ("%2e%2e%2fetc%2fpasswd", "%2e%2e%2fetc%2fpasswd"),
        ("..%c0%af..%c0%afx", "%c0%af..%c0%afx"),
        ("a/../../b.txt", "a_.._.._b.txt"),
        ("nul\0byte.png", "nul byte.png"),
        ("shell.php\0.png", "shell.php .png"),
        ("line\r\nSet-Cookie: a=b.txt", "line Set-Cookie_ a=b.txt"),
        ("tab\tname.txt", "tab name.txt"),
        ("bell\u{7}.txt", "bell .txt"),
        ("esc\u{1b}[2J.txt", "esc [2J.txt"),
        ("ann\u{202e}gpj.exe", "anngpj.exe"),
        ("\u{2066}x\u{2069}.pdf", "x.pdf"),
        ("zero\u{200b}width.pdf", "zerowidth.pdf"),
        ("\u{feff}bom.csv", "bom.csv"),
        ("soft\u{ad}hyphen.txt", "softhyphen.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("COM1", "_COM1"),
        ("lpt9.log", "_lpt9.log"),
        ("COM¹.txt", "_COM¹.txt"),
        ("console.txt", "console.txt"),
        (".htaccess", "htaccess"),
        ("web.config.", "web.config"),
        ("trailing. . .", "trailing"),
        ("  padded.pdf  ", "padded.pdf"),
        ("a\"b.txt", "a_b.txt"),
        ("a;b='c'.txt", "a;b='c'.txt"),
        (
            "<script>alert(1)</script>.svg",
            "_script_alert(1)__script_.svg",
        ),
        ("x.png\" onload=\"alert(1)", "x.png_ onload=_alert(1)"),
        ("what?*|.txt", "what___.txt"),
        ("cafe\u{301}.txt", "café.txt"),
        ("山田太郎.pdf", "山田太郎.pdf"),
        ("🙂.png", "🙂.png"),
        ("$(reboot) `id` ${x}.txt", "$(reboot) `id` ${x}.txt"),
    ];

    #[test]
    fn fifty_hostile_names_become_harmless_ones() {
        for (given, expected) in HOSTILE {
            assert_eq!(clean(given, 7), expected, "{given:?}");
            assert_eq!(
                clean(&clean(given, 7), 7),
                expected,
                "cleaning {given:?} twice"
            );
        }
    }

    #[test]
    fn the_header_of_every_hostile_name_is_one_safe_line() {
        for (given, _) in HOSTILE {
            let header = disposition(given);
            assert!(
                header.is_ascii() && !header.contains(['\r', '\n', '\0', '\\', '/']),
                "{header}"
            );
            assert_eq!(header.matches('"').count(), 2, "{header}");
            let (_, exact) = header.split_once("filename*=UTF-8''").unwrap();
            assert!(
                exact
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "!#$&+-.^_`|~%".contains(c)),
                "{header}"
            );
            let decoded = percent_encoding::percent_decode_str(exact)
                .decode_utf8()
                .unwrap();
            assert_eq!(decoded, clean(given, 1), "{header}");
        }
    }

    #[test]
    fn the_header_gives_old_browsers_a_name_too() {
        assert_eq!(
            disposition("Rechnung für 50%.pdf"),
            "attachment; filename=\"Rechnung f_r 50_.pdf\"; filename*=UTF-8''Rechnung%20f%C3%BCr%2050%25.pdf"
        );
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_whole_characters() {
        let long = clean(&format!("{}.docx", "é".repeat(2000)), 1);
        assert!(long.len() <= LONGEST && long.ends_with("é.docx"), "{long}");
        let tail = clean(&format!("a.{}", "b".repeat(4096)), 1);
        assert_eq!(tail.len(), LONGEST);
        let dots = clean(&format!("a{}.txt", ".".repeat(400)), 1);
        assert_eq!(dots, "a.txt");
    }

    #[test]
    fn an_extension_is_what_follows_the_last_dot() {
        for (name, expected) in [("a.PDF", "pdf"), ("a.tar.gz", "gz"), ("a", ""), (".x", "")] {
            assert_eq!(extension(name), expected);
        }
    }
}
