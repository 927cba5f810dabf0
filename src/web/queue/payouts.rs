//! Money to send by hand: what waits, the longest first, and what became of the rest, the latest first. A payout is marked as sent
//! once, under the bank's reference, or it failed and its money is back.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use super::case::goes_to;
use super::panel::badge_of;
use crate::app::App;
use crate::db::clocks::Clock as Promise;
use crate::db::payouts::Payout;
use crate::db::{self, Conn};
use crate::desk::claims;
use crate::desk::forms::Done;
use crate::error::{Error, Result};
use crate::ids::TicketId;
use crate::rules::lifecycle::payout::State;
use crate::rules::rights::{Verb, may};
use crate::web::fields::query;
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::{Agent, Lead};
use crate::web::page::{Filled, Frame, NavItem, render};
use crate::web::parts::{Amount, Badge, Clock, Moment, Pager};
use crate::web::show::order::Labels;
use crate::web::show::{Wall, clocks};

const PAGE: i64 = 50;
const PARKED: i64 = 20;

/// Which payouts a view lists.
const VIEWS: [(&str, &str, &[State]); 3] = [
    (
        "waiting",
        "To be sent",
        &[State::Queued, State::Reserved, State::Sent, State::Unknown],
    ),
    (
        "failed",
        "Failed or came back",
        &[State::Failed, State::Returned],
    ),
    ("paid", "Paid", &[State::Succeeded]),
];

#[derive(Template)]
#[template(path = "queue/payouts.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    heading: &'static str,
    rows: Vec<Line>,
    pager: Pager,
    /// Whether the looker may mark one as sent.
    may_send: bool,
    refusal: Option<String>,
    /// What the gateway said and what does not fit, for those who may do something about it.
    parked: Vec<Parked>,
}

struct Parked {
    /// May be empty: it was about no payout of ours.
    number: String,
    why: String,
    at: Moment,
}

struct Line {
    number: String,
    amount: Amount,
    to: String,
    claim: String,
    claim_href: String,
    customer: String,
    seller: String,
    badge: Badge,
    requested: Moment,
    due: Option<Clock>,
    /// The file that it is in.
    batch: Option<String>,
    reference: String,
    waits: bool,
    can_return: bool,
    can_repeat: bool,
    send_key: String,
    fail_key: String,
    return_key: String,
    repeat_key: String,
    sending: Filled,
    failing: Filled,
    returning: Filled,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    view: Option<String>,
    page: Option<u64>,
}

/// What a form says has become of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Sent,
    Failed,
    CameBack,
}

/// A form that was refused: on which payout, and with which news.
struct Refused {
    number: String,
    news: News,
    form: Filled,
}

impl Refused {
    /// The view in which the payout stands.
    fn asked(&self) -> Asked {
        let view = match self.news {
            News::Sent | News::Failed => "waiting",
            News::CameBack => "paid",
        };
        Asked {
            view: Some(view.to_owned()),
            page: None,
        }
    }
}

pub async fn show(app: Data<App>, visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Payouts");
    let page = app
        .read(move |conn| index(conn, frame, &looker, &asked, None, None))
        .await?;
    Ok(render(&page))
}

fn index(
    conn: &mut Conn,
    frame: Frame,
    looker: &Looker,
    asked: &Asked,
    refused: Option<&Refused>,
    refusal: Option<String>,
) -> Result<Index> {
    let unknown = || Error::Malformed("not an address of the payouts");
    let word = asked.view.as_deref().unwrap_or("waiting");
    let (word, heading, states) = VIEWS
        .into_iter()
        .find(|(known, ..)| *known == word)
        .ok_or_else(unknown)?;
    let page = i64::try_from(asked.page.unwrap_or(1))
        .ok()
        .filter(|page| (1..=100_000).contains(page))
        .ok_or_else(unknown)?;
    let scope = &looker.scope;
    let latest_first = word != "waiting";
    let rows = db::payouts::list(conn, scope, states, latest_first, (page - 1) * PAGE, PAGE)?;
    let mut views = Vec::new();
    let mut total = 0;
    for (known, label, states) in VIEWS {
        let count = db::payouts::count(conn, scope, states)?;
        if known == word {
            total = count;
        }
        let count = filters::badge_count(u64::try_from(count).unwrap_or(0));
        let item = NavItem::new(
            label,
            &format!("/queue/payouts?view={known}"),
            known == word,
        );
        views.push(NavItem {
            count: Some(count),
            ..item
        });
    }
    let mut lines = Vec::new();
    for payout in &rows {
        lines.push(line(conn, payout, looker.wall, refused)?);
    }
    let may_send = may(looker.person.role, Verb::MarkPayoutSent);
    let parked = if may_send {
        db::gateway::parked(conn, scope, PARKED)?
    } else {
        Vec::new()
    };
    let last = (page - 1) * PAGE + i64::try_from(rows.len()).unwrap_or(0);
    let href = |page: i64| format!("/queue/payouts?view={word}&page={page}");
    Ok(Index {
        frame,
        views,
        heading,
        rows: lines,
        pager: Pager {
            shown: if rows.is_empty() {
                String::new()
            } else {
                format!("{}–{last} of {total}", (page - 1) * PAGE + 1)
            },
            previous: (page > 1).then(|| href(page - 1)),
            next: (last < total).then(|| href(page + 1)),
        },
        may_send,
        refusal,
        parked: parked
            .into_iter()
            .map(|(message, number)| Parked {
                number: number.unwrap_or_default(),
                why: message.why,
                at: Moment::new(message.at.utc(), looker.wall.zone, looker.wall.now),
            })
            .collect(),
    })
}

fn line(conn: &mut Conn, payout: &Payout, wall: Wall, refused: Option<&Refused>) -> Result<Line> {
    let claim = db::claims::find(conn, &payout.claim_id)?;
    let customer = db::people::find(conn, &payout.customer_id)?;
    let seller = db::sellers::find(conn, &payout.seller_id)?;
    let methods = db::deposits::methods_of(conn, &payout.seller_id, &payout.customer_id)?;
    let labels: Labels = methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect();
    let repeated = db::payouts::by_key(conn, &format!("{} again", payout.key))?.is_some();
    let typed = |news: News, under: &str| {
        let own = refused.filter(|refused| refused.number == payout.number && refused.news == news);
        let form = own.map(|refused| refused.form.clone()).unwrap_or_default();
        form.under(&format!("{}-{under}", payout.number))
    };
    Ok(Line {
        number: payout.number.clone(),
        amount: Amount::new(payout.pay_e8, &payout.pay_currency),
        to: goes_to(&labels, payout),
        claim_href: format!("/queue/claims/{}", claim.number),
        claim: claim.number,
        customer: customer.name,
        seller: seller.name,
        badge: badge_of(payout),
        batch: match &payout.batch_id {
            Some(id) => Some(db::batches::find(conn, id)?.number),
            None => None,
        },
        requested: Moment::new(payout.requested_at.utc(), wall.zone, wall.now),
        due: due(conn, &claim.ticket_id, wall)?,
        reference: payout.reference.clone().unwrap_or_default(),
        waits: payout.state.is_in_transit() && !payout.is_with_gateway(),
        can_return: matches!(
            payout.state,
            State::Sent | State::Unknown | State::Succeeded
        ),
        can_repeat: !payout.state.counts() && !repeated,
        send_key: new_key()?,
        fail_key: new_key()?,
        return_key: new_key()?,
        repeat_key: new_key()?,
        sending: typed(News::Sent, "send"),
        failing: typed(News::Failed, "fail"),
        returning: typed(News::CameBack, "return"),
    })
}

fn due(conn: &mut Conn, ticket: &TicketId, wall: Wall) -> Result<Option<Clock>> {
    let promise = |clock: &Promise| clock.kind == "payout" || clock.kind == "completion";
    let promises = db::clocks::of_ticket(conn, ticket)?;
    let first = promises
        .iter()
        .find(|clock| promise(clock) && clock.state != "void");
    Ok(first.map(|clock| clocks::badge(clock, wall)))
}

#[derive(Debug, Clone, Deserialize)]
pub struct Sent {
    reference: String,
}

/// Marks a payout as sent.
pub async fn settle(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Sent>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Sent| {
            let payout = db::payouts::for_staff(tx, &scope, &asked)?;
            let payout = claims::settle_payout(tx, act, &payout.id, &sent.reference)?;
            let amount = filters::money(payout.pay_e8, &payout.pay_currency);
            Ok(Done::new(
                "/queue/payouts",
                format!(
                    "{}: {amount} is marked as sent, and the customer is told.",
                    payout.number
                ),
            ))
        })
        .await;
    let number = number.into_inner();
    again(&app, &visit, looker, outcome, |problems| Refused {
        number,
        news: News::Sent,
        form: form.again(problems),
    })
    .await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Failed {
    why: String,
}

/// The bank did not take it: the money goes back to where it came from.
pub async fn fail(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Failed>,
) -> Result<HttpResponse> {
    bad_news(&app, &visit, number, &form, News::Failed).await
}

/// It had left and was sent back: the money goes back to where it came from.
pub async fn take_back(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Failed>,
) -> Result<HttpResponse> {
    bad_news(&app, &visit, number, &form, News::CameBack).await
}

async fn bad_news(
    app: &App,
    visit: &Lead,
    number: Path<String>,
    form: &Form<Failed>,
    news: News,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(app, visit.act(app), move |tx, act, failed: &Failed| {
            let payout = db::payouts::for_staff(tx, &scope, &asked)?;
            let told = if news == News::CameBack {
                claims::return_payout(tx, act, &payout.id, &failed.why)?;
                "came back; its money is where it was taken from, and the customer is told."
            } else {
                claims::fail_payout(tx, act, &payout.id, &failed.why)?;
                "failed; its money is back, and the customer is told."
            };
            let told = format!("{} {told}", payout.number);
            Ok(Done::new("/queue/payouts?view=failed", told))
        })
        .await;
    let number = number.into_inner();
    again(app, visit, looker, outcome, |problems| Refused {
        number,
        news,
        form: form.again(problems),
    })
    .await
}

/// Asks for the same money once more.
pub async fn repeat(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.into_inner());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, _| {
            let payout = db::payouts::for_staff(tx, &scope, &asked)?;
            let again = claims::repeat_payout(tx, act, &payout.id)?;
            Ok(Done::new(
                "/queue/payouts",
                format!("{} waits as {}.", payout.number, again.number),
            ))
        })
        .await;
    again(&app, &visit, looker, outcome, |problems| Refused {
        number: String::new(),
        news: News::Failed,
        form: form.again(problems),
    })
    .await
}

/// The list again, with what was wrong beside the payout.
async fn again(
    app: &App,
    visit: &Lead,
    looker: Looker,
    outcome: Result<HttpResponse>,
    refused: impl FnOnce(&crate::error::Fields) -> Refused,
) -> Result<HttpResponse> {
    let (refused, refusal) = match outcome {
        Err(Error::Invalid(problems)) => (Some(refused(&problems)), None),
        Err(Error::Refused { code, words }) if code != crate::error::Code::KeyReused => {
            (None, Some(words))
        }
        other => return other,
    };
    let mut frame = visit.frame("Payouts");
    frame.refused = true;
    let page = app
        .read(move |conn| {
            let asked = refused.as_ref().map(Refused::asked).unwrap_or_default();
            index(conn, frame, &looker, &asked, refused.as_ref(), refusal)
        })
        .await?;
    Ok(super::refused(&page))
}
