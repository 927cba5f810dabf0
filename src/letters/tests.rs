//! Every letter, filled in once and read whole; and once more with hostile words in every place that people can write to.

use std::collections::BTreeSet;

use super::claims::{
    AppealReceived, Approved, Arrival, Asked, ClaimReceived, NeedsEvidence, Rejected, Share,
    Withdrawn,
};
use super::clocks::ClockWarning;
use super::parts::{Case, Line, Moment, Promise, Prose, Signature, Step};
use super::payouts::{Paid, PayoutFailed, PayoutReturned, PayoutSent, PayoutStopped};
use super::people::{AlreadyHaveAccount, ConfirmAddress, Invitation, PasswordChanged, Reset};
use super::policies::{PolicyProposed, PolicySettled};
use super::sanctions::{Lifted, Sanctioned};
use super::tickets::{MailHeld, MailUnclear, Reply, TicketReceived};
use super::*;
use crate::rules::assessment::{Firmness, Met};
use crate::rules::clock::Step as Used;

/// What people wrote, in the places where a letter shows it.
struct Written {
    about: &'static str,
    prose: &'static str,
    words: &'static str,
    name: &'static str,
    is_read: bool,
}

const CALM: Written = Written {
    about: "order 8812",
    prose: "Dear Anna,\n\nthe order stopped at 600 of 1000 units.\nWe are sorry.",
    words: "400 of 1000 units were not delivered.",
    name: "Omar",
    is_read: false,
};

const HOSTILE: Written = Written {
    about: "order \"><img src=x onerror=alert(1)>\r\nBcc: x@evil.example",
    prose: "</p><script>alert(1)</script>\r\n<a href='https://evil.example'>& \"win\"</a>\n{{ 7*7 }}{% include %}",
    words: "<b onmouseover='x'>O'Mar</b>\u{202e}\r\n&amp;",
    name: "<i>Omar</i>",
    is_read: true,
};

fn moment(at: &str) -> Moment {
    Moment {
        at: at.parse().unwrap(),
        zone: chrono_tz::America::Los_Angeles,
    }
}

fn promise(what: &str, at: &str, firmness: Firmness) -> Promise {
    Promise {
        what: what.to_owned(),
        by: moment(at),
        firmness,
    }
}

fn letters(written: &Written) -> Vec<(&'static str, Letter)> {
    let signature = || Signature {
        name: "Panel Credits".to_owned(),
        site: "https://desk.panel.example".to_owned(),
        is_read: written.is_read,
    };
    let case = || Case {
        signature: signature(),
        claim: "C-310".to_owned(),
        ticket: "T-1042".to_owned(),
        about: written.about.to_owned(),
        policy: "panel-credits".to_owned(),
    };
    let (amount, card) = (|| "$4.00".to_owned(), || "Visa ending 42".to_owned());
    let received = moment("2026-03-02T09:30:00Z");
    let until = moment("2026-03-03T09:30:00Z");
    let link = || "https://desk.panel.example/sign-up/confirm/8c1f".to_owned();
    let line = |clause: &str, result| Line {
        clause: clause.to_owned(),
        heading: "Partly delivered".to_owned(),
        words: "A partly delivered order that was stopped is refunded for what was not delivered."
            .to_owned(),
        detail: written.words.to_owned(),
        excludes: false,
        result,
    };
    let promises = || {
        vec![
            promise("First answer", "2026-03-03T09:30:00Z", Firmness::Aim),
            promise("Decision", "2026-03-04T09:30:00Z", Firmness::Firm),
        ]
    };
    let step = |words: &str, workings: &str, clauses: &[&str], amount: &str| Step {
        words: words.to_owned(),
        workings: workings.to_owned(),
        clauses: clauses.iter().map(|&clause| clause.to_owned()).collect(),
        amount: amount.to_owned(),
    };
    let sanctioned = |until, fee: Option<&str>| Sanctioned {
        signature: signature(),
        number: "S-1001".to_owned(),
        what: "the account is suspended".to_owned(),
        effect: "You can still ask for a refund: a person answers it.".to_owned(),
        from: received,
        until,
        fee: fee.map(str::to_owned),
        disputed: "$45.00".to_owned(),
        opened: received,
        policy: "panel-guarantee".to_owned(),
        version: "2025-04-12".to_owned(),
        clause: "B27".to_owned(),
        words: "A chargeback in place of contacting support may bring suspension.".to_owned(),
        reason: Prose::new(written.prose),
    };
    let printed = [
        ("sanctioned", sanctioned(Some(until), None).letter()),
        ("sanctioned_fee", sanctioned(None, Some("$15.00")).letter()),
        (
            "sanction_lifted",
            Lifted {
                signature: signature(),
                number: "S-1001".to_owned(),
                what: "the account is suspended".to_owned(),
                at: until,
                reason: Prose::new(written.prose),
            }
            .letter(),
        ),
        (
            "confirm_address",
            ConfirmAddress {
                signature: signature(),
                link: link(),
                until,
            }
            .letter(),
        ),
        (
            "already_have_account",
            AlreadyHaveAccount {
                signature: signature(),
            }
            .letter(),
        ),
        (
            "reset",
            Reset {
                signature: signature(),
                link: link(),
                until,
            }
            .letter(),
        ),
        (
            "password_changed",
            PasswordChanged {
                signature: signature(),
                at: received,
            }
            .letter(),
        ),
        (
            "invitation",
            Invitation {
                signature: signature(),
                role: "agent".to_owned(),
                link: link(),
                until,
            }
            .letter(),
        ),
        (
            "claim_received",
            ClaimReceived {
                case: case(),
                received,
                expected: Some(amount()),
                first: None,
                promises: promises(),
                read_as: None,
            }
            .letter(),
        ),
        (
            "claim_received_stop_first",
            ClaimReceived {
                case: case(),
                received,
                expected: None,
                first: Some("First we try to stop the order.".to_owned()),
                promises: Vec::new(),
                read_as: None,
            }
            .letter(),
        ),
        (
            "claim_received_by_mail",
            ClaimReceived {
                case: case(),
                received,
                expected: None,
                first: None,
                promises: promises(),
                read_as: Some(written.words.to_owned()),
            }
            .letter(),
        ),
        (
            "needs_evidence_by_mail",
            NeedsEvidence {
                case: Case {
                    signature: Signature {
                        is_read: true,
                        ..signature()
                    },
                    ..case()
                },
                items: vec!["A screenshot that shows the problem".to_owned()],
                received,
                expected: None,
                read_as: Some("The number is refused as invalid".to_owned()),
                promises: promises(),
            }
            .letter(),
        ),
        (
            "mail_held",
            MailHeld {
                signature: signature(),
                came: received,
            }
            .letter(),
        ),
        (
            "mail_unclear",
            MailUnclear {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                received,
                order: None,
                orders: vec![format!("O-1001: {}", written.words)],
                grounds: vec![
                    "Cancel an order. You no longer want it.".to_owned(),
                    written.words.to_owned(),
                ],
                promises: promises(),
            }
            .letter(),
        ),
        (
            "mail_unclear_ground_alone",
            MailUnclear {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                received,
                order: Some("O-1001".to_owned()),
                orders: Vec::new(),
                grounds: vec!["Cancel an order. You no longer want it.".to_owned()],
                promises: Vec::new(),
            }
            .letter(),
        ),
        (
            "needs_evidence",
            NeedsEvidence {
                case: case(),
                items: vec![
                    "A copy of the invoice's payment".to_owned(),
                    written.words.to_owned(),
                ],
                received,
                expected: Some(amount()),
                read_as: None,
                promises: Vec::new(),
            }
            .letter(),
        ),
        (
            "approved",
            Approved {
                case: case(),
                amount: amount(),
                asked: None,
                decided: received,
                payments: vec![Share {
                    amount: amount(),
                    to: "your balance".to_owned(),
                    arrives: Arrival::Now,
                }],
                sum: vec![
                    step("Paid for the order", "", &[], "$10.00"),
                    step(
                        "Not part of the refund",
                        "$10.00 × 600 delivered ÷ 1,000",
                        &["A8"],
                        "−$6.00",
                    ),
                    step("Refund", "", &[], "$4.00"),
                ],
                lines: vec![line("A8", Met::Met), line("A9", Met::NotMet)],
                note: Some(Prose::new(written.prose)),
            }
            .letter(),
        ),
        (
            "approved_in_part",
            Approved {
                case: case(),
                amount: "$9.00".to_owned(),
                asked: Some("$12.00".to_owned()),
                decided: received,
                payments: vec![
                    Share {
                        amount: "$5.00".to_owned(),
                        to: card(),
                        arrives: Arrival::Promised(promise(
                            "Payout",
                            "2026-03-09T07:59:59Z",
                            Firmness::Typical,
                        )),
                    },
                    Share {
                        amount: amount(),
                        to: "a payment method to be agreed".to_owned(),
                        arrives: Arrival::Unpromised,
                    },
                ],
                sum: Vec::new(),
                lines: Vec::new(),
                note: None,
            }
            .letter(),
        ),
        (
            "rejected",
            Rejected {
                case: case(),
                by_policy: true,
                reason: "All 1000 units were delivered.".to_owned(),
                lines: vec![line("A9", Met::Met)],
                would_change: vec![
                    "Proof that fewer units arrived".to_owned(),
                    written.words.to_owned(),
                ],
                note: Some(Prose::new(written.prose)),
                appeal_by: Some(until),
            }
            .letter(),
        ),
        (
            "asked",
            Asked {
                case: case(),
                question: Prose::new(written.prose),
                received,
            }
            .letter(),
        ),
        (
            "withdrawn",
            Withdrawn {
                case: case(),
                at: received,
            }
            .letter(),
        ),
        (
            "appeal_received",
            AppealReceived {
                case: case(),
                promises: promises(),
            }
            .letter(),
        ),
        (
            "paid",
            Paid {
                case: case(),
                amount: amount(),
                to: card(),
                at: received,
                reference: Some("re_81".to_owned()),
            }
            .letter(),
        ),
        (
            "payout_sent",
            PayoutSent {
                case: case(),
                amount: amount(),
                to: card(),
                at: received,
                reference: None,
                arrival: Some(promise(
                    "On your card",
                    "2026-03-05T07:59:59Z",
                    Firmness::Estimate,
                )),
            }
            .letter(),
        ),
        (
            "payout_failed",
            PayoutFailed {
                case: case(),
                amount: amount(),
                to: card(),
            }
            .letter(),
        ),
        (
            "payout_stopped",
            PayoutStopped {
                case: case(),
                amount: amount(),
                to: card(),
            }
            .letter(),
        ),
        (
            "payout_returned",
            PayoutReturned {
                case: case(),
                amount: amount(),
                to: card(),
                balance: Some(amount()),
            }
            .letter(),
        ),
        (
            "payout_returned_direct",
            PayoutReturned {
                case: case(),
                amount: amount(),
                to: card(),
                balance: None,
            }
            .letter(),
        ),
        (
            "ticket_received",
            TicketReceived {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                promises: promises(),
            }
            .letter(),
        ),
        (
            "clock_warning",
            ClockWarning {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                claim: Some("C-310".to_owned()),
                about: written.about.to_owned(),
                what: "a decision".to_owned(),
                clause: Some("B22".to_owned()),
                step: Used::FourFifths,
                due: received,
                is_yours: false,
                is_nobodys: true,
            }
            .letter(),
        ),
        (
            "clock_warning_house",
            ClockWarning {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                claim: None,
                about: written.about.to_owned(),
                what: "a reply".to_owned(),
                clause: None,
                step: Used::Whole,
                due: received,
                is_yours: true,
                is_nobodys: false,
            }
            .letter(),
        ),
        (
            "policy_proposed",
            PolicyProposed {
                signature: signature(),
                draft: "V-1003".to_owned(),
                policy: "virtual-numbers".to_owned(),
                version: written.about.to_owned(),
                from: "2026-05-01".parse().unwrap(),
                by: written.name.to_owned(),
                words: Some(Prose::new(written.prose)),
                warnings: vec![written.words.to_owned()],
            }
            .letter(),
        ),
        (
            "policy_agreed",
            PolicySettled {
                signature: signature(),
                draft: "V-1003".to_owned(),
                policy: "virtual-numbers".to_owned(),
                version: written.about.to_owned(),
                from: "2026-05-01".parse().unwrap(),
                by: written.name.to_owned(),
                declined: None,
            }
            .letter(),
        ),
        (
            "policy_declined",
            PolicySettled {
                signature: signature(),
                draft: "V-1003".to_owned(),
                policy: "virtual-numbers".to_owned(),
                version: written.about.to_owned(),
                from: "2026-05-01".parse().unwrap(),
                by: written.name.to_owned(),
                declined: Some(Prose::new(written.prose)),
            }
            .letter(),
        ),
        (
            "reply",
            Reply {
                signature: signature(),
                ticket: "T-1042".to_owned(),
                about: written.about.to_owned(),
                from: Some(written.name.to_owned()),
                message: Prose::new(written.prose),
            }
            .letter(),
        ),
    ];
    printed
        .into_iter()
        .map(|(name, letter)| (name, letter.unwrap()))
        .collect()
}

#[test]
fn every_letter_reads_as_agreed() {
    insta::with_settings!({ snapshot_path => "../../tests/snapshots/letters", prepend_module_to_snapshot => false, omit_expression => true }, {
        for (name, letter) in letters(&CALM) {
            let (_, body) = letter.html.split_once("<main>").unwrap();
            let whole = format!("Subject: {}\n\n{}\n=== HTML ===\n{body}", letter.subject, letter.text);
            insta::assert_snapshot!(name, whole);
        }
    });
}

#[test]
fn the_subject_is_one_line_and_the_outcome_comes_first() {
    for (name, letter) in letters(&CALM).into_iter().chain(letters(&HOSTILE)) {
        assert!(
            !letter.subject.contains(['\n', '\r', '\u{202e}']) && !letter.subject.is_empty(),
            "{name}"
        );
        let first = letter.text.lines().next().unwrap();
        assert!(
            first.len() > 20 && !first.starts_with(' '),
            "{name}: {first}"
        );
        assert!(
            !letter.text.contains("\n\n\n") && letter.text.ends_with('\n'),
            "{name}:\n{}",
            letter.text
        );
    }
}

#[test]
fn nothing_that_people_write_becomes_markup() {
    let tags = |html: &str| {
        let mut found = Vec::new();
        for node in scraper::Html::parse_document(html).tree.values() {
            if let Some(element) = node.as_element() {
                let mut attributes = element
                    .attrs()
                    .map(|(name, _)| name.to_owned())
                    .collect::<Vec<_>>();
                attributes.sort();
                found.push((element.name().to_owned(), attributes));
            }
        }
        found.into_iter().collect::<BTreeSet<_>>()
    };
    for ((name, calm), (_, hostile)) in letters(&CALM).into_iter().zip(letters(&HOSTILE)) {
        assert_eq!(tags(&calm.html), tags(&hostile.html), "{name}");
        for link in hostile.html.split("href=\"").skip(1) {
            assert!(
                link.starts_with("https://desk.panel.example/"),
                "{name}: {}",
                &link[..40]
            );
        }
        assert!(
            !hostile.html.contains("49"),
            "{name}: a template in the text was run"
        );
    }
}

#[test]
fn what_an_agent_writes_arrives_word_for_word() {
    let (_, reply) = letters(&HOSTILE)
        .into_iter()
        .find(|(name, _)| *name == "reply")
        .unwrap();
    assert!(reply.text.contains("</p><script>alert(1)</script>\n<a href='https://evil.example'>& \"win\"</a>\n{{ 7*7 }}{% include %}"));
    let page = scraper::Html::parse_document(&reply.html);
    let shown = page.root_element().text().collect::<String>();
    assert!(
        shown.contains("</p><script>alert(1)</script><a href='https://evil.example'>& \"win\"</a>"),
        "{shown}"
    );
}

#[test]
fn text_and_html_say_the_same_words() {
    for (name, letter) in letters(&CALM) {
        let page = scraper::Html::parse_document(&letter.html);
        let main = page
            .select(&scraper::Selector::parse("main").unwrap())
            .next()
            .unwrap();
        let words = main.text();
        let links = page.root_element().descendent_elements();
        let links = links.filter_map(|element| element.value().attr("href"));
        let shown = words.chain(links).collect::<Vec<_>>().join(" ");
        let bare = |text: &str| {
            let spaced = text.replace(|c: char| !c.is_alphanumeric(), " ");
            spaced
                .split_whitespace()
                .map(str::to_lowercase)
                .collect::<BTreeSet<_>>()
        };
        let missing = bare(&letter.text)
            .difference(&bare(&shown))
            .cloned()
            .collect::<Vec<_>>();
        assert!(missing.is_empty(), "{name}: only the text says {missing:?}");
    }
}

#[test]
fn every_link_stands_in_the_text_too_and_leads_to_the_desk() {
    for (name, letter) in letters(&CALM) {
        let page = scraper::Html::parse_document(&letter.html);
        for link in page.select(&scraper::Selector::parse("a").unwrap()) {
            let address = link.value().attr("href").unwrap();
            assert!(
                address.starts_with("https://desk.panel.example/"),
                "{name}: {address}"
            );
            assert!(letter.text.contains(address), "{name}: {address}");
        }
    }
}

#[test]
fn no_letter_denies_rights_or_loads_anything_from_elsewhere() {
    for (name, letter) in letters(&CALM) {
        let all = format!("{} {} {}", letter.subject, letter.text, letter.html).to_lowercase();
        for word in [
            "no right",
            "not entitled",
            "waive",
            "final decision",
            "<img",
            "<link",
            "<script",
            "url(",
            "@import",
        ] {
            assert!(!all.contains(word), "{name}: {word}");
        }
    }
    let (_, rejected) = letters(&CALM)
        .into_iter()
        .find(|(name, _)| *name == "rejected")
        .unwrap();
    assert!(
        rejected
            .text
            .contains("The law where you live may give you more")
    );
}
