//! What a mail is, judged from its words alone: who may have written it (`verdict`), whether a machine did (`nature`), and what in
//! it is new (`fresh`); what a customer means by it (`ground`) and what it names and brings (`things`). Pure: `outside` reads the bytes, `desk` acts on what is found here.

mod bounce;
mod fresh;
mod ground;
mod nature;
mod things;
mod verdict;

pub use bounce::{REFUSALS, REFUSALS_DAYS, Severity, severity, status_in};
pub use fresh::fresh;
pub use ground::{Proposal, asks, choice, clear, proposals};
pub use nature::{Nature, Signs, nature};
pub use things::{evidence, line, names};
pub use verdict::{Verdict, verdict};

use super::words::words;

words! {
    /// Why a mail is not in a conversation.
    Why {
        /// Nobody here is known by that address.
        Stranger = "stranger",
        /// Somebody is, but nothing shows that the mail is theirs.
        Unproven = "unproven",
        /// It came to a reply address that was given to somebody else.
        AnotherSender = "another_sender",
        /// Our mail server says that it does not come from where it says.
        Forged = "forged",
        /// It says that it is from a member of staff; they act at their desk, and never by mail.
        Staff = "staff",
        Disabled = "disabled",
        /// Sent to many, or from a mailbox that nobody reads.
        Bulk = "bulk",
        TooMany = "too_many",
        /// Reply addresses were guessed.
        Guessed = "guessed",
        /// No seller's mail is read at any address that it names.
        Nobody = "nobody",
        /// It is from an address of ours.
        Own = "own",
        Automatic = "automatic",
    }
}

/// The subject without the prefixes that answering adds: `Re: AW: x` and `x` are one conversation.
pub fn bare_subject(subject: &str) -> &str {
    const PREFIXES: [&str; 10] = [
        "re", "aw", "sv", "antw", "fw", "fwd", "wg", "tr", "rv", "res",
    ];
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once(':') {
        let known = PREFIXES
            .iter()
            .any(|known| prefix.trim().eq_ignore_ascii_case(known));
        if !known {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answering_adds_nothing_to_a_subject() {
        for (given, expected) in [
            ("Re: Order 12", "Order 12"),
            ("AW: Re: WG: Order 12", "Order 12"),
            ("re : x", "x"),
            ("Order: 12", "Order: 12"),
            ("", ""),
            ("Re:", ""),
        ] {
            assert_eq!(bare_subject(given), expected, "{given:?}");
        }
    }
}
