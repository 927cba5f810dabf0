//! The judgement: every clause of the ground is heard, the outcome follows from all their turns in the order
//! that `redress assess` fixes, and a claim is flagged where one turn, read otherwise, would change it.
//! Four rules stand outside every policy and no document can lift them: the version must have been in force
//! (I1), the claim must have a subject (I3), the ceiling (I13), and an open dispute holds the money (I20).

use super::assessment::{
    Assessment, Brief, Deadline, Finding, Flag, Leftover, Met, NextAction, Outcome, Reference,
    is_standing, line,
};
use super::clauses::{Scope, Turn, Verdict, cure};
use super::deadline::{ClockStart, clock_due};
use super::explain;
use super::facts::{At, Facts};
use super::hearing::{Hearing, UNSAID, said};
use super::lots::{self, Source};
use super::money::Amount;
use super::policy::{About, Clause, Pays, Policy, Shelf};
use super::remedy;

/// Judges a claim under the version that governs it (I1): the one in force when the right was created, or the
/// nearest one, for a person to look at, where none was.
pub fn adjudicate(shelf: &Shelf, facts: &Facts) -> Assessment {
    let zone = facts.seller.time_zone;
    let ground = shelf
        .versions(&facts.policy)
        .iter()
        .rev()
        .find_map(|policy| policy.ground(&facts.ground));
    let created = right_created_at(facts, ground.map_or(About::Order, |ground| ground.about));
    let governing = match created {
        Some(at) => shelf.nearest(&facts.policy, at, zone),
        None => shelf.nearest(&facts.policy, facts.received_at, zone),
    };
    match governing {
        Some(policy) => adjudicate_under(policy, facts),
        None => unjudged(
            facts,
            Reference {
                id: facts.policy.clone(),
                version: String::new(),
                hash: String::new(),
            },
        ),
    }
}

/// When the right was created: the purchase, or the oldest deposit that still holds money. None is unknown.
pub fn right_created_at(facts: &Facts, about: About) -> Option<At> {
    if about == About::Order {
        return facts.order.as_ref()?.placed_at;
    }
    let lots = lots::fold(
        facts.account.as_ref()?.entries.as_deref()?,
        facts.assessed_at(),
    )
    .ok()?;
    let holds = |lot: &&lots::Lot| lot.source == Source::Deposit && lot.remaining.is_positive();
    lots.iter().filter(holds).map(|lot| lot.at).min()
}

/// Judges a claim under one version, such as the one pinned when the claim was filed.
pub fn adjudicate_under(policy: &Policy, facts: &Facts) -> Assessment {
    let Some(ground) = policy.ground(&facts.ground) else {
        return unjudged(facts, policy.reference());
    };
    let hearing = Hearing::new(policy, ground, facts);
    let heard = hear(&hearing);
    let drawn = draw(&hearing, &heard);
    let deadlines = deadlines(&hearing);
    let explanation = explain::explain(&hearing, &heard, &drawn, &deadlines);
    let owed = &hearing.owed;
    let pays = drawn.outcome_pays();
    let verdicts = || heard.iter().flat_map(|heard| &heard.verdicts);
    let amount = if pays {
        owed.amount
    } else {
        Some(Amount::ZERO)
    };
    Assessment {
        id: facts.id.clone(),
        policy: policy.reference(),
        outcome: drawn.outcome,
        flagged: !drawn.flags.is_empty(),
        discretionary: pays && verdicts().any(|verdict| verdict.discretionary),
        automatic: drawn.outcome == Outcome::Eligible
            && drawn.flags.is_empty()
            && verdicts().any(|verdict| verdict.automatic),
        flags: drawn.flags,
        amount,
        currency: hearing.currency(),
        payments: amount
            .filter(|_| pays)
            .map(|amount| remedy::payments(&hearing, amount))
            .unwrap_or_default(),
        stays_on_balance: stays(&hearing, pays),
        route: owed.route,
        next_action: drawn.next_action,
        missing: drawn.missing,
        alternatives: owed.alternatives.clone(),
        clauses: heard
            .into_iter()
            .map(|heard| heard.finding(&deadlines))
            .collect(),
        deadlines,
        explanation,
    }
}

/// The brief of what [`adjudicate_under`] gives, without ever putting it into words: for judging very many.
pub fn brief_under(policy: &Policy, facts: &Facts) -> Brief {
    let Some(ground) = policy.ground(&facts.ground) else {
        return unjudged(facts, policy.reference()).brief();
    };
    let hearing = Hearing::silent(policy, ground, facts);
    let heard = hear(&hearing);
    let drawn = draw(&hearing, &heard);
    let pays = drawn.outcome_pays();
    let amount = if pays {
        hearing.owed.amount
    } else {
        Some(Amount::ZERO)
    };
    let mut results = String::with_capacity(8 * heard.len());
    for heard in heard.iter().filter(|heard| !is_standing(heard.id)) {
        line(&mut results, heard.id, heard.result());
    }
    Brief {
        version: policy.version.clone(),
        outcome: drawn.outcome,
        flagged: !drawn.flags.is_empty(),
        amount,
        payments: amount
            .filter(|_| pays)
            .map(|amount| remedy::payments(&hearing, amount))
            .unwrap_or_default(),
        route: hearing.owed.route,
        next_action: drawn.next_action,
        results,
    }
}

fn stays(hearing: &Hearing, pays: bool) -> Vec<Leftover> {
    match &hearing.purse {
        None => Vec::new(),
        Some(purse) if pays => purse.stays.clone(),
        Some(purse) => purse.all_stays("is not paid out on this claim"),
    }
}

/// A claim under a policy or ground that is not on file: nothing can be said, and a person must look.
fn unjudged(facts: &Facts, policy: Reference) -> Assessment {
    Assessment {
        id: facts.id.clone(),
        explanation: explain::unjudged(facts),
        policy,
        outcome: Outcome::NeedsReview,
        flagged: false,
        flags: Vec::new(),
        discretionary: false,
        automatic: false,
        amount: None,
        currency: None,
        payments: Vec::new(),
        stays_on_balance: Vec::new(),
        route: None,
        next_action: NextAction::None,
        missing: Vec::new(),
        alternatives: Vec::new(),
        clauses: Vec::new(),
        deadlines: Vec::new(),
    }
}

/// One clause with what each of its tests says about this claim.
pub(super) struct Heard<'a> {
    pub id: &'a str,
    pub verdicts: Vec<Verdict>,
}

impl Heard<'_> {
    /// The worst of them.
    fn result(&self) -> Met {
        let worse = |met: &Met| match met {
            Met::NotMet => 0,
            Met::Unknown => 1,
            Met::Met => 2,
            Met::NotApplicable => 3,
        };
        let results = self.verdicts.iter().map(|verdict| verdict.result);
        results.min_by_key(worse).unwrap_or(Met::NotApplicable)
    }

    /// The clause as a whole: the worst result, every detail that applies, the first deadline.
    fn finding(self, deadlines: &[Deadline]) -> Finding {
        let promised = deadlines
            .iter()
            .find(|deadline| deadline.clause == self.id)
            .map(|deadline| deadline.due_at);
        let due_at = self
            .verdicts
            .iter()
            .find_map(|verdict| verdict.due_at)
            .or(promised);
        let result = self.result();
        let applies = |verdict: &Verdict| {
            (verdict.result == Met::NotApplicable) == (result == Met::NotApplicable)
        };
        let details: Vec<_> = self
            .verdicts
            .into_iter()
            .filter(applies)
            .map(|verdict| verdict.detail)
            .collect();
        Finding {
            id: self.id.to_owned(),
            result,
            detail: details.join(" "),
            due_at,
        }
    }
}

fn hear<'a>(hearing: &Hearing<'a>) -> Vec<Heard<'a>> {
    let by_clause = |clause: &&'a Clause| Heard {
        id: &clause.id,
        verdicts: clause.examine(hearing),
    };
    let mut heard: Vec<Heard<'a>> = hearing.clauses.iter().map(by_clause).collect();
    let standing = [
        ("I1", version(hearing)),
        ("I3", subject(hearing)),
        ("I13", ceiling(hearing)),
        ("I15", destination(hearing)),
        ("I20", dispute(hearing)),
    ];
    heard.extend(standing.into_iter().map(|(id, verdict)| Heard {
        id,
        verdicts: vec![verdict],
    }));
    heard
}

fn version(hearing: &Hearing) -> Verdict {
    let zone = hearing.zone;
    let version = &hearing.policy.version;
    if let Some(purse) = &hearing.purse {
        let outside = purse
            .deposits
            .iter()
            .find(|held| !hearing.policy.covers(held.lot.at, zone));
        return match outside {
            Some(held) => Verdict::not_met(said!(
                hearing,
                "Deposit {} of {} was made when version {version} was not in force; the amount is judged under it as the nearest.",
                held.lot.id,
                hearing.clock(held.lot.at)
            ))
            .turn(Turn::Outside),
            None if purse.deposits.is_empty() => Verdict::not_applicable("No deposit holds money."),
            None => Verdict::met(said!(hearing, "Version {version} was in force at each deposit that holds money.")),
        };
    }
    match hearing.order.map(|order| order.placed_at) {
        None => Verdict::not_applicable("There is no purchase yet to find the version by."),
        Some(None) => Verdict::unknown("When the purchase was made is not known, so neither is the version that governs it.").lacks("order.placed_at").turn(Turn::Review),
        Some(Some(at)) if hearing.policy.covers(at, zone) => {
            Verdict::met(said!(hearing, "Version {version} was in force at the purchase on {}.", hearing.clock(at)))
        }
        Some(Some(at)) => Verdict::not_met(said!(
            hearing,
            "The purchase on {} lies outside the time of version {version}; the amount is judged under it as the nearest.",
            hearing.clock(at)
        ))
        .turn(Turn::Outside),
    }
}

fn subject(hearing: &Hearing) -> Verdict {
    let received = said!(
        hearing,
        "Received on {} by {}",
        hearing.clock(hearing.received),
        hearing.facts.channel
    );
    match hearing.order {
        None if hearing.ground.needs_order() => {
            Verdict::unknown(said!(hearing, "{received}, naming no order."))
                .turn(Turn::Ask(vec!["order_number".to_owned()]))
        }
        Some(order)
            if order
                .placed_at
                .is_some_and(|placed| hearing.received < placed) =>
        {
            Verdict::unknown(said!(hearing, "{received}, which is before the purchase."))
                .turn(Turn::Review)
        }
        _ => Verdict::met(said!(hearing, "{received}.")),
    }
}

fn ceiling(hearing: &Hearing) -> Verdict {
    let owed = &hearing.owed;
    match (hearing.order, &owed.spent, owed.ceiling) {
        (None, ..) => Verdict::not_applicable("Each lot is its own limit."),
        (Some(order), None, None)
            if hearing.ground.pays == Pays::Outside && order.charge.is_some() =>
        {
            Verdict::not_applicable("A charge that was not owed has no earlier limit.")
        }
        (Some(_), _, None) => Verdict::unknown("What was paid is not known.")
            .lacks("order.charge")
            .turn(Turn::Settle),
        (Some(_), Some(spent), _) => Verdict::not_met(spent.clone()).turn(Turn::Spent),
        (Some(_), None, Some(ceiling)) => Verdict::met(said!(
            hearing,
            "At most {} can still go back.",
            hearing.show(ceiling)
        )),
    }
}

fn destination(hearing: &Hearing) -> Verdict {
    if let Some((doubt, path)) = remedy::doubt(hearing) {
        return Verdict::unknown(doubt).lacks(path).turn(Turn::Settle);
    }
    match hearing.owed.amount {
        Some(amount) if amount.is_positive() && !hearing.speaks => Verdict::met(UNSAID),
        Some(amount) if amount.is_positive() => {
            let to = remedy::payments(hearing, amount);
            let one = |payment: &super::assessment::Payment| {
                let amount = payment.currency.map_or_else(
                    || payment.amount.to_string(),
                    |currency| currency.show(payment.amount),
                );
                match &payment.method {
                    Some(method) => format!("{amount} to {method}"),
                    None => format!("{amount} to the {}", payment.to.word().replace('_', " ")),
                }
            };
            let to: Vec<String> = to.iter().map(one).collect();
            Verdict::met(if to.is_empty() {
                "No way back is open.".to_owned()
            } else {
                format!("{}.", to.join(", "))
            })
        }
        _ => Verdict::not_applicable("No amount to send."),
    }
}

fn dispute(hearing: &Hearing) -> Verdict {
    let Some(dispute) = &hearing.facts.dispute else {
        return Verdict::not_applicable("No chargeback is known.");
    };
    if hearing.open_dispute().is_none() {
        return Verdict::met(said!(hearing, "The chargeback was {}.", dispute.status));
    }
    let names_lot = dispute.deposit.is_some() && hearing.ground.needs_account();
    let other_money = hearing
        .purse
        .as_ref()
        .and_then(|purse| purse.due)
        .is_some_and(Amount::is_positive);
    if names_lot && other_money {
        Verdict::met("A chargeback is open on one deposit; that deposit alone waits.")
    } else {
        Verdict::not_met("A chargeback is open: no money moves until it is decided.")
            .turn(Turn::Hold)
    }
}

/// The outcome with everything that follows from it.
pub(super) struct Drawn {
    pub outcome: Outcome,
    pub next_action: NextAction,
    pub missing: Vec<String>,
    pub flags: Vec<Flag>,
    /// The rank of the turn that decided.
    pub rank: u8,
}

impl Drawn {
    pub fn outcome_pays(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Eligible | Outcome::NeedsEvidence | Outcome::NeedsReview
        )
    }
}

fn draw(hearing: &Hearing, heard: &[Heard]) -> Drawn {
    let (mut outcome, next_action, rank) = conclude(turns(heard));
    let mut flags = Vec::new();
    if outcome == Outcome::Eligible {
        match hearing.owed.amount {
            None => outcome = Outcome::NeedsReview,
            Some(amount) if amount.is_zero() => {
                outcome = Outcome::Ineligible;
                let because = "What is due comes to nothing that can be paid.".to_owned();
                flags.push(Flag {
                    clause: "I12".to_owned(),
                    because,
                });
            }
            Some(_) => {}
        }
    }
    let mut drawn = Drawn {
        outcome,
        next_action,
        missing: Vec::new(),
        flags,
        rank,
    };
    drawn.flags.extend(doubts(heard, drawn.outcome_pays()));
    drawn.missing = missing(heard, outcome);
    drawn
}

fn turns<'h>(heard: &'h [Heard]) -> impl Iterator<Item = &'h Turn> {
    heard
        .iter()
        .flat_map(|heard| &heard.verdicts)
        .map(|verdict| &verdict.turn)
}

/// Each doubt that concerns this claim: those that hold in any case, and those of a reading that, taken instead
/// of the adopted one, would change the outcome once the customer has brought what is asked for.
fn doubts(heard: &[Heard], pays: bool) -> Vec<Flag> {
    let concluded = |turns: &mut dyn Iterator<Item = &Turn>| {
        let supplied = turns.filter(|turn| !matches!(turn, Turn::Ask(_)));
        let (outcome, action, _) = conclude(supplied);
        (outcome, action)
    };
    let mut adopted = None;
    let mut flags: Vec<Flag> = Vec::new();
    let all = || heard.iter().flat_map(|heard| &heard.verdicts);
    for one in heard {
        for verdict in &one.verdicts {
            let scoped = verdict
                .flags
                .iter()
                .filter(|(scope, _)| pays || *scope == Scope::Always)
                .map(|(_, because)| because);
            let turned = verdict.otherwise.iter().filter(|(turn, _)| {
                let read = |other: &'_ Verdict| std::ptr::eq(other, verdict);
                let adopted = *adopted.get_or_insert_with(|| concluded(&mut turns(heard)));
                adopted
                    != concluded(
                        &mut all().map(|other| if read(other) { turn } else { &other.turn }),
                    )
            });
            for because in scoped.chain(turned.map(|(_, because)| because)) {
                if !flags.iter().any(|earlier| earlier.because == *because) {
                    flags.push(Flag {
                        clause: one.id.to_owned(),
                        because: because.clone().into_owned(),
                    });
                }
            }
        }
    }
    flags
}

/// What the customer can supply, or where nothing of that is open, the facts that a person must find out.
fn missing(heard: &[Heard], outcome: Outcome) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for verdict in heard.iter().flat_map(|heard| &heard.verdicts) {
        let more = match (&verdict.turn, outcome) {
            (Turn::Ask(what), Outcome::NeedsEvidence) => what,
            (Turn::Review | Turn::Settle, Outcome::NeedsReview) => &verdict.lacks,
            _ => continue,
        };
        let more: Vec<String> = more
            .iter()
            .filter(|what| !missing.contains(what))
            .cloned()
            .collect();
        missing.extend(more);
    }
    missing
}

/// The outcome of the turn that stands first in the order of outcomes.
fn conclude<'a>(turns: impl Iterator<Item = &'a Turn>) -> (Outcome, NextAction, u8) {
    let first = turns.min_by_key(|turn| turn.rank()).unwrap_or(&Turn::Pass);
    let (outcome, action) = match first {
        Turn::Outside | Turn::Review | Turn::Settle => (Outcome::NeedsReview, NextAction::None),
        Turn::Hold => (Outcome::OnHold, NextAction::None),
        Turn::Spent | Turn::Bar | Turn::Late => (Outcome::Ineligible, NextAction::None),
        Turn::Ask(_) => (Outcome::NeedsEvidence, NextAction::None),
        Turn::StillOwed(action) | Turn::Act(action) => (Outcome::ActionFirst, *action),
        Turn::Remedied => (Outcome::Remedied, NextAction::None),
        Turn::Pass => (Outcome::Eligible, NextAction::None),
    };
    (outcome, action, first.rank())
}

fn deadlines(hearing: &Hearing) -> Vec<Deadline> {
    let calendar = hearing.policy.calendar(hearing.facts);
    let promised = hearing
        .policy
        .clocks
        .iter()
        .filter(|clock| hearing.ground.clauses.contains(&clock.clause));
    let started = promised.filter_map(|clock| {
        let start = match clock.starts {
            ClockStart::Received => hearing.received,
            ClockStart::Approved => hearing.facts.approved_at?,
            // Each message starts its own; none of them is the claim's.
            ClockStart::CustomerWrote => return None,
        };
        clock_due(clock, start, &calendar)
    });
    started
        .map(|deadline| cure::paused(hearing, deadline))
        .collect()
}
