//! What an order's numbers say about delivery: how many units are owed, whether the numbers contradict each
//! other, and whether they are odd enough that a person should look (I11). Unknown is never zero.

use super::facts::{Order, Status};
use super::hearing::Words;

#[derive(Debug, Clone, Default)]
pub struct Units {
    pub status: Option<Status>,
    pub quantity: Option<i64>,
    /// Owed units within 0..=quantity; None is unknown.
    pub undelivered: Option<i64>,
    /// Pending: the whole charge is undelivered whatever the numbers say.
    pub whole: bool,
    /// Numbers out of range: they decide, but a person looks.
    pub anomaly: Option<Words>,
    /// Data that cannot all be true: a person must find out.
    pub contradiction: Option<Words>,
}

impl Units {
    pub fn of(order: &Order) -> Units {
        let quantity = order.quantity.filter(|quantity| *quantity > 0);
        let whole = order.status == Some(Status::Pending);
        let counted = quantity
            .zip(order.remains)
            .map(|(quantity, remains)| remains.clamp(0, quantity));
        let mut units = Units {
            status: order.status,
            quantity,
            undelivered: if whole { quantity } else { counted },
            whole,
            anomaly: None,
            contradiction: None,
        };
        units.anomaly = anomaly(order, quantity, whole);
        units.contradiction = contradiction(order, &units);
        units
    }

    pub fn delivered(&self) -> Option<i64> {
        self.quantity
            .zip(self.undelivered)
            .map(|(quantity, undelivered)| quantity - undelivered)
    }

    /// Everything was delivered, and the data agree on it. Panels also say that nothing remains of an order that has not begun, so
    /// without its status nobody knows (I16).
    pub fn is_complete(&self) -> bool {
        self.status.is_some()
            && self.undelivered == Some(0)
            && !self.whole
            && self.contradiction.is_none()
    }

    /// Whether it cannot be excluded that nothing was delivered.
    pub fn may_be_untouched(&self) -> bool {
        self.delivered().is_none_or(|delivered| delivered == 0)
    }

    /// The provider has ended the order: a stop result of its own.
    pub fn is_ended(&self) -> bool {
        matches!(self.status, Some(Status::Partial | Status::Canceled))
    }

    /// The fact without which what was delivered is not known.
    pub fn unknown_field(&self) -> &'static str {
        if self.quantity.is_none() {
            "order.quantity"
        } else {
            "order.remains"
        }
    }

    pub fn is_processing(&self) -> bool {
        self.status == Some(Status::Processing)
    }
}

fn anomaly(order: &Order, quantity: Option<i64>, whole: bool) -> Option<Words> {
    let (quantity, remains) = (quantity?, order.remains?);
    if remains > quantity {
        Some(Words::Owned(format!(
            "{remains} units are reported as remaining of {quantity} ordered."
        )))
    } else if whole && remains < quantity {
        Some(Words::Owned(format!(
            "The order is pending, yet only {remains} of {quantity} units are reported as remaining."
        )))
    } else {
        None
    }
}

fn contradiction(order: &Order, units: &Units) -> Option<Words> {
    if order.quantity.is_some_and(|quantity| quantity <= 0) {
        return Some("The quantity on file is 0.".into());
    }
    match (order.status?, units.undelivered) {
        (status @ (Status::Canceled | Status::Partial), Some(0)) => Some(Words::Owned(format!(
            "The order is {status}, yet nothing is reported as remaining."
        ))),
        (Status::Completed, Some(undelivered)) if undelivered > 0 => Some(Words::Owned(format!(
            "The order is completed, yet {undelivered} units are reported as remaining."
        ))),
        (Status::Completed, None) if order.quantity.is_some() || order.remains.is_some() => {
            Some("The order is completed, but how many units remain is not known.".into())
        }
        _ => None,
    }
}
