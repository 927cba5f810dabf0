//! What a mail server's word about a letter means for the address (RFC 3463, 3464).

use crate::rules::words::words;

words! { Severity {
    /// There is no such mailbox, or no such host: nothing more is sent there.
    Gone = "gone",
    /// This letter was turned away; another one may arrive.
    Refused = "refused",
    /// Not yet, or arrived after all: nothing follows.
    Passing = "passing",
} }

/// So many letters turned away within so many days, and the address counts as gone.
pub const REFUSALS: usize = 3;
pub const REFUSALS_DAYS: i64 = 30;

/// `action` and `status` as a report gives them; either may be empty.
pub fn severity(action: &str, status: &str) -> Severity {
    let action = action.trim().to_ascii_lowercase();
    let mut digits = status.trim().split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    let (class, subject, detail) = (
        digits.next().flatten(),
        digits.next().flatten(),
        digits.next().flatten(),
    );
    if matches!(
        action.as_str(),
        "delayed" | "delivered" | "relayed" | "expanded"
    ) || matches!(class, Some(2 | 4))
    {
        return Severity::Passing;
    }
    match (class, subject, detail) {
        // Bad mailbox, bad host, bad syntax, moved away, no mail accepted there; and a mailbox that was switched off.
        (Some(5), Some(1), Some(1 | 2 | 3 | 6 | 10)) | (Some(5), Some(2), Some(1)) => {
            Severity::Gone
        }
        (Some(5), ..) => Severity::Refused,
        _ if action == "failed" => Severity::Refused,
        _ => Severity::Passing,
    }
}

/// The enhanced status in the words of a refusal: "550 5.1.1 no such user".
pub fn status_in(words: &str) -> Option<&str> {
    words
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| {
            let parts: Vec<&str> = word.split('.').collect();
            parts.len() == 3
                && matches!(parts[0], "4" | "5")
                && parts.iter().all(|part| {
                    (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_gone_only_where_a_server_says_that_there_is_none() {
        for (action, status, expected) in [
            ("failed", "5.1.1", Severity::Gone),
            ("Failed", "5.1.2 (bad host)", Severity::Gone),
            ("failed", "5.1.10", Severity::Gone),
            ("failed", "5.2.1", Severity::Gone),
            ("failed", "5.2.2", Severity::Refused),
            ("failed", "5.7.1", Severity::Refused),
            ("failed", "", Severity::Refused),
            ("failed", "4.4.7", Severity::Passing),
            ("delayed", "4.2.0", Severity::Passing),
            ("delayed", "5.1.1", Severity::Passing),
            ("delivered", "2.0.0", Severity::Passing),
            ("", "", Severity::Passing),
            ("", "5.1.1", Severity::Gone),
        ] {
            assert_eq!(severity(action, status), expected, "{action} {status}");
        }
    }

    #[test]
    fn the_status_is_found_in_a_refusals_words() {
        for (words, expected) in [
            (
                "permanent error (550): 5.1.1 <a@b.example>: no such user",
                Some("5.1.1"),
            ),
            ("550-5.7.26 unauthenticated", Some("5.7.26")),
            ("10.1.2.3 said 550", None),
            ("550 no such user", None),
        ] {
            assert_eq!(status_in(words), expected, "{words}");
        }
    }
}
