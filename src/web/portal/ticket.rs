//! One request: what happens next and by when, what was decided and how the sum comes about, the conversation, and what the
//! customer was asked for. Notes are not filtered out here; they are never loaded. What is sent from it is in `replies.rs`.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::Viewer;
use super::filed::Filed;
use super::uploads::LIMITS;
use crate::app::App;
use crate::db::claims::Claim;
use crate::db::tickets::{Message, Ticket};
use crate::db::{self, Conn};
use crate::desk::claims;
use crate::desk::clocks::{HOUSE, courses};
use crate::error::Result;
use crate::ids::TicketId;
use crate::rules::facts::{EvidenceKind, Remedy};
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::gate::Customer;
use crate::web::page::{Answering, Ask, Choice, Crumb, Filled, Frame, render};
use crate::web::parts::{
    Amount, Badge, Deadlines, File, Findings, Link, NextStep, Row, Sum, Summary, Timeline, Tone,
};
use crate::web::show::story::{self, Names};
use crate::web::show::{claim as words, clocks, next, order as order_words};

#[derive(Template)]
#[template(path = "portal/ticket.html")]
pub(super) struct Show {
    frame: Frame,
    number: String,
    subject: String,
    badge: Badge,
    next: NextStep,
    timeline: Timeline,
    base: String,
    answering: Option<Questions>,
    reply: Option<Filled>,
    key: String,
    outcome: Option<Outcome>,
    sum: Option<Sum>,
    findings: Option<Findings>,
    deadlines: Option<Deadlines>,
    facts: Summary,
    files: Vec<File>,
    policy: Option<Link>,
    withdraw_href: Option<String>,
    appeal: Option<Filled>,
    appeal_key: String,
    limits: &'static str,
}

/// What the customer was asked for, as a form.
struct Questions {
    asks: Vec<Ask>,
    form: Filled,
    key: String,
}

/// How it was decided.
struct Outcome {
    heading: String,
    tone: Tone,
    amount: Option<Amount>,
    /// Where the money goes, a line each.
    destinations: Vec<String>,
    /// The decision in the words of who made it; may be empty.
    words: String,
}

/// The forms of the page that were refused, as they were typed.
#[derive(Default)]
pub(super) struct Again {
    pub reply: Option<Filled>,
    pub answers: Option<Filled>,
    pub appeal: Option<Filled>,
}

impl Again {
    /// Where the request has moved on and the page has the form no more, what was written in it waits in one that is there.
    fn placed(mut self, is_asked: bool, may_appeal: bool) -> Again {
        if !may_appeal {
            let appeal = self.appeal.take();
            let there = if is_asked {
                &mut self.answers
            } else {
                &mut self.reply
            };
            *there = there.take().or(appeal);
        }
        if is_asked {
            self.answers = self
                .answers
                .or(self.reply.take())
                .map(|form| form.as_one("body", "words"));
        } else {
            self.reply = self
                .reply
                .or(self.answers.take())
                .map(|form| form.as_one("words", "body"));
        }
        self
    }
}

pub async fn show(app: Data<App>, visit: Customer, number: Path<String>) -> Result<HttpResponse> {
    let page = page(&app, &visit, number.into_inner(), Again::default()).await?;
    Ok(render(&page))
}

pub(super) async fn page(
    app: &App,
    visit: &Customer,
    number: String,
    again: Again,
) -> Result<Show> {
    let viewer = Viewer::of(app, visit);
    let frame = visit.frame(&number);
    app.read(move |conn| laid_out(conn, frame, &viewer, &number, again))
        .await
}

fn laid_out(
    conn: &mut Conn,
    mut frame: Frame,
    viewer: &Viewer,
    number: &str,
    again: Again,
) -> Result<Show> {
    let ticket = db::tickets::for_customer(conn, &viewer.person.id, number)?;
    let seller = db::sellers::find(conn, &ticket.seller_id)?;
    let filed = match db::claims::of_ticket(conn, &ticket.id)? {
        Some(claim) => Some(Filed::load(conn, claim)?),
        None => None,
    };
    let (timeline, files) = conversation(conn, &ticket, viewer)?;
    let clocks = db::clocks::of_ticket(conn, &ticket.id)?;
    let claim = filed.as_ref().map(|filed| &filed.claim);
    let is_asked = claim.is_some_and(|claim| claim.state == "needs_evidence");
    let can_appeal = claim.is_some_and(may_appeal);
    let again = again.placed(is_asked, can_appeal);
    let refused = [&again.reply, &again.answers, &again.appeal];
    frame.refused = refused.iter().any(|form| form.is_some());
    frame.title = format!("{} – {}", ticket.number, ticket.subject);
    frame.seller_name = Some(seller.name.clone());
    frame.crumbs.push(Crumb {
        label: "Your requests".to_owned(),
        href: "/portal/tickets".to_owned(),
    });
    let base = format!("/portal/tickets/{}", ticket.number);
    let wall = viewer.wall;
    Ok(Show {
        frame,
        number: ticket.number.clone(),
        subject: ticket.subject.clone(),
        badge: next::ticket_badge(&ticket, claim),
        next: match &filed {
            Some(filed) => next::step(&filed.case(), wall),
            None => next::of_question(&ticket, &clocks, wall),
        },
        timeline,
        answering: match &filed {
            Some(filed) if is_asked => Some(questions(filed, again.answers)?),
            _ => None,
        },
        reply: (!is_asked).then(|| again.reply.unwrap_or_default()),
        key: new_key()?,
        outcome: match &filed {
            Some(filed) => outcome(conn, filed)?,
            None => None,
        },
        sum: filed.as_ref().and_then(|filed| {
            words::sum(
                &filed.policy,
                &filed.claim,
                filed.order.as_ref(),
                &filed.assessment,
            )
        }),
        findings: filed
            .as_ref()
            .map(|filed| words::findings(&filed.policy, &filed.assessment, wall)),
        deadlines: deadlines(conn, &ticket.id, &clocks, filed.as_ref(), viewer)?,
        facts: facts(&ticket, filed.as_ref(), &seller.name, viewer),
        files,
        policy: filed.as_ref().map(|filed| Link {
            label: format!("{}, version {}", filed.policy.title, filed.policy.version),
            href: format!("/policies/{}/{}", filed.policy.id, filed.policy.version),
        }),
        withdraw_href: claim
            .filter(|claim| claim.is_open())
            .map(|_| format!("{base}/withdrawal")),
        appeal: can_appeal.then(|| again.appeal.unwrap_or_default().under("appeal")),
        appeal_key: new_key()?,
        limits: LIMITS,
        base,
    })
}

fn may_appeal(claim: &Claim) -> bool {
    claim.state == "rejected" && claim.appealed_at.is_none()
}

/// The story that the customer sees, and the files that hang on the request itself.
fn conversation(
    conn: &mut Conn,
    ticket: &Ticket,
    viewer: &Viewer,
) -> Result<(Timeline, Vec<File>)> {
    let messages = db::tickets::public_messages(conn, &ticket.id)?;
    let events = db::events::of_ticket(conn, &ticket.id)?;
    let files = db::files::of_ticket(conn, &ticket.id)?;
    let names = names(conn, &messages)?;
    let of_request = files
        .iter()
        .filter(|file| file.message_id.is_none() && file.claim_id.is_some());
    let of_request = of_request.map(story::file).collect();
    let timeline = story::customer(&messages, &events, &files, &names, viewer.wall);
    Ok((timeline, of_request))
}

fn names(conn: &mut Conn, messages: &[Message]) -> Result<Names> {
    let mut names: Names = HashMap::new();
    for author in messages
        .iter()
        .filter_map(|message| message.author_id.as_ref())
    {
        if !names.contains_key(author) {
            names.insert(author.clone(), db::people::find(conn, author)?.name);
        }
    }
    Ok(names)
}

/// The promises, where there are any.
fn deadlines(
    conn: &mut Conn,
    ticket: &TicketId,
    rows: &[db::clocks::Clock],
    filed: Option<&Filed>,
    viewer: &Viewer,
) -> Result<Option<Deadlines>> {
    let policy = filed.map(|filed| &filed.policy);
    let promised = rows.iter().filter(|clock| clock.firmness != HOUSE);
    let promised: Vec<_> = promised.cloned().collect();
    let courses = courses(conn, ticket, &promised, viewer.wall.now)?;
    let reader = clocks::Reader::Customer;
    let deadlines = clocks::deadlines(&promised, &courses, policy, reader, viewer.wall);
    Ok((!deadlines.list.is_empty()).then_some(deadlines))
}

fn facts(ticket: &Ticket, filed: Option<&Filed>, seller: &str, viewer: &Viewer) -> Summary {
    let sent = viewer.wall.stamp(ticket.opened_at.utc());
    let mut rows = vec![Row::text("With", seller), Row::text("Sent", &sent)];
    if let Some(filed) = filed {
        let claim = &filed.claim;
        rows.push(Row::text("Reference", &claim.number));
        if let Some(ground) = filed.policy.ground(&claim.ground) {
            rows.push(Row::text("About", &ground.title));
        }
        if let Some(order) = &filed.order {
            let href = format!("/portal/orders/{}", order.number);
            let text = format!("{} · {}", order.number, order.title);
            rows.push(Row::link("Order", &text, &href));
        }
        if let Some(e8) = claim.requested_e8 {
            rows.push(Row::money(
                "You asked for",
                Amount::new(e8, &claim.currency),
            ));
        }
        if let Some(choice) = claim.remedy_choice.as_deref().and_then(Remedy::from_word) {
            rows.push(Row::text("You would like", remedy(choice)));
        }
        for left in &filed.assessment.stays_on_balance {
            let amount = filters::money(left.amount.e8(), &claim.currency);
            let text = format!("{amount}: {}", left.because);
            rows.push(Row::text("Stays on your balance", &text));
        }
    }
    Summary { rows }
}

fn remedy(choice: Remedy) -> &'static str {
    match choice {
        Remedy::Refund => "My money back",
        Remedy::Replacement => "A replacement",
    }
}

fn outcome(conn: &mut Conn, filed: &Filed) -> Result<Option<Outcome>> {
    let claim = &filed.claim;
    let decided = db::claims::decisions(conn, &claim.id)?.pop();
    let said = decided.map_or_else(String::new, |decision| decision.words);
    let outcome = |heading: &str, tone, amount, destinations, words| Outcome {
        heading: heading.to_owned(),
        tone,
        amount,
        destinations,
        words,
    };
    Ok(match claim.state.as_str() {
        "approved" => {
            let granted = claim.granted_e8.unwrap_or(0);
            let went = if filed.payouts.is_empty() {
                vec![format!(
                    "{} to your balance",
                    filters::money(granted, &claim.currency)
                )]
            } else {
                let sent = filed.payouts.iter().map(|payout| {
                    let pay = filters::money(payout.pay_e8, &payout.pay_currency);
                    format!(
                        "{} {pay} to {}",
                        payout.number,
                        order_words::goes_to(payout, &filed.labels)
                    )
                });
                sent.collect()
            };
            let amount = Some(Amount::new(granted, &claim.currency));
            Some(outcome("Refund approved", Tone::Ok, amount, went, said))
        }
        "rejected" => Some(outcome("Not granted", Tone::Danger, None, Vec::new(), said)),
        "remedied" => Some(outcome("Put right", Tone::Ok, None, Vec::new(), said)),
        _ => None,
    })
}

/// One field for each thing that is missing, and always one for words.
fn questions(filed: &Filed, form: Option<Filled>) -> Result<Questions> {
    let mut asks = Vec::new();
    for item in &filed.assessment.missing {
        if EvidenceKind::from_word(item).is_some() {
            let mut label = claims::asked_for(item);
            if let Some(first) = label.get(..1) {
                label = format!(
                    "{}{}",
                    first.to_uppercase(),
                    label.get(1..).unwrap_or_default()
                );
            }
            asks.push(Ask::new(item, &label, LIMITS, Answering::Files));
        } else if item == "remedy_choice" {
            let choices = [Remedy::Refund, Remedy::Replacement]
                .map(|choice| Choice::new(choice.word(), remedy(choice), ""));
            let ask = Ask::new(item, "What would you like?", "", Answering::Radios);
            asks.push(ask.of(choices.to_vec()));
        }
    }
    asks.push(Ask::new("words", "In your own words", "", Answering::Words));
    if !asks.iter().any(|ask| ask.by == Answering::Files) {
        asks.push(Ask::new(
            "other",
            "Files, if you have any",
            LIMITS,
            Answering::Files,
        ));
    }
    Ok(Questions {
        asks,
        form: form.unwrap_or_default(),
        key: new_key()?,
    })
}
