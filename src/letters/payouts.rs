//! Letters about money on its way: sent, there, or come back. The confirmation with amount and method is B24's.

use super::letter;
use super::parts::{Case, Moment, Promise};

/// The money is where it should be: on the balance, or confirmed by the payment provider.
pub struct Paid {
    pub case: Case,
    pub amount: String,
    /// `your balance`, `Visa ending 42`.
    pub to: String,
    pub at: Moment,
    /// What the provider calls it.
    pub reference: Option<String>,
}
letter!(
    Paid,
    "letters/paid.subject.txt",
    "letters/paid.txt",
    "letters/paid.html"
);

/// The money has left us for a payment method.
pub struct PayoutSent {
    pub case: Case,
    pub amount: String,
    pub to: String,
    pub at: Moment,
    pub reference: Option<String>,
    /// When the bank shows it, where the policy says so.
    pub arrival: Option<Promise>,
}
letter!(
    PayoutSent,
    "letters/payout_sent.subject.txt",
    "letters/payout_sent.txt",
    "letters/payout_sent.html"
);

/// The payment method did not take the money; it is still the customer's.
pub struct PayoutFailed {
    pub case: Case,
    pub amount: String,
    pub to: String,
}
letter!(
    PayoutFailed,
    "letters/payout_failed.subject.txt",
    "letters/payout_failed.txt",
    "letters/payout_failed.html"
);

/// The bank had taken the payment back before its refund was sent.
pub struct PayoutStopped {
    pub case: Case,
    pub amount: String,
    pub to: String,
}
letter!(
    PayoutStopped,
    "letters/payout_stopped.subject.txt",
    "letters/payout_stopped.txt",
    "letters/payout_stopped.html"
);

/// The money had left, and the payment method or its bank sent it back.
pub struct PayoutReturned {
    pub case: Case,
    pub amount: String,
    pub to: String,
    /// What of it is on the balance again, in the balance's currency; none where it was no balance's.
    pub balance: Option<String>,
}
letter!(
    PayoutReturned,
    "letters/payout_returned.subject.txt",
    "letters/payout_returned.txt",
    "letters/payout_returned.html"
);
