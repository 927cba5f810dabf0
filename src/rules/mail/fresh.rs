//! What is new in a mail: the text without the quoted letter that it answers and without the signature. What stands between
//! quotations is an answer to them, so there everything stays. The whole mail is kept beside it in any case.

/// The new part of a text, trimmed; empty where there is nothing but quotation.
pub fn fresh(text: &str) -> &str {
    let whole = text.trim();
    let lines = lines_of(whole);
    let cut = quoted_from(&lines).unwrap_or(lines.len());
    let cut = signature_from(&lines[..cut]).unwrap_or(cut);
    let end = lines.get(cut).map_or(whole.len(), |(start, _)| *start);
    whole[..end].trim()
}

/// Each line with the place where it begins.
fn lines_of(text: &str) -> Vec<(usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let at = start;
            start += line.len();
            (at, line.trim_end())
        })
        .collect()
}

/// The line from which on there is nothing but the letter that is answered.
fn quoted_from(lines: &[(usize, &str)]) -> Option<usize> {
    let is_quote = |at: usize| lines[at].1.trim_start().starts_with('>');
    let is_blank = |at: usize| lines[at].1.trim().is_empty();
    if let Some(at) = (0..lines.len()).find(|at| begins_forwarded(lines, *at)) {
        return Some(at);
    }
    // From the end: blank and quoted lines, then the line that says who wrote them.
    let mut at = lines.len();
    let mut quotes = 0;
    while at > 0 && (is_quote(at - 1) || is_blank(at - 1)) {
        at -= 1;
        quotes += usize::from(is_quote(at));
    }
    if quotes == 0 {
        return None;
    }
    let words = |taken: usize| {
        let lines = lines[at - taken..at].iter().map(|(_, line)| *line);
        lines.collect::<Vec<_>>().join(" ")
    };
    // Mail programs break the line where they like; it begins with a day or a name.
    let whole = (1..=3.min(at)).find(|taken| {
        let words = words(*taken);
        is_attribution(&words)
            && BEGINNINGS
                .iter()
                .any(|begin| words.trim().starts_with(begin))
    });
    if let Some(taken) = whole {
        return Some(at - taken);
    }
    if at > 0 && is_attribution(&words(1)) {
        return Some(at - 1);
    }
    Some(at)
}

/// What Outlook and its kin write above the letter that they quote whole.
fn begins_forwarded(lines: &[(usize, &str)], at: usize) -> bool {
    let line = lines[at].1.trim();
    let dashed = line.starts_with("-----") && line.ends_with("-----") && line.len() > 12;
    if dashed && line.to_lowercase().contains("original") {
        return true;
    }
    let ruled = line.len() >= 20 && line.chars().all(|c| c == '_');
    let labels = |from: usize| {
        let named = lines.iter().skip(from).take(6).filter(|(_, line)| {
            let label = line.split(':').next().unwrap_or("").trim().to_lowercase();
            let known = [
                "from", "sent", "to", "subject", "date", "cc", "von", "gesendet", "an", "betreff",
            ];
            line.contains(':') && known.contains(&label.trim_matches('*'))
        });
        named.count()
    };
    let first = line.split(':').next().unwrap_or("").trim_matches('*');
    (ruled && labels(at + 1) >= 3)
        || (matches!(first, "From" | "Von") && line.contains(':') && labels(at) >= 3)
}

/// How it begins, in a few languages.
const BEGINNINGS: [&str; 8] = ["On ", "Am ", "Le ", "El ", "Il ", "Op ", "Den ", "Em "];

/// "On Monday Anna wrote:", in the words of a few languages.
fn is_attribution(words: &str) -> bool {
    let words = words.trim().to_lowercase();
    let ends = [
        "wrote:",
        "schrieb:",
        "écrit :",
        "escribió:",
        "ha scritto:",
        "schreef:",
        "skrev:",
    ];
    words.len() < 300
        && words.ends_with(':')
        && (ends.iter().any(|end| words.ends_with(end))
            || words.contains(" wrote")
            || words.contains("schrieb"))
}

/// The line of two dashes and a blank, which mail programs put above a signature.
fn signature_from(lines: &[(usize, &str)]) -> Option<usize> {
    let at = lines.iter().rposition(|(_, line)| *line == "--")?;
    (lines.len() - at <= 12).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::fresh;

    #[test]
    fn what_is_quoted_at_the_end_and_the_signature_go() {
        for (given, expected) in [
            ("It never came.", "It never came."),
            (
                "Yes.\n\nOn Mon, 2 Mar 2026, Harbor Panel wrote:\n> We need something\n> from you.\n",
                "Yes.",
            ),
            (
                "Yes.\n\nOn Mon, 2 Mar 2026 at 09:00, Harbor Panel <desk@harbor.example>\nwrote:\n\n> x\n",
                "Yes.",
            ),
            ("Ja.\nAm 2. März 2026 schrieb Harbor:\n> x", "Ja."),
            ("Yes.\n> x\n> y", "Yes."),
            (
                "Yes.\n\n-----Original Message-----\nFrom: x\nall of it, unquoted",
                "Yes.",
            ),
            (
                "Yes.\n\n________________________________\nFrom: Harbor\nSent: Monday\nTo: Anna\nSubject: x\n\nold",
                "Yes.",
            ),
            (
                "Yes.\n\nFrom: Harbor\nSent: Monday\nTo: Anna\n\nold",
                "Yes.",
            ),
            ("Yes.\n-- \nAnna\nHarbor street 1", "Yes."),
            (
                "> Which order?\nO-12\n> Since when?\nMonday",
                "> Which order?\nO-12\n> Since when?\nMonday",
            ),
            ("> only\n> quotes", ""),
            (
                "From: the beginning it was slow",
                "From: the beginning it was slow",
            ),
            ("a --- b\n--\n", "a --- b"),
            ("", ""),
        ] {
            assert_eq!(fresh(given), expected, "{given:?}");
        }
    }
}
