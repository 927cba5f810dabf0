//! Two versions of a policy compared in words: what came, what went, and what changed from what to what.

use super::{Clause, Ground, Policy};
use crate::rules::calendar::Holidays;
use crate::rules::words::words;

words! { Kind { Added = "added", Removed = "removed", Changed = "changed" } }

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: Kind,
    /// The clause that it is about; empty for the document as a whole.
    pub clause: String,
    /// "Claimed within", "Words", "Ground major_defect".
    pub what: String,
    /// Empty where it was added.
    pub before: String,
    /// Empty where it was removed.
    pub after: String,
}

fn changed(clause: &str, what: impl Into<String>, before: &str, after: &str) -> Option<Difference> {
    let kind = match (before.is_empty(), after.is_empty()) {
        _ if before == after => return None,
        (true, _) => Kind::Added,
        (_, true) => Kind::Removed,
        _ => Kind::Changed,
    };
    Some(Difference {
        kind,
        clause: clause.to_owned(),
        what: what.into(),
        before: before.to_owned(),
        after: after.to_owned(),
    })
}

/// What `new` says otherwise than `old`, in the order of the document. The version's own name is none of it.
pub fn differences(old: &Policy, new: &Policy) -> Vec<Difference> {
    let day = |policy: &Policy| policy.valid_from.to_string();
    let end = |policy: &Policy| {
        policy
            .valid_to
            .map(|day| day.to_string())
            .unwrap_or_default()
    };
    let mut found: Vec<Difference> = [
        changed("", "Title", &old.title, &new.title),
        changed("", "Summary", &old.summary, &new.summary),
        changed("", "First day", &day(old), &day(new)),
        changed("", "First day no longer in force", &end(old), &end(new)),
        changed("", "Time zone", old.time_zone.name(), new.time_zone.name()),
        changed(
            "",
            "Holidays",
            &holidays(&old.holidays),
            &holidays(&new.holidays),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    grounds(old, new, &mut found);
    for clause in &new.clauses {
        match old.clause(&clause.id) {
            Some(before) => clauses((old, before), (new, clause), &mut found),
            None => found.extend(changed(&clause.id, &clause.heading, "", &clause.words)),
        }
    }
    for clause in old.clauses.iter().filter(|it| new.clause(&it.id).is_none()) {
        found.extend(changed(&clause.id, &clause.heading, &clause.words, ""));
    }
    cases(old, new, &mut found);
    found
}

fn holidays(holidays: &Holidays) -> String {
    serde_json::to_string(holidays).unwrap_or_default()
}

fn grounds(old: &Policy, new: &Policy, found: &mut Vec<Difference>) {
    let what = |ground: &Ground| format!("Ground {}", ground.id);
    for ground in &new.grounds {
        let Some(before) = old.ground(&ground.id) else {
            found.extend(changed("", what(ground), "", &ground.title));
            continue;
        };
        let rows = [
            ("title", before.title.clone(), ground.title.clone()),
            ("hint", before.hint.clone(), ground.hint.clone()),
            ("asks for", before.asks.join(", "), ground.asks.join(", ")),
            (
                "clauses",
                before.clauses.join(", "),
                ground.clauses.join(", "),
            ),
            ("pays", before.pays.to_string(), ground.pays.to_string()),
            ("pays to", before.to.to_string(), ground.to.to_string()),
            ("about", before.about.to_string(), ground.about.to_string()),
        ];
        for (field, before, after) in rows {
            let what = format!("{}: {field}", what(ground));
            found.extend(changed("", what, &before, &after));
        }
    }
    for ground in old.grounds.iter().filter(|it| new.ground(&it.id).is_none()) {
        found.extend(changed("", what(ground), &ground.title, ""));
    }
}

fn clauses(
    (old, before): (&Policy, &Clause),
    (new, after): (&Policy, &Clause),
    found: &mut Vec<Difference>,
) {
    let id = &after.id;
    found.extend(changed(id, "Heading", &before.heading, &after.heading));
    found.extend(changed(id, "Words", &before.words, &after.words));
    found.extend(changed(id, "Kind", before.kind.word(), after.kind.word()));
    let (was, is) = (old.figures(id), new.figures(id));
    let same_shape =
        was.len() == is.len() && was.iter().zip(&is).all(|(was, is)| was.label == is.label);
    if same_shape {
        for (was, is) in was.iter().zip(&is) {
            found.extend(changed(id, is.label, &was.spoken(), &is.spoken()));
        }
    }
    // What the figures do not tell: another reading, another test.
    let bare = |clause: &Clause| -> Vec<String> {
        let tests = clause.tests.iter();
        tests.map(|test| written(test, same_shape)).collect()
    };
    let (was, is) = (bare(before), bare(after));
    found.extend(changed(id, "Tests", &was.join(" "), &is.join(" ")));
    let readings = |clause: &Clause| clause.interpretations.join(", ");
    found.extend(changed(id, "Rests on", &readings(before), &readings(after)));
    if !same_shape {
        let all = |policy: &Policy| {
            let clocks = policy.clocks.iter().filter(|clock| clock.clause == *id);
            let each = clocks.map(|clock| serde_json::to_string(clock).unwrap_or_default());
            each.collect::<Vec<_>>().join(" ")
        };
        found.extend(changed(id, "Clocks", &all(old), &all(new)));
    }
}

/// A test as the document has it; without its figures where those are told by themselves.
fn written(test: &crate::rules::clauses::Test, without_figures: bool) -> String {
    let mut value = serde_json::to_value(test).unwrap_or_default();
    if without_figures {
        for (name, field) in [
            ("window", "length"),
            ("period", "longest_months"),
            ("cure", "hours"),
            ("minimum", "amount"),
        ] {
            if let Some(members) = value.get_mut(name).and_then(|it| it.as_object_mut()) {
                members.remove(field);
            }
        }
    }
    value.to_string()
}

fn cases(old: &Policy, new: &Policy, found: &mut Vec<Difference>) {
    for case in &new.cases {
        let what = format!("Case \u{201c}{}\u{201d}", case.title);
        match old.cases.iter().find(|it| it.title == case.title) {
            None => found.extend(changed("", what, "", "a new case")),
            Some(before)
                if old.claim_of(before) != new.claim_of(case) || before.expect != case.expect =>
            {
                let words = |it: &super::Case| serde_json::to_string(it).unwrap_or_default();
                found.extend(changed("", what, &words(before), &words(case)));
            }
            Some(_) => {}
        }
    }
    let gone = |case: &&super::Case| !new.cases.iter().any(|it| it.title == case.title);
    for case in old.cases.iter().filter(gone) {
        let what = format!("Case \u{201c}{}\u{201d}", case.title);
        found.extend(changed("", what, "an old case", ""));
    }
}
