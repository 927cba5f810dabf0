//! The tests that a clause can put to a claim, one family per file, each with typed parameters.
//! Every test speaks: it gives a result in plain words and the turn that the claim takes because of it.
//! None stops the others; `adjudicate` draws the outcome from all turns together.

pub(super) mod chargeback;
mod condition;
pub mod cure;
mod evidence;
mod exclusion;
mod fee;
mod mend;
mod minimum;
mod quota;
mod refill;
mod share;
mod started;
mod stop;
mod unspent;
mod window;

use serde::{Deserialize, Serialize};

use super::assessment::{Met, NextAction};
use super::deadline::{Length, Reading};
use super::facts::{At, EvidenceKind, Sms};
use super::hearing::{Hearing, Words};
use super::money::{Amount, Currency};
use super::policy::{Clause, Policy};
use super::words::words;

/// One test with its parameters, as written in a policy document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The customer's deadline.
    Window(Window),
    /// The claim must come before the end of the plan's period.
    Period(Period),
    /// The claim must bring these.
    Evidence(Evidence),
    /// What staff or the provider must have established.
    Condition(Condition),
    /// Nothing undelivered is left: full delivery excludes a refund.
    Delivered,
    /// A pending order has not started.
    NotStarted,
    /// Anything but pending has started.
    Started,
    /// The customer's wish to stop a started order is no ground of this text.
    Unlisted,
    /// The provider has ended the order short of its quantity.
    Ended,
    /// Partly delivered and impossible to complete.
    Undeliverable,
    /// The seller must have been able to stop the order.
    Stop,
    /// The undelivered share of the charge.
    Share(Share),
    /// The whole charge.
    Whole,
    /// The seller's own system has cancelled the order.
    SystemCanceled,
    /// No refunds once started, where the buyer was told: the seller may refuse.
    OnceStarted,
    /// The service must have come with a refill.
    RefillOffered,
    /// The refill must be asked for in the service's own time.
    RefillWindow(RefillWindow),
    /// A refill comes before money.
    RefillFirst,
    /// What a failed refill leaves short.
    Shortfall,
    /// What is unspent of the deposits.
    Unspent(Unspent),
    /// Each part goes back to the method that it came from.
    Method(Method),
    /// The balance must reach a minimum.
    Minimum(Minimum),
    /// Large refunds need a verified customer.
    Verification,
    /// The unused share of a plan's allowance.
    Quota,
    /// The plan may be cancelled at any time for what is left of it.
    AnyTime,
    /// The service must not have been shown as excluded from returns.
    Returnable,
    /// The text message must, or must not, have come.
    Sms(SmsTest),
    /// No refund where the service was used unlawfully.
    Lawful,
    /// No refund for other software's incompatibility, unless the sales page promised it.
    Compatible,
    /// This ground is excluded by the text.
    Never,
    /// The product must not have been confirmed and sent.
    Unsent,
    /// The text speaks of one product.
    SingleItem,
    /// The seller may refund, and need not.
    Discretion,
    /// The seller puts it right first.
    Mend(Mend),
    /// The seller has some hours to fix an approved defect.
    Cure(Cure),
    /// Fees of the seller's schedule are taken off.
    Fee,
    /// What the text says about chargebacks.
    Chargeback(Chargeback),
    /// Paid without a person where the result is clean.
    Automatic(Automatic),
    /// The text is silent, and a person decides.
    Silent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub starts: Start,
    pub length: Length,
    pub reading: Reading,
    /// A general filing rule beside a ground's own limit: missed alone, it asks for a person instead of barring.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub general: bool,
    /// Another start that the text leaves open: between the two ends a person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_from: Option<Start>,
    /// A clause that counts the same time otherwise: where they disagree a person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<String>,
    /// Decides the route of a plan's refund instead of barring it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub route: bool,
}

words! { Start { PlacedAt = "placed_at", Deposit = "deposit", SmsReceivedAt = "sms_received_at" } }

/// `longest_months`: a period on file that is longer is an error of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub longest_months: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// A reason that is not blank.
    pub reason: bool,
    /// By email, portal or interface, not by chat alone.
    pub written: bool,
    /// The order by its number: on file, or among the evidence.
    pub order_id: bool,
    /// Each of these.
    pub all: Vec<EvidenceKind>,
    /// One of these; the first is asked for.
    pub any: Vec<EvidenceKind>,
    /// Evidence that came after the window of this clause is confirmed by a person.
    pub flag_late: bool,
    /// Grounds under which pressing the button on a pending order in the portal asks for nothing.
    pub waived_for: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// All must hold; one that is known not to bars the claim.
    pub needs: Vec<Need>,
    /// Full delivery defeats this condition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undelivered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    pub fact: FactName,
    pub is: bool,
}

words! { FactName {
    CanComplete = "can_complete", ServiceAvailable = "service_available", ServiceDiscontinued = "service_discontinued",
    TargetAvailable = "target_available", SystemError = "system_error", MatchesDescription = "matches_description",
} }

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Share {
    /// Speaks only of orders of which a part was delivered.
    pub partly: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefillWindow {
    pub reading: Reading,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unspent {
    /// Asking for a part is not plainly in the text: a person confirms.
    pub flag_part: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    pub closed: ClosedMethod,
}

words! {
    /// What becomes of money whose original method is gone.
    ClosedMethod {
        /// The text promises no other way.
        NoWay = "no_way",
        /// Another way is arranged by a person.
        Alternative = "alternative",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    pub amount: Amount,
    pub currency: Currency,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsTest {
    pub must: Sms,
    /// The ground that speaks of the contrary, named to the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_ground: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mend {
    pub by: MendBy,
    /// The product stays owed after the time for a refund has run out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still_owed: bool,
}

words! { MendBy { Resend = "resend", Repair = "repair" } }

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cure {
    pub hours: u32,
    /// The customer may choose a replacement once the hours are missed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replacement: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chargeback {
    pub about: ChargebackRule,
    /// The steps that the text names, where it is about sanctions; a document that lists none names them all.
    #[serde(default = "every_step", skip_serializing_if = "is_every_step")]
    pub steps: Vec<SanctionStep>,
}

fn every_step() -> Vec<SanctionStep> {
    SanctionStep::ALL.to_vec()
}

fn is_every_step(steps: &Vec<SanctionStep>) -> bool {
    *steps == every_step()
}

words! {
    /// What a seller's text lets follow from a chargeback, the mildest first.
    SanctionStep {
        Suspension = "suspension",
        Closure = "closure",
        Block = "block",
        /// The processor's fee. No text gives its figure, so it is asked for and never taken.
        Fee = "fee",
    }
}

words! { ChargebackRule { LastResort = "last_resort", Sanction = "sanction", ContactFirst = "contact_first", Contest = "contest" } }

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Automatic {
    /// Grounds under which a pending order cancelled in the portal is credited at once.
    pub pending_in_portal: Vec<String>,
    /// Grounds under which the provider's own Partial or Canceled is credited at once.
    pub provider_result: Vec<String>,
}

impl Test {
    /// What is wrong with this test inside `policy`.
    pub(super) fn flaw(&self, policy: &Policy) -> Option<String> {
        match self {
            Test::Window(window) => {
                let rival = window
                    .rival
                    .as_deref()
                    .filter(|id| policy.clause(id).is_none());
                rival.map(|id| format!("has the rival {id}, which is not in the document"))
            }
            Test::Condition(condition) if condition.needs.is_empty() => {
                Some("is a condition that needs nothing".to_owned())
            }
            Test::Sms(sms) => {
                let other = sms
                    .other_ground
                    .as_deref()
                    .filter(|id| policy.ground(id).is_none());
                other.map(|id| format!("points to the ground {id}, which is not in the document"))
            }
            _ => None,
        }
    }
}

/// What one test says about one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub result: Met,
    pub detail: Words,
    pub due_at: Option<At>,
    pub turn: Turn,
    /// The turns under other plausible readings, each with its reason; they flag where they change the outcome.
    pub otherwise: Vec<(Turn, Words)>,
    /// Doubts that flag whatever the turns say.
    pub flags: Vec<(Scope, Words)>,
    /// The text says that the seller may.
    pub discretionary: bool,
    /// The text lets this be paid without a person.
    pub automatic: bool,
    /// Paths of the facts that somebody other than the customer must find out.
    pub lacks: Vec<String>,
}

/// When a doubt is worth a person's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Always,
    /// Only while the claim pays or may pay.
    Paying,
}

/// Where a test sends the claim; the order of the variants is the order of outcomes in `redress assess`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// No version on file governs: a person.
    Outside,
    /// A dispute is open.
    Hold,
    /// Nothing was paid, or nothing is left.
    Spent,
    /// Too late for money, while the seller still owes the thing itself.
    StillOwed(NextAction),
    Bar,
    /// The customer can supply these.
    Ask(Vec<String>),
    /// A person must find out or decide.
    Review,
    /// Late under the adopted reading, though not under every one.
    Late,
    /// The seller must do this first.
    Act(NextAction),
    Remedied,
    /// Money is due, but how much or where to is not known: a person.
    Settle,
    Pass,
}

impl Turn {
    /// Its place in the order of outcomes, first to decide first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Turn::Outside => 0,
            Turn::Hold => 1,
            Turn::Spent => 2,
            Turn::StillOwed(_) => 3,
            Turn::Bar => 4,
            Turn::Ask(_) => 5,
            Turn::Review => 6,
            Turn::Late => 7,
            Turn::Act(_) => 8,
            Turn::Remedied => 9,
            Turn::Settle => 10,
            Turn::Pass => 11,
        }
    }
}

impl Verdict {
    fn new(result: Met, detail: impl Into<Words>) -> Verdict {
        Verdict {
            result,
            detail: detail.into(),
            due_at: None,
            turn: Turn::Pass,
            otherwise: Vec::new(),
            flags: Vec::new(),
            discretionary: false,
            automatic: false,
            lacks: Vec::new(),
        }
    }

    pub(super) fn met(detail: impl Into<Words>) -> Verdict {
        Verdict::new(Met::Met, detail)
    }

    pub(super) fn not_met(detail: impl Into<Words>) -> Verdict {
        Verdict::new(Met::NotMet, detail)
    }

    pub(super) fn unknown(detail: impl Into<Words>) -> Verdict {
        Verdict::new(Met::Unknown, detail)
    }

    pub(super) fn not_applicable(detail: impl Into<Words>) -> Verdict {
        Verdict::new(Met::NotApplicable, detail)
    }

    /// What a test about an order says while none is named: the customer is asked for it elsewhere.
    fn no_order() -> Verdict {
        Verdict::unknown("The claim names no order yet.")
    }

    pub(super) fn turn(self, turn: Turn) -> Verdict {
        Verdict { turn, ..self }
    }

    pub(super) fn lacks(mut self, path: impl Into<String>) -> Verdict {
        self.lacks.push(path.into());
        self
    }

    fn due(self, due_at: At) -> Verdict {
        Verdict {
            due_at: Some(due_at),
            ..self
        }
    }

    fn otherwise(mut self, turn: Turn, because: impl Into<Words>) -> Verdict {
        self.otherwise.push((turn, because.into()));
        self
    }

    fn flag(mut self, scope: Scope, because: impl Into<Words>) -> Verdict {
        self.flags.push((scope, because.into()));
        self
    }

    fn flag_if(self, doubt: Option<&Words>, scope: Scope) -> Verdict {
        match doubt {
            Some(because) => self.flag(scope, because.clone()),
            None => self,
        }
    }
}

impl Clause {
    /// What each test of this clause says about the claim, or its words where it has none.
    pub(super) fn examine(&self, hearing: &Hearing) -> Vec<Verdict> {
        if self.tests.is_empty() {
            return vec![Verdict::met(hearing.quoted(&self.words))];
        }
        self.tests
            .iter()
            .map(|test| test.examine(self, hearing))
            .collect()
    }
}

impl Test {
    fn examine(&self, clause: &Clause, hearing: &Hearing) -> Verdict {
        match self {
            Test::Window(window) => window::examine(window, clause, hearing),
            Test::Period(period) => quota::period(period, hearing),
            Test::Evidence(evidence) => evidence::examine(evidence, clause, hearing),
            Test::Condition(condition) => condition::examine(condition, hearing),
            Test::Delivered => share::delivered(hearing),
            Test::NotStarted => started::not_started(hearing),
            Test::Started => started::started(hearing),
            Test::Unlisted => started::unlisted(hearing),
            Test::Ended => started::ended(hearing),
            Test::Undeliverable => condition::undeliverable(hearing),
            Test::Stop => stop::stop(hearing),
            Test::Share(share) => share::share(share, hearing),
            Test::Whole => share::whole(hearing),
            Test::SystemCanceled => stop::system_canceled(hearing),
            Test::OnceStarted => started::once_started(hearing),
            Test::RefillOffered => refill::offered(hearing),
            Test::RefillWindow(window) => refill::window(window, hearing),
            Test::RefillFirst => refill::first(hearing),
            Test::Shortfall => refill::shortfall(hearing),
            Test::Unspent(unspent) => unspent::unspent(unspent, hearing),
            Test::Method(method) => unspent::method(method, hearing),
            Test::Minimum(minimum) => minimum::minimum(minimum, hearing),
            Test::Verification => minimum::verification(hearing),
            Test::Quota => quota::quota(hearing),
            Test::AnyTime => quota::any_time(hearing),
            Test::Returnable => quota::returnable(hearing),
            Test::Sms(sms) => condition::sms(sms, hearing),
            Test::Lawful => exclusion::lawful(hearing),
            Test::Compatible => exclusion::compatible(hearing),
            Test::Never => exclusion::never(clause, hearing),
            Test::Unsent => exclusion::unsent(hearing),
            Test::SingleItem => exclusion::single_item(hearing),
            Test::Discretion => exclusion::discretion(clause, hearing),
            Test::Mend(mend) => mend::examine(mend, hearing),
            Test::Cure(cure) => cure::examine(cure, hearing),
            Test::Fee => fee::examine(hearing),
            Test::Chargeback(chargeback) => chargeback::examine(chargeback, hearing),
            Test::Automatic(automatic) => started::automatic(automatic, hearing),
            Test::Silent => exclusion::silent(clause, hearing),
        }
    }
}
