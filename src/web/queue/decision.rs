//! Deciding, in two steps. A proposal is rehearsed: the verb itself runs and is undone, so that the page shows the very payments,
//! letters and promises that would follow, and every refusal comes before the button. Then the button, which names its effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::case::Case;
use super::check;
use super::claim::{self, again};
use super::panel::said;
use super::seen::Seen;
use super::stale::{self, Draft};
use super::{Looker, Typed};
use crate::app::App;
use crate::db::claims::Claim;
use crate::db::{self, Tx};
use crate::desk::claims::{self, Decide, Decided, Standing, Verdict};
use crate::desk::forms::Done;
use crate::error::{Code, Error, Fields, Result};
use crate::rules::assessment::{Destination, Payment};
use crate::rules::money::{Amount, Currency};
use crate::web::amount;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::gate::Agent;
use crate::web::page::render;

/// What is to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// What the rules computed, as it stands.
    Approve,
    /// Another amount, or an amount where the rules do not recommend one.
    Override,
    Reject,
    /// What somebody else proposed.
    Endorse,
    Decline,
    /// One's own proposal, taken back.
    Retract,
}

impl Wanted {
    pub fn word(self) -> &'static str {
        match self {
            Wanted::Approve => "approve",
            Wanted::Override => "override",
            Wanted::Reject => "reject",
            Wanted::Endorse => "endorse",
            Wanted::Decline => "decline",
            Wanted::Retract => "retract",
        }
    }
}

/// The fields of all the forms that decide.
#[derive(Debug, Clone, Deserialize)]
pub struct Proposal {
    pub seen: Seen,
    pub verdict: Wanted,
    pub amount: Option<String>,
    pub reason: Option<String>,
    pub words: Option<String>,
}

impl Proposal {
    /// The verb's own input. A typed amount that is the computed one is no other amount.
    fn decide(&self, claim: &Claim, whole_cents: bool) -> Result<Decide> {
        let amount = match self.verdict {
            Wanted::Override => Some(self.read_amount(claim, whole_cents)?),
            _ => None,
        };
        Ok(Decide {
            claim: claim.id.clone(),
            seen: self.seen.ticket,
            verdict: match self.verdict {
                Wanted::Approve | Wanted::Override => Verdict::Approve,
                Wanted::Reject => Verdict::Reject,
                Wanted::Endorse => Verdict::Endorse,
                Wanted::Decline => Verdict::Decline,
                Wanted::Retract => Verdict::Retract,
            },
            amount_e8: amount.map(Amount::e8),
            reason: self.reason.clone(),
            words: self.words.clone().unwrap_or_default(),
        })
    }

    /// A balance holds more decimals than a payment can have.
    fn read_amount(&self, claim: &Claim, whole_cents: bool) -> Result<Amount> {
        let typed = self.amount.as_deref().unwrap_or_default();
        let digits = Currency::parse(&claim.currency).map_or(2, Currency::digits);
        let digits = if whole_cents { digits } else { 8 };
        amount::read_to(typed, &claim.currency, digits).map_err(|why| Error::invalid("amount", why))
    }

    /// The forms of the page again, as they were typed.
    fn typed(&self, form: &Form<Proposal>, problems: &Fields) -> Typed {
        let filled = Some(form.again(problems));
        match self.verdict {
            Wanted::Approve | Wanted::Endorse | Wanted::Retract => Typed::default(),
            Wanted::Decline => Typed {
                decline: filled,
                ..Typed::default()
            },
            Wanted::Override => Typed {
                other: filled,
                ..Typed::default()
            },
            Wanted::Reject => Typed {
                reject: filled,
                ..Typed::default()
            },
        }
    }

    pub fn hidden(&self) -> Vec<(String, String)> {
        let optional = [
            ("amount", &self.amount),
            ("reason", &self.reason),
            ("words", &self.words),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        std::iter::once(("verdict".to_owned(), self.verdict.word().to_owned()))
            .chain(optional)
            .collect()
    }
}

/// The page that shows what would happen; nothing is written.
pub async fn propose(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Proposal>,
) -> Result<HttpResponse> {
    let (looker, number) = (Looker::of(&visit.person, &visit), number.into_inner());
    let (act, proposal) = (visit.act(&app), form.fields.clone());
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let rehearsed = app
        .rehearse(move |tx| {
            let claim = db::claims::for_staff(tx, &scope, &asked)?;
            let decide = proposal.decide(&claim, pays_whole_cents(tx, &claim)?)?;
            check::rehearse(tx, &act, &claim, &decide)
        })
        .await;
    match rehearsed {
        Ok(Some(effects)) => {
            let case = claim::read(&app, &looker, number).await?;
            Ok(render(&check::page(
                &case,
                &visit,
                &looker,
                &form.fields,
                &effects,
            )?))
        }
        Ok(None) => moved(&app, &visit, &looker, number, &form).await,
        Err(error) => unfit(&app, &visit, &looker, number, &form, Err(error)).await,
    }
}

/// Whether every payment of the claim is rounded to its currency's minor unit: no part goes to a balance.
fn pays_whole_cents(tx: &mut Tx, claim: &Claim) -> Result<bool> {
    let assessment = claims::assessed(tx, &claim.id)?;
    let to_balance = |payment: &Payment| payment.to == Destination::AccountBalance;
    Ok(!assessment.payments.iter().any(to_balance))
}

/// Decides.
pub async fn create(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Proposal>,
) -> Result<HttpResponse> {
    let (looker, number) = (Looker::of(&visit.person, &visit), number.into_inner());
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let has_moved = Arc::new(AtomicBool::new(false));
    let noticed = has_moved.clone();
    let outcome = form
        .submit(
            &app,
            visit.act(&app),
            move |tx, act, proposal: &Proposal| {
                let claim = db::claims::for_staff(tx, &scope, &asked)?;
                let decide = proposal.decide(&claim, pays_whole_cents(tx, &claim)?)?;
                match claims::decide(tx, act, &decide)? {
                    Decided::Done(standing) => {
                        Ok(Done::new(format!("/queue/claims/{asked}"), told(&standing)))
                    }
                    Decided::Proposed(row) => Ok(Done::new(
                        format!("/queue/claims/{asked}"),
                        format!(
                            "{} is proposed. Nothing is paid until a second person has approved it.",
                            filters::money(row.amount_e8, &row.currency)
                        ),
                    )),
                    Decided::Dropped => Ok(Done::new(
                        format!("/queue/claims/{asked}"),
                        "The proposal is off; the request is open as before.",
                    )),
                    Decided::Changed(_) => {
                        noticed.store(true, Ordering::Relaxed);
                        Err(Error::Stale)
                    }
                }
            },
        )
        .await;
    if has_moved.load(Ordering::Relaxed) && matches!(outcome, Err(Error::Stale)) {
        return moved(&app, &visit, &looker, number, &form).await;
    }
    unfit(&app, &visit, &looker, number, &form, outcome).await
}

fn told(standing: &Standing) -> String {
    let claim = &standing.claim;
    match (claim.state.as_str(), claim.granted_e8) {
        ("approved", Some(granted)) => {
            format!(
                "{} is granted, and the customer is told.",
                filters::money(granted, &claim.currency)
            )
        }
        ("remedied", _) => "Closed as put right, and the customer is told.".to_owned(),
        _ => "Rejected, and the customer is told why and how to appeal.".to_owned(),
    }
}

/// Time or facts moved on since the page was shown: the new assessment is kept, and the page comes back with what was typed.
async fn moved(
    app: &App,
    visit: &Agent,
    looker: &Looker,
    number: String,
    form: &Form<Proposal>,
) -> Result<HttpResponse> {
    let before = claim::read(app, looker, number.clone()).await?;
    let (act, id) = (visit.act(app), before.claim.id.clone());
    app.write(move |tx| claims::reassess(tx, &act, &id).map(|_| ()))
        .await?;
    let mut typed = form.fields.typed(form, &Fields::new());
    typed.refusal = Some(format!(
        "Nothing was decided: what the rules say has changed since this page was shown. It was {}, it is {} now. Look again, then decide.",
        said(&before, before.stored.outcome, before.stored.amount),
        said(&before, before.now.outcome, before.now.amount),
    ));
    claim::changed(app, visit, looker, number, typed).await
}

/// Everything but success: the page again, with the reason where it belongs and nothing lost.
async fn unfit(
    app: &App,
    visit: &Agent,
    looker: &Looker,
    number: String,
    form: &Form<Proposal>,
    outcome: Result<HttpResponse>,
) -> Result<HttpResponse> {
    let proposal = &form.fields;
    match outcome {
        Err(Error::Stale) => {
            let case = claim::read(app, looker, number.clone()).await?;
            stale::of_claim(
                app,
                visit,
                looker,
                number,
                proposal.seen,
                draft(&case, proposal),
            )
            .await
        }
        Err(Error::Invalid(problems)) => {
            let mut typed = proposal.typed(form, &problems);
            if matches!(proposal.verdict, Wanted::Approve | Wanted::Endorse) {
                typed.refusal = problems.iter().map(|(_, why)| why.to_owned()).next();
            }
            claim::refuse(app, visit, looker, number, typed).await
        }
        Err(Error::Refused {
            code: code @ (Code::OverCeiling | Code::OverLimit | Code::NothingToPay),
            words,
        }) => {
            let words = if code == Code::OverLimit {
                limit(app, looker, &number, words).await?
            } else {
                words
            };
            let mut typed = proposal.typed(form, &Fields::one("amount", &words));
            typed.code = Some(code);
            typed.refusal = (proposal.verdict != Wanted::Override).then_some(words);
            claim::refuse(app, visit, looker, number, typed).await
        }
        other => {
            let typed = proposal.typed(form, &Fields::new());
            again(app, visit, looker, number, typed, other).await
        }
    }
}

/// The refusal, with the names of those who may.
async fn limit(app: &App, looker: &Looker, number: &str, words: String) -> Result<String> {
    let case = claim::read(app, looker, number.to_owned()).await?;
    Ok(super::panel::limit_of(&case, looker).unwrap_or(words))
}

/// A decision that was held back, to be looked at once more before it is sent.
fn draft(case: &Case, proposal: &Proposal) -> Draft {
    let mut what = vec![(
        "Decision".to_owned(),
        check::verdict_words(proposal.verdict).to_owned(),
    )];
    if let Some(amount) = &proposal.amount {
        what.push((
            "Amount".to_owned(),
            format!("{amount} {}", case.claim.currency),
        ));
    }
    if let Some(reason) = &proposal.reason {
        let known = claims::OVERRIDES.iter().find(|(code, _)| code == reason);
        what.push((
            "Reason".to_owned(),
            known
                .map_or(reason.as_str(), |(_, words)| *words)
                .to_owned(),
        ));
    }
    let written = proposal.words.clone();
    Draft {
        action: format!("{}/proposal", case.path()),
        button: "Look at it again",
        hidden: proposal
            .hidden()
            .into_iter()
            .filter(|(name, _)| name != "words")
            .collect(),
        body: written.map(|words| ("words", words)),
        what,
    }
}
