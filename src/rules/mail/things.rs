//! What a mail names and brings: orders by their numbers, the line of a list that it answers with, and what its files are evidence of.

use crate::rules::facts::EvidenceKind;

/// Whether a text names an order, by its number here or by the seller's own; as a word of its own, whatever its case.
pub fn names(text: &str, order: &str) -> bool {
    let order = order.trim().to_lowercase();
    if order.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    let is_short = order.len() <= 3 && order.bytes().all(|byte| byte.is_ascii_digit());
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&order).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + order.len()..]);
        let alone = !before.ends_with(in_word)
            && !before.ends_with('-')
            && !after.starts_with(in_word)
            && !after.strip_prefix('-').is_some_and(|rest| rest.starts_with(in_word))
            // 12 is not named by 12.50.
            && !after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        alone && (!is_short || is_labelled(before))
    })
}

/// A short number is an order's only where the words before it say so.
fn is_labelled(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with('#')
        || before
            .rsplit(|c: char| !c.is_alphanumeric())
            .find(|word| !word.is_empty())
            .is_some_and(|word| {
                matches!(word, "order" | "number" | "no" | "nr" | "id" | "bestellung")
            })
}

/// The line of a list of so many that an answer names, and nothing else: "2", "2.", "number 2", "it is 2".
pub fn line(text: &str, of: usize) -> Option<usize> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut numbers = first
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.parse::<usize>().ok());
    let found = numbers.next().filter(|_| first.chars().count() <= 20)?;
    (numbers.next().is_none() && (1..=of).contains(&found)).then(|| found - 1)
}

/// What a file is handed in as, by what it is and what it is called, among the kinds that are asked for.
pub fn evidence(asked: &[&str], kind: &str, name: &str) -> EvidenceKind {
    let name = name.to_lowercase();
    let wants = |kind: EvidenceKind| asked.contains(&kind.word());
    let called = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is_bill = called(&[
        "invoice",
        "receipt",
        "payment",
        "statement",
        "bill",
        "rechnung",
        "order",
    ]);
    if is_bill && wants(EvidenceKind::InvoicePayment) {
        return EvidenceKind::InvoicePayment;
    }
    let likely: &[EvidenceKind] = match kind {
        "png" | "jpeg" | "gif" | "webp" => {
            &[EvidenceKind::Screenshot, EvidenceKind::InvoicePayment]
        }
        "txt" | "csv" => &[EvidenceKind::Log],
        "pdf" | "docx" | "eml" | "odt" => &[EvidenceKind::InvoicePayment],
        "zip" if called(&["log"]) => &[EvidenceKind::Log],
        _ => &[],
    };
    let found = likely.iter().copied().find(|kind| wants(*kind));
    found.unwrap_or(EvidenceKind::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_as_a_word_of_its_own() {
        for (text, order, expected) in [
            ("Please cancel O-1001.", "O-1001", true),
            ("please cancel o-1001", "O-1001", true),
            ("(O-1001)", "O-1001", true),
            ("O-10012", "O-1001", false),
            ("PO-1001", "O-1001", false),
            ("XO-O-1001", "O-1001", false),
            ("O-1001-7", "O-1001", false),
            ("my order #12 never came", "12", true),
            ("order no. 12", "12", true),
            ("I waited 12 days", "12", false),
            ("I paid 884.50 for it", "884", false),
            ("reference PG/2041", "PG/2041", true),
            ("order 8812 is late", "8812", true),
            ("", "O-1", false),
            ("anything", "", false),
        ] {
            assert_eq!(names(text, order), expected, "{text:?} {order:?}");
        }
    }

    #[test]
    fn an_answer_may_be_the_number_of_a_line() {
        for (text, expected) in [
            ("2", Some(1)),
            ("2.\nThank you", Some(1)),
            ("Number 2 please", Some(1)),
            ("0", None),
            ("6", None),
            ("2 or 3", None),
            ("I have waited for 2 weeks now", None),
            ("", None),
        ] {
            assert_eq!(line(text, 5), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_is_handed_in_as_what_is_asked_for_where_it_can_be_that() {
        let asked = ["screenshot", "invoice_payment"];
        for (kind, name, expected) in [
            ("png", "shot.png", EvidenceKind::Screenshot),
            ("png", "Invoice 12.png", EvidenceKind::InvoicePayment),
            ("pdf", "scan.pdf", EvidenceKind::InvoicePayment),
            ("txt", "notes.txt", EvidenceKind::Other),
        ] {
            assert_eq!(evidence(&asked, kind, name), expected, "{name}");
        }
        assert_eq!(evidence(&["log"], "txt", "debug.txt"), EvidenceKind::Log);
        assert_eq!(
            evidence(&["invoice_payment"], "jpeg", "IMG_1.jpg"),
            EvidenceKind::InvoicePayment
        );
        assert_eq!(
            evidence(&["reason"], "png", "shot.png"),
            EvidenceKind::Other
        );
    }
}
