//! What can be said of a text before anybody is judged by it: overlaps, gaps and missing numbers are found, a change is told in words,
//! and a form changes one number and nothing else of the document.

use redress::rules::policy::{
    Checks, Grade, Kind, Manuscript, Number, Policy, Shelf, differences, line_of,
};

const NUMBERS: &str = include_str!("../../policies/virtual-numbers.toml");
const DOWNLOADS: &str = include_str!("../../policies/digital-downloads.toml");

fn read(document: &str) -> Policy {
    Policy::parse(document).unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

/// The document with one thing otherwise.
fn with(document: &str, old: &str, new: &str) -> String {
    assert_eq!(document.matches(old).count(), 1, "{old}");
    document.replace(old, new)
}

fn errors(document: &str) -> Vec<String> {
    let remarks = read(document).remarks();
    let errors = remarks.into_iter().filter(|it| it.grade == Grade::Error);
    errors
        .map(|it| format!("{}: {}", it.at, it.message))
        .collect()
}

fn warnings(document: &str) -> Vec<String> {
    Checks::of(document).warnings()
}

fn only(found: Vec<String>, place: &str, words: &str) {
    let [one] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert!(one.starts_with(place) && one.contains(words), "{one}");
}

#[test]
fn the_built_in_texts_have_no_error_and_their_warnings_are_true() {
    for document in Shelf::built_in_documents() {
        assert_eq!(Checks::of(document).blocks(), Vec::<String>::new());
    }
    let warned = warnings(NUMBERS);
    let general: Vec<&String> = warned
        .iter()
        .filter(|it| it.starts_with("clauses."))
        .collect();
    let [general] = general.as_slice() else {
        panic!("{warned:#?}")
    };
    assert!(
        general.contains("D8: is a general rule of 7 days beside the 14 days of D3c")
            || general.starts_with("clauses.D8"),
        "{general}"
    );
}

#[test]
fn two_numbers_for_the_same_ground_are_an_overlap() {
    // E8c names E7 as its rival; without that nobody knows which one holds.
    let other = DOWNLOADS.replace(
        "length = { days = 14 }, reading = \"day\", rival = \"E7\"",
        "length = { days = 21 }, reading = \"day\"",
    );
    only(
        errors(&other),
        "clauses.E7",
        "gives 14 days where E8c gives 21 days",
    );
}

#[test]
fn two_clocks_that_promise_the_same_in_other_times_are_a_warning() {
    let twice = format!(
        "{NUMBERS}\n[[clocks]]\nkind = \"cure\"\nclause = \"D1\"\nstarts = \"received\"\nlength = {{ hours = 24 }}\nfirmness = \"aim\"\n"
    );
    let warned = warnings(&twice);
    let those = warned
        .iter()
        .filter(|it| it.contains("for the same ground; both run"));
    assert_eq!(those.count(), 1, "{warned:#?}");
    assert!(!warnings(NUMBERS).iter().any(|it| it.contains("both run")));
}

#[test]
fn a_ground_that_nothing_decides_and_one_that_nobody_can_meet_are_gaps() {
    let open = with(
        NUMBERS,
        "clauses = [\"I17\", \"D11\", \"D12\"]",
        "clauses = [\"D11\", \"D12\"]",
    );
    let open = with(
        &open,
        "id = \"I17\"\nkind = \"interpretation\"",
        "id = \"D0\"\nkind = \"interpretation\"",
    );
    let open = open.replacen("clauses = [\"D1\",", "clauses = [\"D0\", \"D1\",", 1);
    only(errors(&open), "grounds.duplicate_charge", "granted in full");
    let shut = with(
        NUMBERS,
        "\"D4\", \"D8\", \"D9a\", \"D9b\", \"D10\"",
        "\"D4\", \"D5\", \"D8\", \"D9a\", \"D9b\", \"D10\"",
    );
    only(
        errors(&shut),
        "grounds.sms_not_received",
        "no claim can meet it",
    );
}

#[test]
fn a_number_that_is_missing_and_a_limit_that_counts_nothing_are_errors() {
    let none = with(NUMBERS, "cure = { hours = 72,", "cure = { hours = 0,");
    let found = errors(&none);
    assert!(
        found[0].starts_with("clauses.D6: counts 0 hours"),
        "{found:?}"
    );
    let limit = with(
        DOWNLOADS,
        "tests = [{ window = { starts = \"placed_at\", length = { days = 14 }, reading = \"moment\" } }]",
        "tests = [\"discretion\"]",
    );
    let found = errors(&limit.replace(", rival = \"E7\"", ""));
    only(found, "clauses.E7", "time limit without a number");
}

#[test]
fn words_that_say_another_number_than_the_test_counts_are_a_warning() {
    let longer = with(
        NUMBERS,
        "length = { days = 7 }, reading = \"day\" } }, { sms = { must = \"not_received\" } }",
        "length = { days = 14 }, reading = \"day\" } }, { sms = { must = \"not_received\" } }",
    );
    let warned = warnings(&longer);
    let of = |part: &str| {
        warned
            .iter()
            .filter(|it| it.starts_with("clauses.D4") && it.contains(part))
            .count()
    };
    assert_eq!(
        (of("its heading say"), of("its words say")),
        (1, 1),
        "{warned:#?}"
    );
    let mended = longer
        .replace(
            "Seven days for missing messages",
            "Two weeks for missing messages",
        )
        .replace(
            "within seven days from the day the number",
            "within 14 days from the day the number",
        );
    assert!(
        !warnings(&mended)
            .iter()
            .any(|it| it.starts_with("clauses.D4"))
    );
}

#[test]
fn a_form_changes_a_number_and_leaves_the_rest_of_the_document_alone() {
    let document = NUMBERS.replace("id = \"D4\"", "# The short one.\nid = \"D4\"");
    let policy = read(&document);
    let figures = policy.figures("D4");
    assert_eq!(figures[0].spoken(), "7 days");
    let mut manuscript = Manuscript::read(&document).unwrap();
    let number = Number::read(&figures[0], " 14 ").unwrap();
    assert!(manuscript.set_figure("D4", &figures[0], &number));
    let changed = manuscript.written();
    let other: Vec<(&str, &str)> = document
        .lines()
        .zip(changed.lines())
        .filter(|(old, new)| old != new)
        .collect();
    let [(old, new)] = other.as_slice() else {
        panic!("{other:?}")
    };
    assert_eq!(old.replace("days = 7", "days = 14"), **new);
    let clock = policy
        .figures("D6")
        .into_iter()
        .find(|it| !it.is_of_clause())
        .unwrap();
    assert!(manuscript.set_figure("D6", &clock, &Number::Whole(96)));
    let told: Vec<_> = differences(&policy, &read(&manuscript.written()))
        .into_iter()
        .map(|it| (it.kind, it.clause, it.what, it.before, it.after))
        .collect();
    let line = |clause: &str, what: &str, before: &str, after: &str| {
        (
            Kind::Changed,
            clause.to_owned(),
            what.to_owned(),
            before.to_owned(),
            after.to_owned(),
        )
    };
    assert_eq!(
        told,
        [
            line("D4", "Claimed within", "7 days", "14 days"),
            line("D6", "Promised within", "72 hours", "96 hours"),
        ]
    );
    for wrong in ["", "0", "-1", "7.5", "seven", "99999"] {
        assert!(Number::read(&figures[0], wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_next_version_keeps_its_cases_on_their_days_and_passes_them() {
    for document in Shelf::built_in_documents() {
        let base = read(document);
        let mut manuscript = Manuscript::read(document).unwrap();
        manuscript.next("next", "2031-02-03".parse().unwrap());
        let next = read(&manuscript.written());
        assert_eq!(next.check(), [], "{}", base.id);
        assert_eq!(next.cases_from, Some(base.valid_from));
        let again = {
            let mut manuscript = Manuscript::read(&manuscript.written()).unwrap();
            manuscript.next("later", "2032-02-03".parse().unwrap());
            read(&manuscript.written())
        };
        assert_eq!(again.cases_from, Some(base.valid_from));
        // Nothing but its name and its day is other than it was.
        let told = differences(&base, &next);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].what, "First day");
    }
}

#[test]
fn a_change_that_no_case_notices_is_a_warning() {
    let base = read(NUMBERS);
    let unseen = with(
        NUMBERS,
        "tests = [{ window = { starts = \"placed_at\", length = { days = 14 }, reading = \"bare\" } }]",
        "tests = [{ window = { starts = \"placed_at\", length = { days = 15 }, reading = \"bare\" } }]",
    );
    let warned = Checks::after(&unseen, &base).warnings();
    assert!(
        warned
            .iter()
            .any(|it| it.starts_with("cases: no case notices")),
        "{warned:#?}"
    );
    let seen = with(NUMBERS, "cure = { hours = 72,", "cure = { hours = 120,");
    let checks = Checks::after(&seen, &base);
    assert!(!checks.failing.is_empty());
    assert!(
        !checks
            .warnings()
            .iter()
            .any(|it| it.starts_with("cases: no case notices"))
    );
    let renamed = with(
        NUMBERS,
        "id = \"virtual-numbers\"",
        "id = \"other-numbers\"",
    );
    assert!(
        Checks::after(&renamed, &base).blocks()[0].starts_with("id: must stay virtual-numbers")
    );
}

#[test]
fn a_flaw_is_found_in_its_line() {
    let lines: Vec<&str> = NUMBERS.lines().collect();
    let line = |at: &str| line_of(NUMBERS, at, "").map(|line| lines[line - 1]);
    assert_eq!(line("clauses.D4"), Some("id = \"D4\""));
    assert_eq!(line("grounds.major_defect"), Some("id = \"major_defect\""));
    assert_eq!(
        line("cases.The hours are running"),
        Some("title = \"The hours are running\"")
    );
    assert_eq!(line("valid_from"), Some("valid_from = \"2024-04-02\""));
    assert_eq!(line("clauses.D99"), None);
    let broken = with(
        NUMBERS,
        "days = 14 }, reading = \"bare\" } }]\ninterpretations = [\"I8\", \"I17\"]\n\n[[clauses]]\nid = \"D4\"",
        "days = 14 , reading = \"bare\" } }]\ninterpretations = [\"I8\", \"I17\"]\n\n[[clauses]]\nid = \"D4\"",
    );
    let flaws = Policy::parse(&broken).unwrap_err();
    let found = line_of(&broken, &flaws[0].at, &flaws[0].message).unwrap();
    assert!(
        broken
            .lines()
            .nth(found - 1)
            .unwrap()
            .contains("days = 14 ,"),
        "{found}"
    );
}
