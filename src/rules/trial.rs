//! A draft tried on the past: what a claim's own facts give under the draft, beside the answer that was stored, and what that adds
//! up to in claims and in money. What it cannot know is what people would have done: who claims at all changes with a text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assessment::{Assessment, Brief, Finding, NOT_APPLICABLE, Outcome, is_standing};
use super::words::words;

words! {
    /// What becomes of a claim's answer.
    Change {
        Same = "same",
        /// Refused or undecided before, granted now.
        Granted = "granted",
        /// Granted or undecided before, refused now.
        Denied = "denied",
        More = "more",
        Less = "less",
        /// A person has to look who did not before.
        ToPerson = "to_person",
        /// Nobody has to look any more.
        FromPerson = "from_person",
        /// Another step first, another way back, or evidence to bring.
        Other = "other",
    }
}

/// The rules' answer as far as money goes, at 8 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    pub outcome: Outcome,
    pub flagged: bool,
    /// What approval would pay; None where it is not known.
    pub amount_e8: Option<i64>,
}

impl Side {
    pub fn of(brief: &Brief) -> Side {
        Side {
            outcome: brief.outcome,
            flagged: brief.flagged,
            amount_e8: brief.amount.map(|amount| amount.e8()),
        }
    }

    /// What the text itself grants.
    pub fn granted_e8(self) -> i64 {
        match self.outcome {
            Outcome::Eligible => self.amount_e8.unwrap_or(0),
            _ => 0,
        }
    }

    /// What hangs on a person's decision, or on evidence that is still to come.
    pub fn open_e8(self) -> i64 {
        match self.outcome {
            Outcome::NeedsReview | Outcome::NeedsEvidence => self.amount_e8.unwrap_or(0),
            _ => 0,
        }
    }
}

/// One claim, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub change: Change,
    pub before: Side,
    pub after: Side,
    /// The clauses whose finding changed: those that are responsible.
    pub clauses: Vec<String>,
}

/// Compares the answer that was stored with the draft's.
pub fn compare(stored: &Assessment, drafted: &Assessment) -> Compared {
    let (before, after) = (stored.brief(), drafted.brief());
    compare_briefly(&before, &after).unwrap_or_else(|| Compared {
        change: change(&before, &after),
        before: Side::of(&before),
        after: Side::of(&after),
        clauses: reworded(stored, drafted),
    })
}

/// The same without what was said; `None` where only that tells which clauses are responsible.
pub fn compare_briefly(stored: &Brief, drafted: &Brief) -> Option<Compared> {
    let change = change(stored, drafted);
    let clauses = if change == Change::Same {
        Vec::new()
    } else {
        Some(turned(&stored.results, &drafted.results)).filter(|turned| !turned.is_empty())?
    };
    Some(Compared {
        change,
        before: Side::of(stored),
        after: Side::of(drafted),
        clauses,
    })
}

fn change(stored: &Brief, drafted: &Brief) -> Change {
    use Outcome::{Eligible, Ineligible, NeedsReview};
    let looks = |it: &Brief| it.outcome == NeedsReview || it.flagged;
    if stored.outcome != drafted.outcome {
        return match (stored.outcome, drafted.outcome) {
            (_, Eligible) => Change::Granted,
            (_, Ineligible) => Change::Denied,
            (_, NeedsReview) => Change::ToPerson,
            _ => Change::Other,
        };
    }
    match stored.amount.cmp(&drafted.amount) {
        std::cmp::Ordering::Less => return Change::More,
        std::cmp::Ordering::Greater => return Change::Less,
        std::cmp::Ordering::Equal => {}
    }
    match (looks(stored), looks(drafted)) {
        (false, true) => Change::ToPerson,
        (true, false) => Change::FromPerson,
        _ if stored.payments != drafted.payments
            || stored.next_action != drafted.next_action
            || stored.route != drafted.route =>
        {
            Change::Other
        }
        _ => Change::Same,
    }
}

/// The clauses whose result is another, in the draft's order, then those that only the stored answer has.
fn turned(stored: &str, drafted: &str) -> Vec<String> {
    if stored == drafted {
        return Vec::new();
    }
    let read = |lines: &'_ str| -> Vec<(String, char)> {
        let split = |line: &str| {
            let mut letters = line.chars();
            letters
                .next()
                .map(|sign| (letters.as_str().to_owned(), sign))
        };
        lines.lines().filter_map(split).collect()
    };
    let (stored, drafted) = (read(stored), read(drafted));
    let sign = |all: &[(String, char)], id: &str| {
        let found = all.iter().find(|(own, _)| own == id);
        found.map_or(NOT_APPLICABLE, |(_, sign)| *sign)
    };
    let mut turned: Vec<String> = Vec::new();
    for (id, _) in drafted.iter().chain(&stored) {
        if sign(&stored, id) != sign(&drafted, id) && !turned.contains(id) {
            turned.push(id.clone());
        }
    }
    turned
}

/// The clauses that come to the same for another reason, such as another deadline or another amount.
fn reworded(stored: &Assessment, drafted: &Assessment) -> Vec<String> {
    let find = |id: &str| stored.clauses.iter().find(|finding| finding.id == id);
    let other = |after: &&Finding| {
        find(&after.id)
            .is_some_and(|before| before.due_at != after.due_at || before.detail != after.detail)
    };
    let own = drafted.clauses.iter().filter(|it| !is_standing(&it.id));
    own.filter(other)
        .map(|finding| finding.id.clone())
        .collect()
}

/// Money before and after in one currency, at 8 decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub granted_before: i64,
    pub granted_after: i64,
    pub open_before: i64,
    pub open_after: i64,
}

impl Money {
    /// What the text would have granted more, or less.
    pub fn granted(self) -> i64 {
        self.granted_after.saturating_sub(self.granted_before)
    }

    /// What would have hung on a person more, or less.
    pub fn open(self) -> i64 {
        self.open_after.saturating_sub(self.open_before)
    }

    fn of(before: Side, after: Side) -> Money {
        Money {
            granted_before: before.granted_e8(),
            granted_after: after.granted_e8(),
            open_before: before.open_e8(),
            open_after: after.open_e8(),
        }
    }

    fn add(&mut self, other: Money) {
        let sum = |to: &mut i64, e8: i64| *to = to.saturating_add(e8);
        sum(&mut self.granted_before, other.granted_before);
        sum(&mut self.granted_after, other.granted_after);
        sum(&mut self.open_before, other.open_before);
        sum(&mut self.open_after, other.open_after);
    }
}

/// What one set of clauses is responsible for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub claims: u64,
    pub money: BTreeMap<String, Money>,
}

/// What all claims together come to. Every claim counts under one change and one set of clauses, so the parts add up to the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub changes: BTreeMap<Change, u64>,
    /// By currency.
    pub money: BTreeMap<String, Money>,
    /// By the clauses responsible, such as "D4" or "D4 D8".
    pub clauses: BTreeMap<String, Share>,
    /// By currency: how many of the changed claims were granted more or less, by [`step`].
    #[serde(default)]
    pub moves: BTreeMap<String, BTreeMap<i32, u64>>,
    /// Claims whose stored facts no longer read; they are in nothing else.
    pub unread: u64,
}

impl Tally {
    pub fn add(&mut self, currency: &str, compared: &Compared) {
        *self.changes.entry(compared.change).or_default() += 1;
        let (before, after) = (compared.before, compared.after);
        let money = Money::of(before, after);
        match self.money.get_mut(currency) {
            Some(sum) => sum.add(money),
            None => drop(self.money.insert(currency.to_owned(), money)),
        }
        if compared.change == Change::Same {
            return;
        }
        let moved = after.granted_e8().saturating_sub(before.granted_e8());
        let steps = self.moves.entry(currency.to_owned()).or_default();
        *steps.entry(step(moved)).or_default() += 1;
        let share = self.clauses.entry(compared.clauses.join(" ")).or_default();
        share.claims += 1;
        share
            .money
            .entry(currency.to_owned())
            .or_default()
            .add(money);
    }

    /// Adds what other claims come to.
    pub fn join(&mut self, other: Tally) {
        for (change, count) in other.changes {
            *self.changes.entry(change).or_default() += count;
        }
        for (currency, money) in other.money {
            self.money.entry(currency).or_default().add(money);
        }
        for (clauses, theirs) in other.clauses {
            let share = self.clauses.entry(clauses).or_default();
            share.claims += theirs.claims;
            for (currency, money) in theirs.money {
                share.money.entry(currency).or_default().add(money);
            }
        }
        for (currency, steps) in other.moves {
            let own = self.moves.entry(currency).or_default();
            for (step, count) in steps {
                *own.entry(step).or_default() += count;
            }
        }
        self.unread += other.unread;
    }

    pub fn of(&self, change: Change) -> u64 {
        self.changes.get(&change).copied().unwrap_or(0)
    }

    /// All claims that were judged.
    pub fn judged(&self) -> u64 {
        self.changes.values().sum()
    }

    /// Those whose answer would have been another.
    pub fn changed(&self) -> u64 {
        self.judged() - self.of(Change::Same)
    }
}

/// The histogram's step of a difference: 0 for none, else which of the bounds 1, 2, 5, 10, 20, 50 … it reaches, below zero for less
/// money. See [`bounds`].
pub fn step(moved_e8: i64) -> i32 {
    let size = moved_e8.unsigned_abs();
    if size == 0 {
        return 0;
    }
    let (mut step, mut place) = (1, 1);
    while bounds(place).is_some_and(|(from, _)| size >= from) {
        step = place;
        place += 1;
    }
    step * if moved_e8 < 0 { -1 } else { 1 }
}

/// From where to below where a step reaches, whatever its sign, in whole units of the currency at 8 decimals; from 0 for the first.
/// None for 0 and beyond what an amount can be.
pub fn bounds(step: i32) -> Option<(u64, u64)> {
    let edge = |place: u32| -> Option<u64> {
        let units = [1_u64, 2, 5][usize::try_from(place % 3).ok()?];
        10_u64
            .checked_pow(place / 3)?
            .checked_mul(units)?
            .checked_mul(100_000_000)
    };
    let place = step.unsigned_abs().checked_sub(1)?;
    let from = match place.checked_sub(1) {
        None => 0,
        Some(before) => edge(before)?,
    };
    Some((from, edge(place)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::adjudicate::adjudicate_under;
    use crate::rules::facts;
    use crate::rules::policy::Policy;

    /// What the case of that title gives under the text.
    fn judged(document: &str, title: &str) -> Assessment {
        let policy = Policy::parse(document).unwrap();
        let case = policy.cases.iter().find(|it| it.title == title).unwrap();
        let claim = policy.claim_of(case).unwrap();
        adjudicate_under(&policy, &facts::read(&claim.to_string()).unwrap())
    }

    #[test]
    fn what_becomes_of_an_answer_is_named_by_what_it_means_for_the_money() {
        let text = include_str!("../../policies/virtual-numbers.toml");
        let granted = judged(text, "Seven times 24 hours: every reading agrees");
        let flagged = judged(text, "The last second of day seven");
        let refused = judged(text, "The first second of day eight");
        let person = judged(text, "Day eight: past the week, inside the fourteen days");
        let asked = judged(text, "A number refused as invalid wants evidence");
        let waits = judged(text, "The hours are running");
        let mut less = granted.clone();
        less.amount = less.amount.map(|_| crate::rules::money::Amount::ZERO);
        for (before, after, expected) in [
            (&granted, &granted, Change::Same),
            (&refused, &granted, Change::Granted),
            (&person, &granted, Change::Granted),
            (&granted, &refused, Change::Denied),
            (&refused, &person, Change::ToPerson),
            (&granted, &flagged, Change::ToPerson),
            (&flagged, &granted, Change::FromPerson),
            (&less, &granted, Change::More),
            (&granted, &less, Change::Less),
            (&granted, &waits, Change::Other),
            (&refused, &asked, Change::Other),
        ] {
            assert_eq!(compare(before, after).change, expected);
        }
        assert_eq!(compare(&refused, &granted).clauses, ["D4", "D8"]);
    }

    #[test]
    fn a_difference_falls_into_the_step_that_holds_it() {
        let unit = 100_000_000_i64;
        for (moved, expected) in [
            (0, 0),
            (1, 1),
            (unit - 1, 1),
            (unit, 2),
            (2 * unit, 3),
            (5 * unit, 4),
            (-5 * unit, -4),
            (10 * unit - 1, 4),
            (10 * unit, 5),
            (-1, -1),
            (999 * unit, 10),
        ] {
            assert_eq!(step(moved), expected, "{moved}");
            if let Some((from, below)) = bounds(expected) {
                assert!(from <= moved.unsigned_abs() && moved.unsigned_abs() < below);
            }
        }
        assert!(step(i64::MIN) < -20 && step(i64::MAX) > 20);
    }

    #[test]
    fn a_brief_survives_being_stored_and_compares_as_the_assessments_do() {
        use crate::rules::adjudicate::brief_under;
        let (mut quick, mut slow) = (0, 0);
        for policy in crate::rules::policy::Shelf::built_in().policies() {
            let claims = policy
                .cases
                .iter()
                .map(|case| policy.claim_of(case).unwrap());
            let facts: Vec<_> = claims
                .filter_map(|claim| facts::read(&claim.to_string()).ok())
                .collect();
            let all: Vec<Assessment> = facts
                .iter()
                .map(|facts| adjudicate_under(policy, facts))
                .collect();
            for (facts, assessment) in facts.iter().zip(&all) {
                let brief = brief_under(policy, facts);
                assert_eq!(brief, assessment.brief());
                let json = serde_json::to_string(&brief).unwrap();
                assert_eq!(serde_json::from_str::<Brief>(&json).unwrap(), brief);
            }
            for stored in &all {
                for drafted in &all {
                    let whole = compare(stored, drafted);
                    match compare_briefly(&stored.brief(), &drafted.brief()) {
                        Some(brief) => {
                            assert_eq!(brief, whole);
                            quick += 1;
                        }
                        None => {
                            assert_ne!(whole.change, Change::Same);
                            slow += 1;
                        }
                    }
                }
            }
        }
        assert!(quick > 100 && slow > 0, "{quick} {slow}");
    }

    #[test]
    fn a_clause_that_turned_is_named_before_one_that_only_says_it_otherwise() {
        assert_eq!(turned("+D1\n-D4\n.D9", "+D1\n+D4\n?D8"), ["D4", "D8"]);
        assert_eq!(turned("+D1\n.D9", "+D1"), [""; 0]);
        assert_eq!(turned("", "-D1"), ["D1"]);
    }

    #[test]
    fn the_parts_add_up_to_the_whole() {
        let text = include_str!("../../policies/virtual-numbers.toml");
        let titles = [
            "Seven times 24 hours: every reading agrees",
            "The first second of day eight",
            "Day eight: past the week, inside the fourteen days",
            "The hours are running",
        ];
        let mut tally = Tally::default();
        for before in titles {
            for after in titles {
                tally.add("USD", &compare(&judged(text, before), &judged(text, after)));
            }
        }
        assert_eq!((tally.judged(), tally.of(Change::Same)), (16, 4));
        let mut twice = tally.clone();
        twice.join(tally.clone());
        assert_eq!((twice.judged(), twice.changed()), (32, 24));
        assert_eq!(
            twice.money["USD"].granted(),
            2 * tally.money["USD"].granted()
        );
        assert!(
            twice
                .clauses
                .iter()
                .all(|(key, share)| share.claims == 2 * tally.clauses[key].claims)
        );
        let mut parts = Tally::default();
        parts.join(tally.clone());
        assert_eq!(parts, tally);
        let claims: u64 = tally.clauses.values().map(|share| share.claims).sum();
        assert_eq!(claims, tally.changed());
        let steps: u64 = tally.moves["USD"].values().sum();
        assert_eq!(steps, tally.changed());
        let parts = |of: fn(Money) -> i64| -> i64 {
            let shares = tally.clauses.values();
            shares.map(|share| of(share.money["USD"])).sum()
        };
        let whole = tally.money["USD"];
        assert_eq!(parts(Money::granted), whole.granted());
        assert_eq!(parts(Money::open), whole.open());
    }
}
