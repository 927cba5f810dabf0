//! A claim a question at a time: which ground, then what the ground asks for, each on a page of its own beside the clause that
//! makes us ask. Every answer is kept on the draft; going back and forth loses nothing.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::questions::{Quote, about, filled, heading, kept_files, question, questions, quotes};
use super::uploads::{Uploads, beside};
use super::{Viewer, cancel};
use crate::act::Act;
use crate::app::App;
use crate::db::claims::Draft;
use crate::db::{self, Conn, Tx};
use crate::desk::claims;
use crate::desk::drafts::{self, Answer, Answers, Topic};
use crate::desk::forms::Done;
use crate::error::{Code, Error, Result};
use crate::ids::{DraftId, FileId, OrderId, SellerId};
use crate::rules::assessment::Outcome;
use crate::rules::facts::EvidenceKind;
use crate::web::form::{Form, new_key};
use crate::web::gate::Customer;
use crate::web::page::{Answering, Ask, Crumb, Filled, Frame, redirect, render, render_as};
use crate::web::parts::Tone;
use crate::web::show::next;
use crate::web::upload::Upload;
use crate::web::{amount, filters};

#[derive(Template)]
#[template(path = "portal/claim_form.html")]
struct Step {
    frame: Frame,
    step: String,
    heading: String,
    lead: String,
    about: String,
    ask: Ask,
    form: Filled,
    action: String,
    key: String,
    button: String,
    quotes: Vec<Quote>,
    warning: Option<String>,
    /// Until when the answers are kept; empty before there is a draft.
    kept: String,
    /// Where the draft can be thrown away; none before there is one.
    discard: Option<String>,
    discard_key: String,
}

/// Fields by name: which there are depends on the question.
type Sent = BTreeMap<String, String>;

// ---- before there is a draft: the first question

pub async fn new_on_order(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
) -> Result<HttpResponse> {
    let found = order_of(&app, &visit, number.into_inner()).await?;
    first_page(&app, &visit, found, None).await
}

pub async fn begin_on_order(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    upload: Upload<Sent>,
) -> Result<HttpResponse> {
    let found = order_of(&app, &visit, number.into_inner()).await?;
    begin(&app, &visit, found, upload.form).await
}

pub async fn new_on_balance(
    app: Data<App>,
    visit: Customer,
    slug: Path<String>,
) -> Result<HttpResponse> {
    let found = balance_of(&app, slug.into_inner()).await?;
    first_page(&app, &visit, found, None).await
}

pub async fn begin_on_balance(
    app: Data<App>,
    visit: Customer,
    slug: Path<String>,
    upload: Upload<Sent>,
) -> Result<HttpResponse> {
    let found = balance_of(&app, slug.into_inner()).await?;
    begin(&app, &visit, found, upload.form).await
}

/// What a claim that is about to begin is about, and where its first question stands.
#[derive(Clone)]
struct Beginning {
    seller: SellerId,
    order: Option<OrderId>,
    base: String,
}

async fn order_of(app: &App, visit: &Customer, number: String) -> Result<Beginning> {
    let me = visit.person.id.clone();
    let order = app
        .read(move |conn| Ok(db::orders::for_customer(conn, &me, &number)?))
        .await?;
    Ok(Beginning {
        base: format!("/portal/orders/{}", order.number),
        seller: order.seller_id,
        order: Some(order.id),
    })
}

async fn balance_of(app: &App, slug: String) -> Result<Beginning> {
    let found = app
        .read(move |conn| Ok(db::sellers::by_slug(conn, &slug)?))
        .await?;
    let seller = found.ok_or(Error::NotFound)?;
    Ok(Beginning {
        base: format!("/portal/balance/{}", seller.slug),
        seller: seller.id,
        order: None,
    })
}

async fn first_page(
    app: &App,
    visit: &Customer,
    found: Beginning,
    form: Option<Filled>,
) -> Result<HttpResponse> {
    let viewer = Viewer::of(app, visit);
    let frame = visit.frame("What happened?");
    let refused = form.is_some();
    let page = app
        .read(move |conn| {
            let me = &viewer.person.id;
            let topic = Topic::of(conn, &viewer.act, me, &found.seller, found.order.as_ref())?;
            let action = format!("{}/claims", found.base);
            let ground = question(&topic, "ground", Vec::new());
            laid_out(
                frame,
                &topic,
                None,
                ground,
                form.unwrap_or_default(),
                action,
            )
        })
        .await?;
    Ok(answered(refused, &page))
}

async fn begin(
    app: &App,
    visit: &Customer,
    found: Beginning,
    form: Form<Sent>,
) -> Result<HttpResponse> {
    only(&form.fields, &["ground"])?;
    let at = found.clone();
    let outcome = form
        .keep(app, visit.act(app), move |tx, act, sent: &Sent| {
            let ground = sent.get("ground").map_or("", String::as_str);
            let draft = drafts::begin(tx, act, &at.seller, at.order.as_ref(), ground)?;
            onward(tx, act, &draft, "ground")
        })
        .await;
    match outcome {
        Err(Error::Invalid(problems)) => {
            first_page(app, visit, found, Some(form.again(&problems))).await
        }
        other => other,
    }
}

// ---- the questions of a draft

pub async fn show(
    app: Data<App>,
    visit: Customer,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (draft, question) = path.into_inner();
    page(&app, &visit, DraftId::from(draft), question, None).await
}

/// The page of a question; where the draft is a claim by now, that claim's answer.
async fn page(
    app: &App,
    visit: &Customer,
    draft: DraftId,
    name: String,
    form: Option<Filled>,
) -> Result<HttpResponse> {
    let viewer = Viewer::of(app, visit);
    let frame = visit.frame("Your request");
    let refused = form.is_some();
    let found = app
        .read(move |conn| {
            let draft = drafts::own(conn, &viewer.act, &draft)?;
            if let Some(claim) = &draft.filed_as {
                let claim = db::claims::find(conn, claim)?;
                return Ok(Err(cancel::done(&claim).location));
            }
            let topic = drafts::topic(conn, &viewer.act, &draft)?;
            let answers = Answers::of(&draft)?;
            if !questions(&topic, &answers).contains(&name) {
                return Err(Error::NotFound);
            }
            let kept = kept_files(conn, &draft, &answers, &name)?;
            let asked = question(&topic, &name, kept);
            let form = form.unwrap_or_else(|| filled(&topic, &answers, &name));
            let action = format!("/portal/drafts/{}/{name}", draft.id);
            let mut page = laid_out(frame, &topic, Some(&answers), asked, form, action)?;
            page.warning = warning(conn, &viewer, &draft, &answers)?;
            page.kept = viewer.wall.stamp(drafts::kept_until(&draft));
            page.discard = Some(format!("/portal/drafts/{}/removal", draft.id));
            Ok(Ok(page))
        })
        .await?;
    Ok(match found {
        Ok(page) => answered(refused, &page),
        Err(elsewhere) => redirect(&elsewhere),
    })
}

fn answered(refused: bool, page: &Step) -> HttpResponse {
    if refused {
        render_as(StatusCode::UNPROCESSABLE_ENTITY, page)
    } else {
        render(page)
    }
}

pub async fn answer(
    app: Data<App>,
    visit: Customer,
    path: Path<(String, String)>,
    upload: Upload<Sent>,
) -> Result<HttpResponse> {
    let (draft, name) = path.into_inner();
    let id = DraftId::from(draft);
    only(&upload.form.fields, &[&name, "remove"])?;
    if upload.files.iter().any(|file| file.field != name) {
        return Err(Error::Malformed("a file under another question's name"));
    }
    if !upload.files.is_empty() && EvidenceKind::from_word(&name).is_none() {
        return Err(Error::Malformed("a file for a question that takes none"));
    }
    let uploads = Uploads::take(&app, upload.files).await?;
    let problems = uploads.problems();
    let (at, question, waiting) = (id.clone(), name.clone(), uploads.clone());
    let work = move |tx: &mut Tx, act: &Act, sent: &Sent| {
        let done = keep(tx, act, &at, &question, sent, &waiting)?;
        waiting.own();
        Ok(done)
    };
    // Files that are sent twice would be there twice; words only take the place of words.
    let outcome = if uploads.is_empty() {
        upload.form.keep(&app, visit.act(&app), work).await
    } else {
        upload.form.submit(&app, visit.act(&app), work).await
    };
    let outcome = uploads.settle(&app, outcome).await;
    if let Err(Error::Refused {
        code: Code::AlreadyDone,
        ..
    }) = outcome
    {
        // The draft is a claim by now: its answer says so.
        return page(&app, &visit, id, name, None).await;
    }
    let again = match &outcome {
        Err(Error::Invalid(problems)) => Some(upload.form.again(problems)),
        Ok(_) if !problems.is_empty() => Some(upload.form.again(&problems)),
        _ => None,
    };
    match again {
        Some(form) => page(&app, &visit, id, name, Some(form)).await,
        None => outcome,
    }
}

/// Keeps the answer to one question, and leads on to the next that is open.
fn keep(
    tx: &mut Tx,
    act: &Act,
    id: &DraftId,
    name: &str,
    sent: &Sent,
    uploads: &Uploads,
) -> Result<Done> {
    let given = |field: &str| sent.get(field).cloned().unwrap_or_default();
    if let Some(file) = sent.get("remove").filter(|file| !file.is_empty()) {
        drafts::remove(tx, act, id, &FileId::from(file.as_str()))?;
        if !uploads.is_empty() {
            let more = Answer::Evidence(name.to_owned(), uploads.of(name));
            drafts::answer(tx, act, id, more).map_err(|error| beside(name, error))?;
        }
        return Ok(Done::new(format!("/portal/drafts/{id}/{name}"), ""));
    }
    let answer = match name {
        "ground" => Answer::Ground(given(name)),
        "reason" => Answer::Reason(given(name)),
        "remedy_choice" => Answer::Choice(given(name)),
        "requested" => Answer::Requested(requested(tx, act, id, &given(name))?),
        kind => Answer::Evidence(kind.to_owned(), uploads.of(kind)),
    };
    drafts::answer(tx, act, id, answer).map_err(|error| beside(name, error))?;
    onward(tx, act, id, name)
}

/// An amount of the balance; nothing for all of it. Never more than is there.
fn requested(conn: &mut Conn, act: &Act, id: &DraftId, typed: &str) -> Result<Option<i64>> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let person = act.person().ok_or(Error::SignIn)?.id.clone();
    let draft = drafts::own(conn, act, id)?;
    let seller = db::sellers::find(conn, &draft.seller_id)?;
    let wanted = amount::read(typed, &seller.currency)
        .map_err(|words| Error::invalid("requested", words))?;
    let there_e8 = super::balance::payable_e8(conn, &person, &seller)?;
    if wanted.e8() > there_e8 {
        let most = filters::money(there_e8, &seller.currency);
        let words = format!("Your balance holds {most} that was paid in: enter no more than that");
        return Err(Error::invalid("requested", words));
    }
    Ok(Some(wanted.e8()))
}

fn onward(conn: &mut Conn, act: &Act, id: &DraftId, from: &str) -> Result<Done> {
    let draft = drafts::own(conn, act, id)?;
    let topic = drafts::topic(conn, act, &draft)?;
    let answers = Answers::of(&draft)?;
    let there = questions(&topic, &answers);
    let after = there.iter().skip_while(|name| *name != from).skip(1);
    let open = |name: &&String| !answers.settled.contains(*name);
    let next = after.into_iter().find(open).cloned();
    let next = next.or_else(|| drafts::open_question(&topic, &answers));
    let place = next.map_or_else(String::new, |name| format!("/{name}"));
    Ok(Done::new(format!("/portal/drafts/{id}{place}"), ""))
}

pub async fn discard(
    app: Data<App>,
    visit: Customer,
    draft: Path<String>,
    form: Form<crate::web::form::Nothing>,
) -> Result<HttpResponse> {
    let id = DraftId::from(draft.into_inner());
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        drafts::discard(tx, act, &id)?;
        Ok(Done::new("/portal", "Your draft is thrown away."))
    })
    .await
}

/// Fields that no question of ours has come from no page of ours.
fn only(sent: &Sent, known: &[&str]) -> Result<()> {
    if sent.keys().all(|name| known.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(Error::Malformed("a field that this question does not have"))
    }
}

/// Said early where the answer will likely be no.
fn warning(
    conn: &mut Conn,
    viewer: &Viewer,
    draft: &Draft,
    answers: &Answers,
) -> Result<Option<String>> {
    let topic = drafts::topic(conn, &viewer.act, draft)?;
    if topic.ground(&answers.ground).is_none() {
        return Ok(None);
    }
    let (_, assessment) = claims::preview(conn, &viewer.act, &answers.claim(draft))?;
    Ok((assessment.outcome == Outcome::Ineligible).then(|| {
        let reason = next::reason(&topic.policy, &assessment, viewer.wall);
        format!("By the policy nothing will be due: {reason} You can still ask a person to look.")
    }))
}

fn laid_out(
    mut frame: Frame,
    topic: &Topic,
    answers: Option<&Answers>,
    ask: Ask,
    form: Filled,
    action: String,
) -> Result<Step> {
    let ground = answers.and_then(|answers| topic.ground(&answers.ground));
    let there = answers.map_or_else(|| vec!["ground".to_owned()], |it| questions(topic, it));
    let place = there.iter().position(|name| *name == ask.name).unwrap_or(0);
    let is_evidence = EvidenceKind::from_word(&ask.name).is_some();
    frame.refused = form.is_refused();
    heading(topic, &ask.name).clone_into(&mut frame.title);
    frame.seller_name = Some(topic.seller.name.clone());
    frame
        .crumbs
        .push(back(topic, answers, &there, place, &action));
    Ok(Step {
        frame,
        step: match ground {
            Some(_) => format!("Question {} of {}", place + 1, there.len()),
            None => "First question".to_owned(),
        },
        heading: heading(topic, &ask.name).to_owned(),
        lead: if is_evidence {
            "You can go on without it. We may ask for it later, and your request keeps its date."
                .to_owned()
        } else {
            String::new()
        },
        about: about(topic),
        quotes: quotes(topic, ground, &ask.name),
        ask,
        form,
        action,
        key: new_key()?,
        button: "Continue".to_owned(),
        warning: None,
        kept: String::new(),
        discard: None,
        discard_key: new_key()?,
    })
}

/// One step back: the question before this one, or the page that the claim was begun on.
fn back(
    topic: &Topic,
    answers: Option<&Answers>,
    there: &[String],
    place: usize,
    action: &str,
) -> Crumb {
    let before = place.checked_sub(1).and_then(|place| there.get(place));
    if let (Some(_), Some(before), Some((draft, _))) = (answers, before, action.rsplit_once('/')) {
        return Crumb {
            label: "Back".to_owned(),
            href: format!("{draft}/{before}"),
        };
    }
    let (label, href) = match &topic.order {
        Some(order) => (
            format!("Order {}", order.number),
            format!("/portal/orders/{}", order.number),
        ),
        None => ("Balance".to_owned(), "/portal/balance".to_owned()),
    };
    Crumb { label, href }
}
