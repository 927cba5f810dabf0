//! What a page had shown when a form on it was sent: the version of the ticket, and the last line of its story. The first says
//! whether anything changed since; the second says what is new.

use std::fmt;

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Seen {
    pub ticket: i64,
    /// The number of the ticket's last event in the seller's chain; 0 before the first.
    pub event: i64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ticket, self.event)
    }
}

impl TryFrom<String> for Seen {
    type Error = String;

    fn try_from(text: String) -> Result<Seen, String> {
        let number = |part: &str| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<i64>().ok().filter(|_| plain)
        };
        let read = text.split_once('.').and_then(|(ticket, event)| {
            Some(Seen {
                ticket: number(ticket)?,
                event: number(event)?,
            })
        });
        read.ok_or_else(|| format!("{text:?} was on no page"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_reads_back_and_nothing_else_does() {
        let seen = Seen {
            ticket: 7,
            event: 1_204,
        };
        assert_eq!(Seen::try_from(seen.to_string()), Ok(seen));
        for text in [
            "",
            "7",
            "7.",
            ".4",
            "7.-1",
            "+7.1",
            "7.1.2",
            "7.99999999999999999999",
            "a.b",
        ] {
            assert!(Seen::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
