//! Text from strangers, made safe to show. Names, subjects and file names become one visible line; messages keep their
//! lines. Nothing here escapes for HTML: askama does that where the text is printed.
//!
//! Why: a display name with an encoded line break makes the mail library panic, and an override of the writing direction
//! makes `invoice_gpj.exe` read as a picture. Both arrive by mail, so both are taken out before anything is stored or sent.

/// One line: controls, line breaks and invisible characters gone, runs of blanks made one, at most `max` characters.
pub fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut word = word.chars().filter(|c| !is_invisible(*c)).peekable();
        if word.peek().is_none() {
            continue;
        }
        if kept > 0 && kept < max {
            out.push(' ');
            kept += 1;
        }
        for c in word {
            if kept >= max {
                return out.trim_end().to_owned();
            }
            out.push(c);
            kept += 1;
        }
    }
    out
}

/// Several lines: every line ending becomes `\n`; controls and direction overrides go, joiners stay because scripts and
/// emoji need them. Blanks at the ends of the text are dropped.
pub fn block(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(
            ['\r', '\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}'],
            "\n",
        )
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || overrides_direction(*c)))
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A cell of a table that people open in a spreadsheet (RFC 4180): quoted where it must be, and never a formula.
pub fn cell(text: &str) -> String {
    quoted(&harmless(text))
}

/// What a person typed, with a quote before it where a spreadsheet would take it for the beginning of a formula: the full-width
/// signs and what may stand before one included.
pub fn harmless(text: &str) -> String {
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(signs) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', ';', '\r', '\n', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Zero-width characters, direction marks and overrides, the byte-order mark, tags and the soft hyphen: all that changes
/// how a name reads without being seen (Unicode categories Cf and Cc, and the fillers that render as nothing).
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || overrides_direction(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_nothing_that_cannot_be_seen() {
        for (given, expected) in [
            ("Bob\r\nX-Evil: 1", "Bob X-Evil: 1"),
            ("  two\t\twords \n", "two words"),
            ("in\u{202e}gpj.exe", "ingpj.exe"),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("a \u{200b} b", "a b"),
            ("nul\0bell\u{7}", "nul bell"),
            ("Zoë 山田 🙂", "Zoë 山田 🙂"),
            ("\u{2066}\u{2069}\r\n", ""),
        ] {
            assert_eq!(line(given, 80), expected, "{given:?}");
        }
    }

    #[test]
    fn a_line_is_cut_at_whole_characters() {
        assert_eq!(line("éééééé", 3), "ééé");
        assert_eq!(line("ab cd", 3), "ab");
        assert_eq!(line("ab cd", 2), "ab");
        assert_eq!(line("word", 0), "");
    }

    #[test]
    fn a_block_keeps_its_lines_and_its_script() {
        assert_eq!(
            block("one\r\ntwo\rthree\u{2028}four\n"),
            "one\ntwo\nthree\nfour"
        );
        assert_eq!(
            block("می\u{200c}خواهم\u{202e} \u{1b}[31mred\0"),
            "می\u{200c}خواهم [31mred"
        );
        assert_eq!(block("👩\u{200d}🔧"), "👩\u{200d}🔧");
    }
}
