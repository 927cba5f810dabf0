//! What the customer sends from the page of a request: a message, what was asked for, a withdrawal, an appeal. Each is one verb; a
//! form that can be mended comes back with everything that was typed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::ticket::{Again, page};
use super::uploads::{Uploads, beside};
use crate::app::App;
use crate::db;
use crate::desk::claims::{self, Supply};
use crate::desk::forms::Done;
use crate::desk::tickets as verbs;
use crate::error::{Code, Error, Fields, Result};
use crate::ids::FileId;
use crate::rules::facts::{EvidenceKind, Remedy};
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Customer;
use crate::web::page::{Crumb, Frame, render, render_as};
use crate::web::upload::Upload;

#[derive(Debug, Clone, Deserialize)]
pub struct Reply {
    body: String,
}

pub async fn reply(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    upload: Upload<Reply>,
) -> Result<HttpResponse> {
    let number = number.into_inner();
    let uploads = Uploads::take(&app, upload.files).await?;
    if !uploads.problems().is_empty() {
        let outcome = Err(Error::Invalid(under("body", uploads.problems())));
        let outcome = uploads.settle(&app, outcome).await;
        return again(&app, &visit, number, outcome, &upload.form, Place::Reply).await;
    }
    let (me, at, waiting) = (visit.person.id.clone(), number.clone(), uploads.clone());
    let outcome = upload
        .form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Reply| {
            let ticket = db::tickets::for_customer(tx, &me, &at)?;
            let kept = waiting
                .keep(tx, act)
                .map_err(|error| beside("body", error))?;
            let files = kept.into_iter().map(|(_, file)| file).collect::<Vec<_>>();
            let message = verbs::reply(tx, act, &ticket.id, None, &sent.body, &files)?;
            let place = format!("/portal/tickets/{at}#m-{}", message.id);
            Ok(Done::new(place, "Your message is here."))
        })
        .await;
    let outcome = uploads.settle(&app, outcome).await;
    again(&app, &visit, number, outcome, &upload.form, Place::Reply).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    words: String,
    remedy_choice: Option<Remedy>,
}

/// What was asked for, handed in: words, a choice, evidence under the name of its kind.
pub async fn supply(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    upload: Upload<Answer>,
) -> Result<HttpResponse> {
    let number = number.into_inner();
    let fields = upload.files.iter().map(|file| file.field.as_str());
    if fields
        .into_iter()
        .any(|name| EvidenceKind::from_word(name).is_none())
    {
        return Err(Error::Malformed("a file of no kind of evidence"));
    }
    let uploads = Uploads::take(&app, upload.files).await?;
    if !uploads.problems().is_empty() {
        let outcome = Err(Error::Invalid(uploads.problems()));
        let outcome = uploads.settle(&app, outcome).await;
        return again(&app, &visit, number, outcome, &upload.form, Place::Answers).await;
    }
    let (me, at, waiting) = (visit.person.id.clone(), number.clone(), uploads.clone());
    let outcome = upload
        .form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Answer| {
            let ticket = db::tickets::for_customer(tx, &me, &at)?;
            let claim = db::claims::of_ticket(tx, &ticket.id)?.ok_or(Error::NotFound)?;
            let kept = waiting
                .keep(tx, act)
                .map_err(|error| beside("words", error))?;
            let evidence = kept.into_iter();
            let given = Supply {
                words: sent.words.clone(),
                remedy_choice: sent.remedy_choice.map(|choice| choice.word().to_owned()),
                evidence: evidence
                    .map(|(kind, file)| (kind, Some::<FileId>(file)))
                    .collect(),
            };
            claims::supply(tx, act, &claim.id, &given)?;
            Ok(Done::new(
                format!("/portal/tickets/{at}"),
                "Thank you, we have it.",
            ))
        })
        .await;
    let outcome = uploads.settle(&app, outcome).await;
    again(&app, &visit, number, outcome, &upload.form, Place::Answers).await
}

#[derive(Template)]
#[template(path = "portal/withdraw.html")]
struct Withdraw {
    frame: Frame,
    number: String,
    subject: String,
    action: String,
    key: String,
    keep_href: String,
}

pub async fn withdrawing(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
) -> Result<HttpResponse> {
    let (me, number) = (visit.person.id.clone(), number.into_inner());
    let ticket = app
        .read(move |conn| Ok(db::tickets::for_customer(conn, &me, &number)?))
        .await?;
    let keep_href = format!("/portal/tickets/{}", ticket.number);
    let mut frame = visit.frame("Withdraw this request?");
    frame.crumbs.push(Crumb {
        label: ticket.number.clone(),
        href: keep_href.clone(),
    });
    Ok(render(&Withdraw {
        frame,
        action: format!("{keep_href}/withdrawal"),
        number: ticket.number,
        subject: ticket.subject,
        key: new_key()?,
        keep_href,
    }))
}

pub async fn withdraw(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let (me, number) = (visit.person.id.clone(), number.into_inner());
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let ticket = db::tickets::for_customer(tx, &me, &number)?;
        let claim = db::claims::of_ticket(tx, &ticket.id)?.ok_or(Error::NotFound)?;
        claims::withdraw(tx, act, &claim.id)?;
        Ok(Done::new(
            format!("/portal/tickets/{number}"),
            "Your request is withdrawn.",
        ))
    })
    .await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Appeal {
    words: String,
}

pub async fn appeal(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    form: Form<Appeal>,
) -> Result<HttpResponse> {
    let (me, number) = (visit.person.id.clone(), number.into_inner());
    let at = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Appeal| {
            let ticket = db::tickets::for_customer(tx, &me, &at)?;
            let claim = db::claims::of_ticket(tx, &ticket.id)?.ok_or(Error::NotFound)?;
            claims::appeal(tx, act, &claim.id, &sent.words)?;
            let words = "We look at it once more; somebody else decides.";
            Ok(Done::new(format!("/portal/tickets/{at}"), words))
        })
        .await;
    again(&app, &visit, number, outcome, &form, Place::Appeal).await
}

/// Which form of the page it was.
#[derive(Clone, Copy)]
enum Place {
    Reply,
    Answers,
    Appeal,
}

impl Place {
    /// The field that the customer writes in.
    fn written_in(self) -> &'static str {
        match self {
            Place::Reply => "body",
            Place::Answers | Place::Appeal => "words",
        }
    }
}

/// The page again where a form can be mended or was refused, with what was typed still in it.
async fn again<T>(
    app: &App,
    visit: &Customer,
    number: String,
    outcome: Result<HttpResponse>,
    form: &Form<T>,
    place: Place,
) -> Result<HttpResponse> {
    let problems = match outcome {
        Err(Error::Invalid(problems)) => problems,
        Err(Error::Refused { code, words }) if code != Code::KeyReused => {
            Fields::one(place.written_in(), words)
        }
        other => return other,
    };
    let filled = Some(form.again(&problems));
    let forms = match place {
        Place::Reply => Again {
            reply: filled,
            ..Again::default()
        },
        Place::Answers => Again {
            answers: filled,
            ..Again::default()
        },
        Place::Appeal => Again {
            appeal: filled,
            ..Again::default()
        },
    };
    let page = page(app, visit, number, forms).await?;
    Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// The same problems, all beside one field.
fn under(field: &str, problems: Fields) -> Fields {
    let mut moved = Fields::new();
    for (_, message) in problems.iter() {
        moved.add(field, message);
    }
    moved
}
