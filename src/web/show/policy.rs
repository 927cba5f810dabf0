//! A policy in words for everybody: the kinds of its clauses, what a ground asks for, the promises as lengths of time, and how
//! each doubt in the text is settled.

use crate::rules::assessment::Firmness;
use crate::rules::deadline::{Clock, ClockLength, ClockStart};
use crate::rules::policy::{ClauseKind, Ground, Pays, PaysTo};
use crate::web::filters;

/// What a clause of that kind is about.
pub fn kind(kind: ClauseKind) -> &'static str {
    match kind {
        ClauseKind::Eligibility => "When a refund is due",
        ClauseKind::Amount => "How much",
        ClauseKind::Deadline => "Time limit",
        ClauseKind::Exclusion => "What is not refunded",
        ClauseKind::Evidence => "What to bring",
        ClauseKind::Workflow => "How it goes",
        ClauseKind::Sla => "A promise of the seller",
        ClauseKind::Notification => "What you are told",
        ClauseKind::Sanction => "What can follow",
        ClauseKind::Disclosure => "Good to know",
        ClauseKind::Versioning => "Which text holds",
        ClauseKind::Interpretation => "How we read it",
    }
}

/// "the amount and your reason"; empty where nothing is asked.
pub fn asks(ground: &Ground) -> String {
    let mut asks = ground.asks.iter().map(|ask| asked(ask)).collect::<Vec<_>>();
    let last = asks.pop().unwrap_or_default();
    if asks.is_empty() {
        last.to_owned()
    } else {
        format!("{} and {last}", asks.join(", "))
    }
}

fn asked(ask: &str) -> &'static str {
    match ask {
        "reason" => "your reason",
        "requested" => "the amount",
        "remedy_choice" => "refund or replacement",
        "order_number" => "the order's number",
        "invoice_payment" => "the invoice's payment",
        "screenshot" => "a screenshot",
        "log" => "a log",
        _ => "other evidence",
    }
}

/// What a ground pays where nothing stands against it, and where to.
pub fn pays(ground: &Ground) -> String {
    let what = match ground.pays {
        Pays::Unspent => "What is left of each deposit",
        Pays::Share => "The share that was not delivered",
        Pays::Charge => "The whole charge",
        Pays::Shortfall => "The share that dropped and could not be refilled",
        Pays::Quota => "The unused share of the plan",
        Pays::Outside => return "A person decides: the text does not speak of it.".to_owned(),
    };
    let to = match ground.to {
        PaysTo::AccountBalance => "to your balance",
        PaysTo::PaymentMethod => "to the payment method",
    };
    format!("{what}, {to}.")
}

/// "Within 24 hours of your request", "3 to 5 business days after the approval".
pub fn promise(clock: &Clock) -> String {
    let from = match clock.starts {
        ClockStart::Received => "your request",
        ClockStart::Approved => "the approval",
        ClockStart::CustomerWrote => "each message of yours",
    };
    match clock.length {
        ClockLength::Hours(hours) if hours % 24 == 0 && hours > 72 => {
            format!("Within {} days of {from}", hours / 24)
        }
        ClockLength::Hours(hours) => {
            format!(
                "Within {} of {from}",
                filters::plural(u64::from(hours), "hour", "hours")
            )
        }
        ClockLength::WorkingMinutes(minutes) => {
            format!("Within {} of {from}", working(minutes))
        }
        ClockLength::BusinessDays { first, last } if first == last => {
            format!(
                "{} after {from}",
                filters::plural(u64::from(last), "business day", "business days")
            )
        }
        ClockLength::BusinessDays { first, last } => {
            format!("{first} to {last} business days after {from}")
        }
    }
}

/// "8 working hours", "1 working hour 30 minutes".
pub fn working(minutes: u32) -> String {
    let hours = || filters::plural(u64::from(minutes / 60), "working hour", "working hours");
    match (minutes / 60, minutes % 60) {
        (0, minutes) => filters::plural(u64::from(minutes), "working minute", "working minutes"),
        (_, 0) => hours(),
        (_, minutes) => format!("{} {minutes} minutes", hours()),
    }
}

/// How far one can rely on it.
pub fn firmness(firmness: Firmness) -> &'static str {
    match firmness {
        Firmness::Firm => "a firm promise",
        Firmness::Typical => "what it usually takes",
        Firmness::Aim => "what the seller aims at",
        Firmness::Estimate => "an estimate of what banks take",
    }
}

/// How a doubt that the texts leave open is settled, by the number under which a clause names it.
pub fn reading(id: &str) -> &'static str {
    match id {
        "I1" => "The version that was in force on the day you paid is the one that counts.",
        "I2" => "Days begin and end by the seller's time zone.",
        "I3" => {
            "Your request counts from the moment your first message arrived, whichever way it came; what is missing can follow."
        }
        "I4" => {
            "Counted from a day: that day is day 0, and you are in time until midnight at the end of the last one."
        }
        "I5" => "Counted from a moment: whole times of 24 hours, to the second.",
        "I6" => "Hours run day and night, through weekends and holidays.",
        "I7" => {
            "A month ends on the same date, or on the month's last day where that date does not exist, at the end of the day."
        }
        "I8" => {
            "Where the text does not say how to count, the way that is kinder to you decides. If the other way would refuse, a person confirms."
        }
        "I9" => {
            "Business days are Monday to Friday without the seller's holidays, and the day of the approval is day 0."
        }
        "I10" => {
            "The seller's own promises run in real time. Each says whether it is firm, usual, an aim or an estimate."
        }
        "I11" => {
            "Delivered is what was ordered less what remains. What nobody knows counts as unknown, never as delivered."
        }
        "I12" => {
            "The refund is the undelivered share of what was paid, less what came back before, rounded once at the end."
        }
        "I13" => "No more comes back on an order or a payment than was paid for it.",
        "I14" => {
            "Orders are paid from bonuses first, then from the oldest deposit. A refund goes back where the money came from, deposits first."
        }
        "I15" => {
            "Each deposit goes back by its own method and in its own currency; less than the smallest coin stays on the balance."
        }
        "I16" => {
            "What is not known never decides against you: you are asked, or a person finds out."
        }
        "I17" => {
            "Where clauses disagree the special one goes before the general one, and doubt counts against the seller. A person confirms."
        }
        "I18" => "Where the text says that the seller may, a person decides.",
        "I19" => {
            "No fee, minimum or condition applies that the text does not state with its figure."
        }
        "I20" => {
            "While a chargeback is open its payment stays frozen, so that nothing is paid twice."
        }
        "I21" => {
            "This is the seller's own text; the rights that the law gives you stand beside it."
        }
        "I22" => "Every refund is made once, however often a step is repeated.",
        "I23" => "A deadline that falls on a weekend or a holiday stays where it is.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::policy::Shelf;

    #[test]
    fn every_reading_that_a_built_in_policy_rests_on_has_words() {
        for policy in Shelf::built_in().policies() {
            for clause in &policy.clauses {
                for id in &clause.interpretations {
                    assert!(!reading(id).is_empty(), "{} {id}", clause.id);
                }
            }
        }
    }

    #[test]
    fn a_promise_says_how_long_and_from_when() {
        let shelf = Shelf::built_in();
        let promises = |id: &str| {
            let policy = &shelf.versions(id)[0];
            policy.clocks.iter().map(promise).collect::<Vec<_>>()
        };
        assert_eq!(
            promises("panel-guarantee"),
            [
                "Within 24 hours of your request",
                "Within 48 hours of your request",
                "3 to 5 business days after the approval",
            ]
        );
        assert_eq!(
            promises("api-plans"),
            [
                "Within 72 hours of your request",
                "Within 14 days of your request",
                "1 to 2 business days after the approval",
            ]
        );
    }
}
