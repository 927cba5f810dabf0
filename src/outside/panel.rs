//! A shop's panel: the provider API v2, which nearly every panel speaks with the same words. It reads and asks, once a call, and
//! never decides; what a panel says of money is not even read, because its `charge` may already be less what it gave back itself.
//!
//! Read first: `panel/answers.rs` for what an answer means and which traps are in it.

mod answers;

use std::collections::BTreeMap;
use std::fmt;

use super::http::{self, Body, Call, Http};

pub use answers::{Balance, Said, Told};

/// As many orders as one question may name.
pub const MOST: usize = 100;
/// As many as are asked for one after the other where a panel knows no question about several.
const ONE_BY_ONE: usize = 20;

/// Where a panel answers, and the key that it knows the shop by.
#[derive(Clone)]
pub struct Panel {
    pub url: String,
    pub key: String,
}

/// For a log: without the key.
impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Why a whole question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Call(#[from] http::Failure),
    #[error("the panel answered with HTTP {0}")]
    Status(u16),
    #[error("the panel refused: {0}")]
    Refused(String),
    #[error("the panel's answer does not read: {0}")]
    Unread(String),
}

impl Failure {
    /// Whether the panel may have done what was asked all the same. Only its own refusal, or a call that never left, says no.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Failure::Call(failure) => failure.may_have_arrived(),
            Failure::Refused(_) => false,
            Failure::Status(_) | Failure::Unread(_) => true,
        }
    }
}

/// What became of each order, [`MOST`] at most; every one that was asked for is in the answer.
///
/// A panel of the older kind knows no question about several orders: it refuses, and is asked for the first twenty one after the
/// other. The rest is not in the answer.
pub async fn status(
    http: &Http,
    panel: &Panel,
    orders: &[String],
) -> Result<BTreeMap<String, Said<Told>>, Failure> {
    let [first, others @ ..] = orders else {
        return Ok(BTreeMap::new());
    };
    if others.is_empty() {
        return Ok(BTreeMap::from([one_status(http, panel, first).await?]));
    }
    let refusal = match asked(http, panel, "status", ("orders", &orders.join(","))).await {
        Ok(body) => return answers::statuses(&body, orders),
        Err(Failure::Refused(refusal)) => refusal,
        Err(other) => return Err(other),
    };
    let (order, said) = one_status(http, panel, first).await?;
    if said == Said::Refused(refusal.clone()) {
        // The same words for one order as for all: it is the shop that is refused, not the question.
        return Err(Failure::Refused(refusal));
    }
    let mut all = BTreeMap::from([(order, said)]);
    for order in others.iter().take(ONE_BY_ONE - 1) {
        let (order, said) = one_status(http, panel, order).await?;
        all.insert(order, said);
    }
    Ok(all)
}

async fn one_status(
    http: &Http,
    panel: &Panel,
    order: &str,
) -> Result<(String, Said<Told>), Failure> {
    let said = match asked(http, panel, "status", ("order", order)).await {
        Ok(body) => answers::status(&body),
        Err(Failure::Refused(refusal)) => Said::Refused(refusal),
        Err(other) => return Err(other),
    };
    Ok((order.to_owned(), said))
}

/// Asks the panel to cancel an order. `Told` is that it took the wish, never that the order has stopped: only its status says that.
pub async fn cancel(http: &Http, panel: &Panel, order: &str) -> Result<Said<()>, Failure> {
    let body = asked(http, panel, "cancel", ("orders", order)).await?;
    Ok(answers::canceled(&body, order))
}

/// Asks the panel to deliver again what has dropped of an order: the panel's own number of the refill.
pub async fn refill(http: &Http, panel: &Panel, order: &str) -> Result<Said<String>, Failure> {
    let body = asked(http, panel, "refill", ("order", order)).await?;
    Ok(answers::refilled(&body, order))
}

/// How a refill stands, in the panel's words.
pub async fn refill_status(
    http: &Http,
    panel: &Panel,
    refill: &str,
) -> Result<Said<String>, Failure> {
    let body = asked(http, panel, "refill_status", ("refill", refill)).await?;
    Ok(answers::refill_status(&body, refill))
}

/// What the shop has left at the panel: proof that the address and the key are right.
pub async fn balance(http: &Http, panel: &Panel) -> Result<Balance, Failure> {
    let body = asked(http, panel, "balance", ("", "")).await?;
    answers::balance(&body)
}

/// One question. An error of the whole answer is a refusal, whatever the HTTP status says beside it.
async fn asked(
    http: &Http,
    panel: &Panel,
    action: &str,
    (name, value): (&str, &str),
) -> Result<serde_json::Value, Failure> {
    let mut fields = vec![
        ("key".to_owned(), panel.key.clone()),
        ("action".to_owned(), action.to_owned()),
    ];
    if !name.is_empty() {
        fields.push((name.to_owned(), value.to_owned()));
    }
    let call = Call {
        url: panel.url.clone(),
        body: Body::Form(fields),
        ..Call::default()
    };
    let answer = http.send(&call).await?;
    answers::whole(answer.status, &answer.body)
}
