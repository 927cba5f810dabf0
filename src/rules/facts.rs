//! Facts: everything that an assessment may look at, in the shape of a claim (`redress assess`).
//! None means unknown, and unknown never denies. Instants are UTC at whole seconds, amounts exact.
//! Built in code with `Facts::new`, or read from JSON with `read`, which refuses rather than guesses.

mod history;
mod json;
mod parts;
mod reader;
mod reading;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::calendar::Hours;
use super::money::{Amount, Currency, Rate};
use super::words::words;
use super::written::{instant, maybe_instant};

pub use reading::{Refusal, read, read_on, stored};

/// An instant, UTC, cut to whole seconds before anything is judged by it.
pub type At = DateTime<Utc>;

/// Cuts an instant to its whole second.
pub fn whole_second(at: At) -> At {
    at.trunc_subsecs(0)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub policy: String,
    pub ground: String,
    /// When the desk first heard of the problem: every customer deadline is judged at it.
    #[serde(deserialize_with = "instant")]
    pub received_at: At,
    /// When it is assessed; `received_at` where absent.
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub as_of: Option<At>,
    pub channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy_choice: Option<Remedy>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub approved_at: Option<At>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub seller: Seller,
    #[serde(default, skip_serializing_if = "is_default")]
    pub customer: Customer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub findings: Findings,
}

impl Facts {
    /// A claim of which nothing else is known yet, through the portal.
    pub fn new(policy: &str, ground: &str, received_at: At) -> Facts {
        Facts {
            id: None,
            policy: policy.to_owned(),
            ground: ground.to_owned(),
            received_at: whole_second(received_at),
            as_of: None,
            channel: Channel::Portal,
            reason: None,
            evidence: Vec::new(),
            requested: None,
            remedy_choice: None,
            approved_at: None,
            seller: Seller::default(),
            customer: Customer::default(),
            account: None,
            order: None,
            dispute: None,
            findings: Findings::default(),
        }
    }

    /// The instant at which the claim is assessed.
    pub fn assessed_at(&self) -> At {
        self.as_of.unwrap_or(self.received_at)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

words! { Channel { Portal = "portal", Email = "email", Chat = "chat", Api = "api" } }
words! { EvidenceKind {
    OrderNumber = "order_number", InvoicePayment = "invoice_payment", Screenshot = "screenshot", Log = "log", Other = "other",
} }
words! { Remedy { Refund = "refund", Replacement = "replacement" } }
words! { MethodStatus { Usable = "usable", Closed = "closed" } }
words! { Status {
    Pending = "pending", Processing = "processing", InProgress = "in_progress", Partial = "partial",
    Completed = "completed", Canceled = "canceled",
} }
words! { CanceledBy { Customer = "customer", System = "system" } }
words! { Sms { Received = "received", NotReceived = "not_received", Unavailable = "unavailable" } }
words! { DisputeStatus { Open = "open", Won = "won", Lost = "lost" } }
words! { DisputeReason { Fraudulent = "fraudulent", Other = "other" } }
words! { Stop { Stopped = "stopped", Refused = "refused" } }
words! { RefillResult { Completed = "completed", Failed = "failed" } }
words! { Unlawful { Established = "established", Suspected = "suspected" } }
words! { Resend { Received = "received", Failed = "failed" } }

impl Status {
    /// The status behind a provider's spelling: "In progress", "Cancelled", "PENDING".
    pub fn from_spelling(text: &str) -> Option<Status> {
        let word = text.trim().to_lowercase().replace([' ', '-'], "_");
        match word.as_str() {
            "cancelled" => Some(Status::Canceled),
            word => Status::from_word(word),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub kind: EvidenceKind,
    /// None: it came with the claim.
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub received_at: Option<At>,
}

/// What the seller has configured beside the policy text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Tz>,
    /// Replaces the policy's calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holidays: Option<Vec<NaiveDate>>,
    /// Replaces the policy's opening hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub large_refund_threshold: Option<Amount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fee_schedule: Vec<Fee>,
}

/// Fees on refunds of orders placed from `valid_from` up to but not including `valid_to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    pub valid_from: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flat: Option<Amount>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Oldest first; None: the history is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    Deposit(Deposit),
    Bonus(Bonus),
    Order {
        id: String,
        #[serde(deserialize_with = "instant")]
        at: At,
        amount: Amount,
    },
    OrderRefund {
        order: String,
        #[serde(deserialize_with = "instant")]
        at: At,
        amount: Amount,
    },
    Payout {
        deposit: String,
        #[serde(deserialize_with = "instant")]
        at: At,
        amount: Amount,
    },
}

impl Entry {
    pub fn at(&self) -> At {
        match self {
            Entry::Deposit(deposit) => deposit.at,
            Entry::Bonus(bonus) => bonus.at,
            Entry::Order { at, .. } | Entry::OrderRefund { at, .. } | Entry::Payout { at, .. } => {
                *at
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    pub id: String,
    #[serde(deserialize_with = "instant")]
    pub at: At,
    pub amount: Amount,
    pub method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_status: Option<MethodStatus>,
    /// What left the customer's payment method, without the surcharge, where it was in another currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surcharge: Option<Amount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    pub amount: Amount,
    pub currency: Currency,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bonus {
    pub id: String,
    #[serde(deserialize_with = "instant")]
    pub at: At,
    pub amount: Amount,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<At>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The purchase; for a plan, when the invoice was issued.
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub placed_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Units, or the plan's request allowance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// Units not delivered or not used; may lie outside 0..quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remains: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remains_at_request: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_included: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Amount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid_with: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled_by: Option<CanceledBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_ends_on: Option<NaiveDate>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub confirmed_at: Option<At>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub sent_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<Sms>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub sms_received_at: Option<At>,
    /// How many products the line bundles; None is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub service: Service,
}

/// One part of a mixed payment; the method is `balance` or a payment method's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub method: String,
    pub amount: Amount,
}

/// The service as it was shown to the buyer at purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refill: Option<Refill>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refundable_once_started: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returnable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits_disclosed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatible_with: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refill {
    Never,
    Lifetime,
    Days(u32),
}

impl Serialize for Refill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Refill::Never => serializer.serialize_str("none"),
            Refill::Lifetime => serializer.serialize_str("lifetime"),
            Refill::Days(days) => serializer.serialize_u32(*days),
        }
    }
}

impl<'de> Deserialize<'de> for Refill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Refill, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written<'a> {
            Days(u32),
            Word(&'a str),
        }
        match Written::deserialize(deserializer)? {
            Written::Days(days) => Ok(Refill::Days(days)),
            Written::Word("none") => Ok(Refill::Never),
            Written::Word("lifetime") => Ok(Refill::Lifetime),
            Written::Word(other) => Err(de::Error::custom(format!("no refill: {other}"))),
        }
    }
}

/// A chargeback on the payment or deposit at issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    pub status: DisputeStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit: Option<String>,
    /// None: the whole deposit or payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<DisputeReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacted_first: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_in_time: Option<bool>,
}

/// What staff or the provider established.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refill: Option<RefillResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_complete: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_discontinued: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_error: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlawful_use: Option<Unlawful>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub defect: Defect,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incompatible_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend: Option<Resend>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches_description: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub fixed_at: Option<At>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub access_requested_at: Option<At>,
    #[serde(
        default,
        deserialize_with = "maybe_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub access_granted_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_refused: Option<bool>,
}
