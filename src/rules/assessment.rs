//! An assessment: what the rules say about one claim, in the words and fields of `redress assess`.
//! It is stored beside the facts and must come out equal when they are judged again.

use serde::{Deserialize, Serialize};

use super::facts::At;
use super::money::{Amount, Currency};
use super::words::words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    pub id: Option<String>,
    pub policy: Reference,
    pub outcome: Outcome,
    /// A person must confirm: another plausible reading, or a data anomaly, would decide otherwise.
    pub flagged: bool,
    pub flags: Vec<Flag>,
    /// The text says that the seller may.
    pub discretionary: bool,
    /// The desk may pay without a person.
    pub automatic: bool,
    /// What approval now would pay; null where it cannot be computed.
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub payments: Vec<Payment>,
    pub stays_on_balance: Vec<Leftover>,
    pub route: Option<Route>,
    pub next_action: NextAction,
    /// Evidence kinds or field paths to ask the customer for.
    pub missing: Vec<String>,
    pub alternatives: Vec<Alternative>,
    pub clauses: Vec<Finding>,
    pub deadlines: Vec<Deadline>,
    pub explanation: Vec<String>,
}

/// An assessment without its words: what becomes of the claim, what approval would pay, and what each clause comes to. Small enough
/// to be kept beside the facts for judging very many again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// The version that governs.
    pub version: String,
    pub outcome: Outcome,
    pub flagged: bool,
    pub amount: Option<Amount>,
    pub payments: Vec<Payment>,
    pub route: Option<Route>,
    pub next_action: NextAction,
    /// The ground's clauses in their order, one to a line, each behind the sign of its result: `+D1`.
    pub results: String,
}

impl Assessment {
    pub fn brief(&self) -> Brief {
        let own = self
            .clauses
            .iter()
            .filter(|finding| !is_standing(&finding.id));
        let results = own.fold(String::new(), |mut lines, finding| {
            line(&mut lines, &finding.id, finding.result);
            lines
        });
        Brief {
            version: self.policy.version.clone(),
            outcome: self.outcome,
            flagged: self.flagged,
            amount: self.amount,
            payments: self.payments.clone(),
            route: self.route,
            next_action: self.next_action,
            results,
        }
    }
}

/// Adds what a clause comes to.
pub(super) fn line(lines: &mut String, id: &str, result: Met) {
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines.push(match result {
        Met::Met => '+',
        Met::NotMet => '-',
        Met::Unknown => '?',
        Met::NotApplicable => NOT_APPLICABLE,
    });
    lines.push_str(id);
}

/// The sign of a clause that does not speak of the claim.
pub(super) const NOT_APPLICABLE: char = '.';

/// The rules outside every policy (I1, I3, I13, I15, I20): what they say follows from the facts and from the other clauses.
const STANDING: [&str; 5] = ["I1", "I3", "I13", "I15", "I20"];

pub fn is_standing(id: &str) -> bool {
    STANDING.contains(&id)
}

/// The policy version that governs, by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub id: String,
    pub version: String,
    pub hash: String,
}

words! { Outcome {
    Eligible = "eligible", Ineligible = "ineligible", NeedsEvidence = "needs_evidence", NeedsReview = "needs_review",
    ActionFirst = "action_first", Remedied = "remedied", OnHold = "on_hold",
} }
words! { Met { Met = "met", NotMet = "not_met", Unknown = "unknown", NotApplicable = "not_applicable" } }
words! { Destination {
    AccountBalance = "account_balance", OriginalPaymentMethod = "original_payment_method", AlternativeMethod = "alternative_method",
} }
words! { Route { Return = "return", Cancellation = "cancellation" } }
words! {
    #[derive(Default)]
    NextAction {
        StopOrder = "stop_order", Refill = "refill", FixDefect = "fix_defect", Resend = "resend",
        #[default]
        None = "none",
    }
}
words! { ClockKind {
    FirstResponse = "first_response", Decision = "decision", Cure = "cure", Payout = "payout", Completion = "completion",
    BankCredit = "bank_credit", NextReply = "next_reply",
} }
words! { Firmness { Firm = "firm", Typical = "typical", Aim = "aim", Estimate = "estimate" } }

/// Why a person must confirm, and the clause from which the doubt comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    pub clause: String,
    pub because: String,
}

/// One movement of money, in the payment's own currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub to: Destination,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<String>,
    pub amount: Amount,
    pub currency: Option<Currency>,
}

/// Money that a balance claim leaves on the account, by lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    pub lot: String,
    pub amount: Amount,
    pub because: String,
}

/// Another amount that a person may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    pub amount: Amount,
    pub clauses: Vec<String>,
    pub because: String,
}

/// What one clause of the ground says about this claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub id: String,
    pub result: Met,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<At>,
}

/// A promise of the seller that this claim starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    pub kind: ClockKind,
    pub clause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_at: Option<At>,
    pub due_at: At,
    pub firmness: Firmness,
}
