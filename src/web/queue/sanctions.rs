//! What may follow from a chargeback, what was decided, and what was lifted again: a part of the chargeback's page.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::Looker;
use super::dispute::{Typed, again};
use super::disputes::path;
use crate::app::App;
use crate::db::disputes::Dispute;
use crate::db::sanctions::Kept;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::sanctions::{self as verbs, New, effect, named};
use crate::error::{Error, Fields, Result};
use crate::rules::clauses::SanctionStep;
use crate::rules::rights::{Verb, may};
use crate::web::form::{Form, new_key};
use crate::web::gate::Lead;
use crate::web::page::{Choice, Filled};
use crate::web::parts::{Badge, Link, Tone};
use crate::web::show::Wall;
use crate::web::{amount, filters, when};

/// See `templates/parts/conduct.html`.
pub struct Conduct {
    pub clause: Option<Link>,
    /// Whether the clause's condition holds, in a sentence.
    pub because: String,
    /// What the text allows and is not taken yet.
    pub steps: Vec<Choice>,
    pub may: bool,
    pub deciding: Filled,
    pub deciding_key: String,
    pub currency: String,
    pub zone: String,
    pub kept: Vec<Line>,
}

/// A sanction that the customer has or had.
pub struct Line {
    pub number: String,
    pub what: String,
    pub badge: Badge,
    /// "from 2 Mar 09:00 UTC until it is lifted".
    pub span: String,
    pub clause: Link,
    pub reason: String,
    /// Who decided, and who lifted it and why.
    pub by: Vec<String>,
    /// For those who may lift it, while there is something to lift.
    pub lifting: Option<Filled>,
    pub key: String,
}

impl Conduct {
    pub(super) fn of(
        conn: &mut Conn,
        dispute: &Dispute,
        looker: &Looker,
        typed: &Typed,
    ) -> Result<Conduct> {
        let wall = looker.wall;
        let advice = verbs::advice(conn, dispute, wall.now)?;
        let may = may(looker.person.role, Verb::Sanction);
        let steps = advice.steps.iter().map(|allowed| {
            let hint = match (allowed.suggested, allowed.step) {
                (true, _) => "Suggested: the mildest step that is not taken yet.",
                (false, SanctionStep::Fee) => {
                    "The text gives no figure. It is asked for, and never taken from a balance."
                }
                (false, _) => "Allowed by the text.",
            };
            Choice::new(allowed.step.word(), step_label(allowed.step), hint)
        });
        let steps = steps.collect();
        let seller = db::sellers::find(conn, &dispute.seller_id)?;
        let clause = advice.clause.as_ref().map(|clause| Link {
            label: clause.clone(),
            href: format!("/policies/{}#{clause}", seller.policy),
        });
        let all = db::sanctions::of_customer(conn, &dispute.customer_id, Some(&dispute.seller_id))?;
        let mut kept = Vec::new();
        for one in all.iter().rev() {
            kept.push(line(conn, one, wall, may, typed)?);
        }
        Ok(Conduct {
            clause,
            because: advice.because,
            steps,
            may,
            deciding: typed.deciding.clone().unwrap_or_default().under("decide"),
            deciding_key: new_key()?,
            currency: dispute.currency.clone(),
            zone: wall.zone.name().to_owned(),
            kept,
        })
    }
}

fn line(conn: &mut Conn, kept: &Kept, wall: Wall, may: bool, typed: &Typed) -> Result<Line> {
    let sanction = &kept.sanction;
    let version = db::policies::find(conn, &sanction.policy_id)?;
    let mut by = vec![format!(
        "{}, {}",
        sanction.decided_by_label,
        wall.stamp(sanction.at.utc())
    )];
    if let Some(lift) = &kept.lift {
        let at = wall.stamp(lift.at.utc());
        by.push(format!(
            "Lifted by {}, {at}: {}",
            lift.lifted_by_label, lift.reason
        ));
    }
    let own = typed
        .lifting
        .as_ref()
        .filter(|(number, _)| *number == sanction.number);
    let filled = own.map(|(_, filled)| filled.clone()).unwrap_or_default();
    let open = may && !kept.is_over(wall.now);
    Ok(Line {
        number: sanction.number.clone(),
        what: what(kept),
        badge: badge(kept, wall),
        span: span(kept, wall),
        clause: Link {
            label: sanction.clause.clone(),
            href: format!(
                "/policies/{}/{}#{}",
                version.policy, version.version, sanction.clause
            ),
        },
        reason: sanction.reason.clone(),
        by,
        lifting: open.then(|| filled.under(&sanction.number)),
        key: new_key()?,
    })
}

/// "The account is suspended", "The processor's fee of $15.00 is asked for".
pub fn what(kept: &Kept) -> String {
    let step = SanctionStep::from_word(&kept.sanction.kind);
    let words = match step {
        Some(step) => named(step),
        None => kept.sanction.kind.as_str(),
    };
    let fee = kept
        .sanction
        .amount_e8
        .zip(kept.sanction.currency.as_deref());
    let words = match fee {
        Some((e8, currency)) => {
            words.replace("fee", &format!("fee of {}", filters::money(e8, currency)))
        }
        None => words.to_owned(),
    };
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// What it comes to for the customer.
pub fn comes_to(kept: &Kept) -> &'static str {
    SanctionStep::from_word(&kept.sanction.kind).map_or("", effect)
}

pub fn badge(kept: &Kept, wall: Wall) -> Badge {
    if kept.lift.is_some() {
        return Badge::new(Tone::Ok, "Lifted");
    }
    if kept.is_over(wall.now) {
        return Badge::new(Tone::Neutral, "Ended");
    }
    if kept.holds(wall.now) {
        Badge::new(Tone::Danger, "In force")
    } else {
        Badge::with_icon(Tone::Warn, "hourglass", "To come")
    }
}

pub fn span(kept: &Kept, wall: Wall) -> String {
    let from = wall.stamp(kept.sanction.starts_at.utc());
    match kept.sanction.ends_at {
        Some(end) => format!("from {from} until {}", wall.stamp(end.utc())),
        None => format!("from {from} until it is lifted"),
    }
}

fn step_label(step: SanctionStep) -> &'static str {
    match step {
        SanctionStep::Suspension => "Suspend the account",
        SanctionStep::Closure => "Close the account",
        SanctionStep::Block => "Block the customer",
        SanctionStep::Fee => "Ask for the processor's fee",
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Decided {
    seen: String,
    #[serde(default)]
    step: String,
    reason: String,
    starts_at: String,
    ends_at: String,
    amount: Option<String>,
}

/// Decides what follows, as the text allows it.
pub async fn create(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Decided>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked, wall) = (looker.scope.clone(), number.clone(), looker.wall);
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, decided: &Decided| {
            let dispute = db::disputes::for_staff(tx, &scope, &asked)?;
            let new = read(&dispute, decided, wall)?;
            let sanction = verbs::sanction(tx, act, &decided.seen, &new)?;
            let told = format!("{} is decided, and the customer is told.", sanction.number);
            Ok(Done::new(path(&dispute), told))
        })
        .await;
    let typed = |problems: &Fields| Typed {
        deciding: Some(form.again(problems)),
        ..Typed::default()
    };
    again(&app, &visit, looker, number.into_inner(), outcome, typed).await
}

fn read(dispute: &Dispute, decided: &Decided, wall: Wall) -> Result<New> {
    let mut problems = Fields::new();
    let step = SanctionStep::from_word(&decided.step);
    if step.is_none() {
        problems.add("step", "Choose what follows");
    }
    let typed = decided
        .amount
        .as_deref()
        .filter(|_| step == Some(SanctionStep::Fee));
    let amount = typed.map(|typed| amount::read(typed, &dispute.currency));
    if let Some(Err(why)) = &amount {
        problems.add("amount", why.as_str());
    }
    let starts_at = when::read_maybe(&decided.starts_at, "starts_at", wall, &mut problems);
    let ends_at = when::read_maybe(&decided.ends_at, "ends_at", wall, &mut problems);
    problems.done()?;
    Ok(New {
        dispute: dispute.id.clone(),
        step: step.ok_or(Error::Malformed("no step"))?,
        reason: decided.reason.clone(),
        starts_at,
        ends_at,
        amount_e8: amount.and_then(|read| read.ok()).map(|amount| amount.e8()),
    })
}

#[derive(Debug, Clone, Deserialize)]
pub struct Lifted {
    reason: String,
}

/// Ends one before its time.
pub async fn lift(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Lifted>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let dispute = app
        .read(move |conn| {
            let kept = db::sanctions::for_staff(conn, &scope, &asked)?;
            Ok(db::disputes::find(conn, &kept.sanction.dispute_id)?)
        })
        .await?;
    let (scope, asked, home) = (looker.scope.clone(), number.clone(), path(&dispute));
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, lifted: &Lifted| {
            let kept = db::sanctions::for_staff(tx, &scope, &asked)?;
            verbs::lift(tx, act, &kept, &lifted.reason)?;
            let told = format!("{asked} is lifted, and the customer is told.");
            Ok(Done::new(home.clone(), told))
        })
        .await;
    let typed = |problems: &Fields| Typed {
        lifting: Some((number.into_inner(), form.again(problems))),
        ..Typed::default()
    };
    again(&app, &visit, looker, dispute.number, outcome, typed).await
}
