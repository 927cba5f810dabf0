//! Policies are data: the built-in ones are flawless and pass their own cases, a sixth seller needs nothing but a
//! document, versions govern by the day of the right, and a bad document says all that is wrong with it.

use redress::rules::adjudicate::{adjudicate, adjudicate_under};
use redress::rules::assessment::{ClockKind, Outcome};
use redress::rules::facts::{At, Facts, read};
use redress::rules::policy::{Flaw, Policy, Shelf};

const SIXTH: &str = include_str!("sixth.toml");

fn sixth() -> Policy {
    Policy::parse(SIXTH).unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

fn at(text: &str) -> At {
    text.parse().unwrap()
}

#[test]
fn every_built_in_document_is_a_policy_without_flaws() {
    for document in Shelf::built_in_documents() {
        if let Err(flaws) = Policy::parse(document) {
            panic!("{:?}: {flaws:#?}", document.lines().next());
        }
    }
    let ids: Vec<String> = Shelf::built_in()
        .policies()
        .iter()
        .map(|policy| policy.id.clone())
        .collect();
    assert_eq!(
        ids,
        [
            "api-plans",
            "digital-downloads",
            "panel-credits",
            "panel-guarantee",
            "virtual-numbers"
        ]
    );
}

#[test]
fn every_policy_passes_its_own_cases() {
    for policy in Shelf::built_in().policies() {
        assert!(
            policy.cases.len() >= 7,
            "{} carries {} cases",
            policy.id,
            policy.cases.len()
        );
        assert_eq!(policy.check(), [], "{}", policy.id);
    }
}

#[test]
fn a_sixth_seller_with_its_own_figures_needs_only_a_document() {
    let policy = sixth();
    assert_eq!(policy.check(), []);
    let claim = policy.claim_of(&policy.cases[0]).unwrap();
    let mut facts = read(&claim.to_string()).unwrap();
    facts.approved_at = Some(at("2025-06-09T09:00:00Z"));
    let got = adjudicate(&Shelf::new(vec![policy]), &facts);
    let due = |kind: ClockKind| {
        got.deadlines
            .iter()
            .find(|deadline| deadline.kind == kind)
            .map(|deadline| deadline.due_at)
    };
    assert_eq!(
        due(ClockKind::FirstResponse),
        Some(at("2025-06-01T15:00:00Z"))
    );
    // Two of the shop's own holidays lie behind the approval: the 10th and the 13th.
    assert_eq!(due(ClockKind::Payout), Some(at("2025-06-12T22:59:59Z")));
}

#[test]
fn a_case_that_does_not_come_out_is_a_flaw_with_what_was_expected() {
    let policy = Policy::parse(&SIXTH.replace(r#"hours = 48"#, r#"hours = 480"#)).unwrap();
    let flaws = policy.check();
    assert_eq!(flaws.len(), 2, "{flaws:#?}");
    assert!(flaws[0].at.contains("handling is kept"));
    assert!(
        flaws[0]
            .message
            .contains("expected Eligible, got ActionFirst"),
        "{}",
        flaws[0].message
    );
}

#[test]
fn a_bad_document_says_everything_that_is_wrong_with_it() {
    let broken = SIXTH
        .replace(r#"clauses = ["P11"]"#, r#"clauses = ["P12"]"#)
        .replace(
            r#"asks = ["reason", "screenshot"]"#,
            r#"asks = ["shoe_size"]"#,
        )
        .replace(r#"clause = "P4""#, r#"clause = "P40""#);
    let flaws = Policy::parse(&broken).unwrap_err();
    let said = |at: &str, words: &str| {
        flaws
            .iter()
            .any(|flaw| flaw.at == at && flaw.message.contains(words))
    };
    assert!(said("grounds.second_thoughts", "P12"), "{flaws:#?}");
    assert!(said("clauses.P11", "under no ground"));
    assert!(said("grounds.spoiled_sheets", "shoe_size"));
    assert!(said("clocks.payout", "P40"));
}

#[test]
fn an_unknown_word_in_a_document_is_refused_where_it_stands() {
    for (right, wrong) in [
        ("\"never\"", "\"nevermore\""),
        ("heading = \"Taste\"", "haeding = \"Taste\""),
        ("reading = \"moment\"", "reading = \"soon\""),
    ] {
        let flaws = Policy::parse(&SIXTH.replace(right, wrong)).unwrap_err();
        assert_eq!(flaws.len(), 1);
        assert!(
            matches!(&flaws[0], Flaw { at, message } if at == "document" && message.contains("line")),
            "{flaws:#?}"
        );
    }
}

#[test]
fn the_hash_is_of_the_content_and_survives_the_canonical_form() {
    let policy = sixth();
    let again = Policy::from_canonical(&policy.canonical()).unwrap();
    assert_eq!(again, policy);
    assert_eq!(again.hash(), policy.hash());
    assert_eq!(
        Policy::parse(&format!("# a comment changes nothing\n{SIXTH}"))
            .unwrap()
            .hash(),
        policy.hash()
    );
    assert_ne!(
        Policy::parse(&SIXTH.replace("10.00\", currency", "9.99\", currency"))
            .unwrap()
            .hash(),
        policy.hash()
    );
}

/// Spring and autumn of the sixth policy: from October on credit goes back for sixty days.
fn two_seasons() -> Shelf {
    let autumn = SIXTH
        .replace("version = \"spring\"", "version = \"autumn\"")
        .replace("valid_from = \"2025-01-01\"", "valid_from = \"2025-10-01\"")
        .replace(
            "length = { days = 30 }, reading = \"moment\"",
            "length = { days = 60 }, reading = \"moment\"",
        );
    Shelf::new(vec![Policy::parse(&autumn).unwrap(), sixth()])
}

fn credit(deposited: &[&str], received: &str) -> Facts {
    let entries: Vec<String> = deposited
        .iter()
        .enumerate()
        .map(|(index, at)| format!(r#"{{"kind":"deposit","id":"C{index}","at":"{at}","amount":"20.00","method":"iban-1"}}"#))
        .collect();
    let claim = format!(
        r#"{{"policy":"paper-lane","ground":"store_credit","received_at":"{received}","account":{{"currency":"EUR","entries":[{}]}}}}"#,
        entries.join(",")
    );
    read(&claim).unwrap()
}

#[test]
fn the_version_of_the_deposit_governs_not_that_of_the_claim() {
    let shelf = two_seasons();
    // Midnight of the first of October in Lisbon is an hour earlier in UTC.
    let cases = [
        ("2025-09-30T22:59:59Z", "spring", Outcome::Ineligible),
        ("2025-09-30T23:00:00Z", "autumn", Outcome::Eligible),
    ];
    for (deposited, version, outcome) in cases {
        let got = adjudicate(&shelf, &credit(&[deposited], "2025-11-15T09:00:00Z"));
        assert_eq!(
            (got.policy.version.as_str(), got.outcome),
            (version, outcome)
        );
    }
    assert_eq!(
        shelf
            .in_force("paper-lane", at("2025-10-01T00:00:00Z"))
            .unwrap()
            .version,
        "autumn"
    );
    assert_eq!(
        shelf.in_force("paper-lane", at("2024-12-31T23:59:59Z")),
        None
    );
    assert_eq!(shelf.versions("paper-lane").len(), 2);
    assert_eq!(shelf.get("paper-lane", "winter"), None);
}

#[test]
fn a_claim_over_two_versions_goes_to_a_person() {
    let got = adjudicate(
        &two_seasons(),
        &credit(
            &["2025-09-20T09:00:00Z", "2025-10-05T09:00:00Z"],
            "2025-10-10T09:00:00Z",
        ),
    );
    assert_eq!(
        (got.outcome, got.policy.version.as_str()),
        (Outcome::NeedsReview, "spring")
    );
    assert_eq!(
        got.amount.map(|amount| amount.to_string()).as_deref(),
        Some("40")
    );
}

#[test]
fn a_pinned_version_judges_on_after_a_newer_one_came() {
    let facts = credit(&["2025-09-20T09:00:00Z"], "2025-10-10T09:00:00Z");
    let before = adjudicate_under(&sixth(), &facts);
    let after = adjudicate(&two_seasons(), &facts);
    assert_eq!(before, after);
    assert_eq!(after.outcome, Outcome::Eligible);
}

#[test]
fn what_no_policy_speaks_of_goes_to_a_person() {
    let mut facts = credit(&["2025-09-20T09:00:00Z"], "2025-10-10T09:00:00Z");
    facts.ground = "goodwill".to_owned();
    assert_eq!(
        adjudicate(&two_seasons(), &facts).outcome,
        Outcome::NeedsReview
    );
    facts.policy = "nobody".to_owned();
    let got = adjudicate(&two_seasons(), &facts);
    assert_eq!(
        (got.outcome, got.amount, got.explanation.len()),
        (Outcome::NeedsReview, None, 3)
    );
}

#[test]
fn a_document_that_is_none_is_refused_with_the_place_and_never_takes_the_program_down() {
    let deep = format!("id = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let many = format!("{SIXTH}\n[[clauses]]\n{}", "x = 1\n".repeat(400_000));
    for (what, document) in [
        ("nothing", String::new()),
        ("blanks", " \n\n".to_owned()),
        ("a byte order mark alone", "\u{feff}".to_owned()),
        ("a NUL", SIXTH.replacen('\n', "\n\0", 1)),
        ("a key twice", format!("version = \"1\"\n{SIXTH}")),
        ("lists without an end", deep),
        ("a key four hundred thousand times", many),
        ("no document at all", "<html>".to_owned()),
    ] {
        let flaws = Policy::parse(&document).unwrap_err();
        assert!(!flaws.is_empty(), "{what}");
        assert!(flaws.iter().all(|flaw| !flaw.message.is_empty()), "{what}");
    }
    let figure = |from: &str, to: &str| {
        assert!(SIXTH.contains(from), "{from}");
        Policy::parse(&SIXTH.replacen(from, to, 1)).is_err()
    };
    let hours = SIXTH
        .lines()
        .find(|line| line.starts_with("length = "))
        .unwrap();
    for number in ["-1", "1e400", "nan", "9223372036854775808", "\"24\""] {
        assert!(
            figure(hours, &format!("length = {{ hours = {number} }}")),
            "{number}"
        );
    }
}
