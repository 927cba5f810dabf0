//! The last page of a claim before it is sent: the answers, each with the way back to it, and what the rules would say of them.
//! Looking writes nothing; sending files the claim once, however often it is sent.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::{Viewer, cancel, labels, questions};
use crate::app::App;
use crate::db::{self, Conn};
use crate::desk::claims;
use crate::desk::drafts::{self, Answers};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::DraftId;
use crate::rules::assessment::{Assessment, Outcome};
use crate::rules::policy::Policy;
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Customer;
use crate::web::page::{Crumb, Filled, Frame, redirect, render, render_as};
use crate::web::parts::{Row, Sum, Summary, Tone, Verdict};
use crate::web::show::{Wall, claim as words, next, order as order_words};

#[derive(Template)]
#[template(path = "portal/check_answers.html")]
struct Check {
    frame: Frame,
    about: String,
    answers: Summary,
    verdict: Verdict,
    sum: Option<Sum>,
    missing: Vec<String>,
    warnings: Vec<String>,
    /// Until when the answers are kept.
    kept: String,
    form: Filled,
    action: String,
    key: String,
    button: String,
}

pub async fn show(app: Data<App>, visit: Customer, draft: Path<String>) -> Result<HttpResponse> {
    let draft = DraftId::from(draft.into_inner());
    page(&app, &visit, draft, Filled::default()).await
}

pub async fn file(
    app: Data<App>,
    visit: Customer,
    draft: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let id = DraftId::from(draft.into_inner());
    let at = id.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, _| {
            let claim = drafts::file(tx, act, &at)?;
            let claim = db::claims::find(tx, &claim)?;
            Ok(cancel::done(&claim))
        })
        .await;
    let problems = match outcome {
        Err(Error::Invalid(problems)) => problems,
        Err(Error::Refused {
            code: Code::AlreadyOpen | Code::IllegalStep,
            words,
        }) => Fields::one("send", words),
        other => return other,
    };
    page(&app, &visit, id, form.again(&problems)).await
}

/// The page; where a question is open, that question; where the draft is a claim by now, that claim's answer.
async fn page(app: &App, visit: &Customer, id: DraftId, form: Filled) -> Result<HttpResponse> {
    let viewer = Viewer::of(app, visit);
    let frame = visit.frame("Check your answers");
    let refused = form.is_refused();
    let found = app
        .read(move |conn| laid_out(conn, frame, &viewer, &id, form))
        .await?;
    Ok(match found {
        Ok(page) if refused => render_as(StatusCode::UNPROCESSABLE_ENTITY, &page),
        Ok(page) => render(&page),
        Err(elsewhere) => redirect(&elsewhere),
    })
}

fn laid_out(
    conn: &mut Conn,
    mut frame: Frame,
    viewer: &Viewer,
    id: &DraftId,
    form: Filled,
) -> Result<std::result::Result<Check, String>> {
    let draft = drafts::own(conn, &viewer.act, id)?;
    if let Some(claim) = &draft.filed_as {
        let claim = db::claims::find(conn, claim)?;
        return Ok(Err(cancel::done(&claim).location));
    }
    let topic = drafts::topic(conn, &viewer.act, &draft)?;
    let answers = Answers::of(&draft)?;
    let base = format!("/portal/drafts/{id}");
    if let Some(open) = drafts::open_question(&topic, &answers) {
        return Ok(Err(format!("{base}/{open}")));
    }
    let new = answers.claim(&draft);
    let (facts, assessment) = claims::preview(conn, &viewer.act, &new)?;
    let claim = claims::sketch(&viewer.act, &new, &topic);
    let labels = labels(conn, &draft.seller_id, &draft.person_id)?;
    let named = |method: &str| order_words::method(method, &labels);
    let mut verdict = words::verdict(&claim, topic.order.as_ref(), &assessment, &named);
    verdict.amount = verdict.amount.filter(|_| pays(assessment.outcome));
    verdict.sentence = expectation(
        &topic.policy,
        &assessment,
        claims::pays_at_once(&facts, &assessment),
        &claim.currency,
        viewer.wall,
    );
    let given = questions::given(conn, &draft, &topic, &answers)?;
    let rows = given.into_iter().map(|(name, lines)| {
        Row::lines(questions::label(&name), lines).change_at(&format!("{base}/{name}"))
    });
    frame.seller_name = Some(topic.seller.name.clone());
    frame.refused = form.is_refused();
    frame.crumbs.push(Crumb {
        label: "Your pages".to_owned(),
        href: "/portal".to_owned(),
    });
    Ok(Ok(Check {
        frame,
        about: questions::about(&topic),
        answers: Summary {
            rows: rows.collect(),
        },
        sum: sum(&topic, &claim, &assessment),
        missing: next::missing(&assessment),
        warnings: warnings(conn, &claim)?,
        verdict,
        kept: viewer.wall.stamp(drafts::kept_until(&draft)),
        form,
        action: base,
        key: new_key()?,
        button: "Send this request".to_owned(),
    }))
}

fn sum(topic: &drafts::Topic, claim: &db::claims::Claim, assessment: &Assessment) -> Option<Sum> {
    let sum = words::sum(&topic.policy, claim, topic.order.as_ref(), assessment);
    sum.filter(|_| pays(assessment.outcome))
}

/// Whether there is an amount to speak of.
fn pays(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Eligible | Outcome::NeedsReview | Outcome::NeedsEvidence
    )
}

/// What the rules would say, for the one who is about to ask.
fn expectation(
    policy: &Policy,
    assessment: &Assessment,
    at_once: bool,
    currency: &str,
    wall: Wall,
) -> String {
    let amount = assessment.amount.filter(|amount| amount.is_positive());
    let amount = amount.map(|amount| filters::money(amount.e8(), currency));
    match (assessment.outcome, amount) {
        (Outcome::Eligible, Some(amount)) if at_once => {
            format!("{amount} is due to you, and is paid at once.")
        }
        (Outcome::Eligible, Some(amount)) => {
            format!("{amount} is due to you. A person confirms it.")
        }
        (Outcome::NeedsEvidence, Some(amount)) => {
            format!("{amount} would be due once what is missing is here.")
        }
        (Outcome::NeedsEvidence, None) => "Something is still missing; see below.".to_owned(),
        (Outcome::NeedsReview, Some(amount)) => {
            format!("A person has to find something out first; {amount} would be due then.")
        }
        (Outcome::Ineligible, _) => format!(
            "Nothing is due by the text: {} You can still ask a person to look.",
            next::reason(policy, assessment, wall)
        ),
        (Outcome::ActionFirst, _) => {
            "Something has to be done on our side first; money is decided after that.".to_owned()
        }
        (Outcome::OnHold, _) => {
            "A chargeback on this payment is open, so it has to wait for the bank.".to_owned()
        }
        _ => "A person has to look at it before it is decided.".to_owned(),
    }
}

/// A similar request that is open already.
fn warnings(conn: &mut Conn, claim: &db::claims::Claim) -> Result<Vec<String>> {
    let open = db::claims::open_on(conn, &claim.subject, &claim.ground)?;
    let words = open.map(|open| {
        format!(
            "You have asked for this already: {} is open. A second request on it cannot be sent.",
            open.number
        )
    });
    Ok(words.into_iter().collect())
}
