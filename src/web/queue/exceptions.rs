//! What waits for a second pair of eyes, the longest first, and what became of the rest. The deciding itself is on the claim's page.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::Looker;
use super::panel::spoken;
use crate::app::App;
use crate::db::exceptions::Exception;
use crate::db::{self, Conn};
use crate::desk::claims::ruling;
use crate::error::Result;
use crate::rules::rights::Ruling;
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Frame, render};
use crate::web::parts::{Amount, Badge, Clock, Moment, Tone};
use crate::web::show::clocks;

/// As many as one page shows of each.
const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "queue/exceptions.html")]
struct Index {
    frame: Frame,
    waiting: Vec<Line>,
    settled: Vec<Line>,
}

struct Line {
    amount: Amount,
    claim: String,
    href: String,
    customer: String,
    seller: String,
    /// "Goodwill, $6.00 more than the policy computes".
    why: String,
    by: String,
    at: Moment,
    badge: Badge,
    due: Option<Clock>,
}

pub async fn show(app: Data<App>, visit: Agent) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Second eyes");
    let page = app.read(move |conn| index(conn, frame, &looker)).await?;
    Ok(render(&page))
}

fn index(conn: &mut Conn, frame: Frame, looker: &Looker) -> Result<Index> {
    let mut lists = [Vec::new(), Vec::new()];
    for (list, open) in lists.iter_mut().zip([true, false]) {
        for row in db::exceptions::list(conn, &looker.scope, open, MOST)? {
            list.push(line(conn, &row, looker)?);
        }
    }
    let [waiting, settled] = lists;
    Ok(Index {
        frame,
        waiting,
        settled,
    })
}

fn line(conn: &mut Conn, row: &Exception, looker: &Looker) -> Result<Line> {
    let claim = db::claims::find(conn, &row.claim_id)?;
    let customer = db::people::find(conn, &claim.customer_id)?;
    let seller = db::sellers::find(conn, &row.seller_id)?;
    let proposer = db::people::find(conn, &row.proposed_by)?;
    let looks = (&looker.person.id, looker.person.role);
    let may = ruling(row, &claim, &seller, looks) == Ruling::Alone;
    let promises = db::clocks::of_ticket(conn, &claim.ticket_id)?;
    let next = promises.iter().find(|clock| clock.state == "running");
    Ok(Line {
        amount: Amount::new(row.amount_e8, &row.currency),
        href: format!("/queue/claims/{}#second", claim.number),
        claim: claim.number,
        customer: customer.name,
        seller: seller.name,
        why: why(row),
        by: proposer.name,
        at: Moment::new(row.proposed_at.utc(), looker.wall.zone, looker.wall.now),
        badge: badge(row, may),
        due: next
            .filter(|_| row.state == "open")
            .map(|clock| clocks::badge(clock, looker.wall)),
    })
}

fn why(row: &Exception) -> String {
    let more = row.amount_e8 - row.computed_e8.unwrap_or(0);
    match row.override_reason.as_deref() {
        Some(code) if more > 0 => format!(
            "{}, {} more than the policy computes",
            spoken(code),
            filters::money(more, &row.currency)
        ),
        Some(code) => spoken(code).to_owned(),
        None => "What the policy computes, above the proposer's limit".to_owned(),
    }
}

fn badge(row: &Exception, may: bool) -> Badge {
    match row.state.as_str() {
        "open" if may => Badge::with_icon(Tone::Warn, "users", "Yours to decide"),
        "open" => Badge::with_icon(Tone::Paused, "hourglass", "Waits for somebody else"),
        "approved" => Badge::new(Tone::Ok, "Approved"),
        "declined" => Badge::new(Tone::Danger, "Declined"),
        "withdrawn" => Badge::new(Tone::Neutral, "Taken back"),
        _ => Badge::new(Tone::Neutral, "Overtaken"),
    }
}
