//! A version that Numero is thinking about: fourteen days instead of seven. Written by the manager and ready to be tried on history.

use crate::rules::policy::{Manuscript, Number, Policy};

/// What the draft is called.
pub const VERSION: &str = "fourteen-days";

/// The clauses that say seven days today, with what they would say.
const CLAUSES: [(&str, &str, &str); 3] = [
    (
        "D4",
        "Fourteen days for missing messages",
        "That no message came is claimed within fourteen days from the day the number was bought; after them the product counts as activated.",
    ),
    (
        "D5",
        "Invalid numbers",
        "An invalid number is claimed within fourteen days with evidence, such as a screenshot of the refusal; silence counts as activation and ends the right.",
    ),
    (
        "D8",
        "Two weeks, in writing",
        "Requests are sent to the listed email within two weeks after the order is placed.",
    ),
];

/// What its cases say otherwise.
const CASES: [(&str, &str); 6] = [
    (
        "The last second of day seven",
        "The last second of day fourteen",
    ),
    ("2025-05-08T23:59:59Z", "2025-05-15T23:59:59Z"),
    (
        "The first second of day eight",
        "The first second of day fifteen",
    ),
    (
        "{ received_at = \"2025-05-09T00:00:00Z\" }",
        "{ received_at = \"2025-05-16T00:00:00Z\" }",
    ),
    (
        "Day eight: past the week, inside the fourteen days",
        "Day eight: inside the fourteen days",
    ),
    (
        "{ outcome = \"needs_review\", amount = \"20\", cites = [\"D3c\", \"D8\"] }",
        "{ outcome = \"eligible\", amount = \"20\", cites = [\"D3c\", \"D8\"] }",
    ),
];

/// The text with fourteen days in figures, words and cases; as it was where it does not read.
pub fn fourteen(document: &str) -> String {
    let mut document = document.to_owned();
    for (old, new) in CASES {
        document = document.replace(old, new);
    }
    document = document.replace(
        "claimed within seven days; a major",
        "claimed within fourteen days; a major",
    );
    let (Ok(policy), Ok(mut manuscript)) = (Policy::parse(&document), Manuscript::read(&document))
    else {
        return document;
    };
    for (clause, heading, words) in CLAUSES {
        manuscript.set_clause(clause, "heading", heading);
        manuscript.set_clause(clause, "words", words);
        for figure in policy.figures(clause).iter().filter(|it| it.unit == "days") {
            manuscript.set_figure(clause, figure, &Number::Whole(14));
        }
    }
    manuscript.written()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::policy::Checks;

    #[test]
    fn nothing_stands_against_it_and_its_cases_notice_it() {
        let base = include_str!("../../../policies/virtual-numbers.toml");
        let checks = Checks::after(&fourteen(base), &Policy::parse(base).unwrap());
        assert_eq!(checks.blocks(), Vec::<String>::new());
        let warned = checks.warnings();
        let noticed = |it: &&String| !it.starts_with("grounds.");
        assert_eq!(warned.iter().find(noticed), None);
    }
}
