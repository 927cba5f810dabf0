//! The queue: what breaches next on top. Every filter is in the address; a number that somebody says on the phone leads straight
//! to its page.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::DateTime;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::Looker;
use crate::app::App;
use crate::db::clocks::Clock as Running;
use crate::db::sellers::Seller;
use crate::db::tickets::{Cursor, Filter, QueueRow, View};
use crate::db::{self, Conn};
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::ids::{PersonId, SellerId, TicketId};
use crate::rules::assessment::Outcome;
use crate::rules::priority::Priority;
use crate::web::fields::query;
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Choice, Filled, Frame, NavItem, redirect, render};
use crate::web::parts::{Amount, Badge, Clock, Link, Moment, Pager};
use crate::web::show::claim::{outcome_badge, staff_state, ticket_badge};
use crate::web::show::{clocks, priority};

/// Lines on a page.
const PAGE: usize = 50;
/// The longest search, in characters.
const LONGEST: usize = 200;

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    view: Option<String>,
    seller: Option<String>,
    ground: Option<String>,
    priority: Option<String>,
    q: Option<String>,
    after: Option<String>,
    before: Option<String>,
}

/// The same, once every word of it is known to mean something.
#[derive(Debug, Clone)]
struct Wanted {
    view: View,
    seller: Option<Seller>,
    ground: Option<String>,
    priority: Option<Priority>,
    words: Option<String>,
    cursor: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "queue/index.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    view: &'static str,
    heading: &'static str,
    total: String,
    form: Filled,
    sellers: Vec<Choice>,
    grounds: Vec<Choice>,
    priorities: Vec<Choice>,
    chips: Vec<Link>,
    clear_href: String,
    rows: Vec<Line>,
    pager: Pager,
    idle: String,
}

struct Line {
    href: String,
    number: String,
    subject: String,
    clock: Option<Clock>,
    customer: String,
    seller: String,
    badge: Badge,
    outcome: Option<Badge>,
    flagged: bool,
    pressing: Option<Badge>,
    amount: Option<Amount>,
    assignee: Option<String>,
    updated: Moment,
    is_new: bool,
}

pub async fn show(app: Data<App>, visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Queue");
    let found = app
        .read(
            move |conn| match straight_to(conn, &looker, asked.q.as_deref())? {
                Some(page) => Ok(Err(page)),
                None => Ok(Ok(index(conn, frame, &looker, &asked)?)),
            },
        )
        .await?;
    Ok(match found {
        Ok(index) => render(&index),
        Err(page) => redirect(&page),
    })
}

/// The page of what has exactly that number: a ticket, a claim, an order, a payout's claim, or a seller's own order number.
fn straight_to(conn: &mut Conn, looker: &Looker, words: Option<&str>) -> Result<Option<String>> {
    let Some(words) = words
        .map(str::trim)
        .filter(|words| !words.is_empty() && words.len() <= LONGEST)
    else {
        return Ok(None);
    };
    let number = words.to_uppercase();
    let scope = &looker.scope;
    let page = match number.split_at_checked(2).map(|(series, _)| series) {
        Some("T-") => db::maybe(db::tickets::for_staff(conn, scope, &number))?
            .map(|found| format!("/queue/tickets/{}", found.number)),
        Some("C-") => db::maybe(db::claims::for_staff(conn, scope, &number))?
            .map(|found| format!("/queue/claims/{}", found.number)),
        Some("O-") => db::maybe(db::orders::for_staff(conn, scope, &number))?
            .map(|found| format!("/queue/orders/{}", found.number)),
        Some("P-") => match db::maybe(db::payouts::for_staff(conn, scope, &number))? {
            Some(payout) => Some(format!(
                "/queue/claims/{}",
                db::claims::find(conn, &payout.claim_id)?.number
            )),
            None => None,
        },
        _ => None,
    };
    if page.is_some() {
        return Ok(page);
    }
    for seller in db::sellers::within(conn, scope)? {
        if let Some(order) = db::orders::by_reference(conn, &seller.id, words)? {
            return Ok(Some(format!("/queue/orders/{}", order.number)));
        }
    }
    Ok(None)
}

fn index(conn: &mut Conn, frame: Frame, looker: &Looker, asked: &Asked) -> Result<Index> {
    let sellers = db::sellers::within(conn, &looker.scope)?;
    let grounds = grounds(conn, &sellers)?;
    let wanted = read(asked, &sellers, &grounds)?;
    let (me, wall) = (&looker.person.id, looker.wall);
    let filter = wanted.filter(wanted.view);
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = db::tickets::queue(
        conn,
        &looker.scope,
        &filter,
        me,
        wall.now,
        wall.day_end(),
        wanted.cursor.as_ref(),
        limit,
    )?;
    let is_long = rows.len() > PAGE;
    let back = wanted.cursor.as_ref().is_some_and(|cursor| cursor.back);
    if is_long {
        rows.remove(if back { 0 } else { PAGE });
    }
    let counts: HashMap<&str, u64> =
        db::tickets::counts(conn, &looker.scope, &filter, me, wall.now, wall.day_end())?
            .into_iter()
            .map(|(view, count)| (view.as_str(), u64::try_from(count).unwrap_or(0)))
            .collect();
    let total = counts.get(wanted.view.as_str()).copied();
    let previous = if back {
        is_long
    } else {
        wanted.cursor.is_some()
    };
    let next = if back {
        wanted.cursor.is_some()
    } else {
        is_long
    };
    let pager = Pager {
        shown: shown(rows.len(), total),
        previous: rows
            .first()
            .filter(|_| previous)
            .map(|row| wanted.address(Some(("before", cursor_after(row))))),
        next: rows
            .last()
            .filter(|_| next)
            .map(|row| wanted.address(Some(("after", cursor_after(row))))),
    };
    let idle = if rows.is_empty() {
        idle(conn, looker)?
    } else {
        String::new()
    };
    let views = View::ALL
        .into_iter()
        .map(|view| tab(view, &wanted, &counts))
        .chain([tasks(conn, looker)?]);
    Ok(Index {
        frame,
        views: views.collect(),
        view: wanted.view.as_str(),
        heading: label(wanted.view),
        total: total.map_or(String::new(), |total| {
            filters::plural(total, "ticket", "tickets")
        }),
        form: wanted.form(),
        sellers: choices(
            "Any seller",
            sellers
                .iter()
                .map(|seller| (seller.slug.as_str(), seller.name.as_str())),
        ),
        grounds: choices(
            "Anything",
            grounds
                .iter()
                .map(|(id, title)| (id.as_str(), title.as_str())),
        ),
        priorities: choices(
            "Any",
            priority::choices()
                .iter()
                .map(|choice| (choice.value.as_str(), choice.label.as_str())),
        ),
        chips: wanted.chips(&grounds),
        clear_href: format!("/queue?view={}", wanted.view.as_str()),
        rows: lines(conn, &rows, &sellers, looker)?,
        pager,
        idle,
    })
}

/// What a customer can claim from these sellers: id and title.
fn grounds(conn: &mut Conn, sellers: &[Seller]) -> Result<Vec<(String, String)>> {
    let mut known: Vec<(String, String)> = Vec::new();
    let mut policies_seen: Vec<&str> = Vec::new();
    for seller in sellers {
        if policies_seen.contains(&seller.policy.as_str()) {
            continue;
        }
        policies_seen.push(&seller.policy);
        let shelf = match policies::shelf(conn, &seller.policy) {
            Ok(shelf) => shelf,
            Err(Error::NotFound) => continue,
            Err(other) => return Err(other),
        };
        for ground in shelf.policies().iter().flat_map(|policy| &policy.grounds) {
            if !known.iter().any(|(id, _)| *id == ground.id) {
                known.push((ground.id.clone(), ground.title.clone()));
            }
        }
    }
    known.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(known)
}

/// # Errors
/// `Malformed` for a word that no page of ours puts into the address.
fn read(asked: &Asked, sellers: &[Seller], grounds: &[(String, String)]) -> Result<Wanted> {
    let unknown = || Error::Malformed("not an address of the queue");
    let view = asked
        .view
        .as_deref()
        .map_or(Some(View::ToDo), View::parse)
        .ok_or_else(unknown)?;
    let seller = match asked.seller.as_deref() {
        None => None,
        Some(slug) => Some(
            sellers
                .iter()
                .find(|seller| seller.slug == slug)
                .cloned()
                .ok_or_else(unknown)?,
        ),
    };
    if asked
        .ground
        .as_ref()
        .is_some_and(|ground| !grounds.iter().any(|(id, _)| id == ground))
    {
        return Err(unknown());
    }
    let pressing = asked.priority.as_deref().map(Priority::from_word);
    let pressing = pressing.map(|known| known.ok_or_else(unknown));
    let words = asked
        .q
        .as_deref()
        .map(str::trim)
        .filter(|words| !words.is_empty());
    if words.is_some_and(|words| words.chars().count() > LONGEST) {
        return Err(unknown());
    }
    let cursor = match (&asked.after, &asked.before) {
        (None, None) => None,
        (Some(after), None) => Some(cursor(after, false).ok_or_else(unknown)?),
        (None, Some(before)) => Some(cursor(before, true).ok_or_else(unknown)?),
        (Some(_), Some(_)) => return Err(unknown()),
    };
    Ok(Wanted {
        view,
        seller,
        ground: asked.ground.clone(),
        priority: pressing.transpose()?,
        words: words.map(str::to_owned),
        cursor,
    })
}

/// "1772442000000000.0195…": the due instant in microseconds, or "-", and the ticket's id.
fn cursor(text: &str, back: bool) -> Option<Cursor> {
    let (due, id) = text.split_once('.')?;
    let due_at = match due {
        "-" => None,
        due => Some(DateTime::from_timestamp_micros(due.parse().ok()?)?),
    };
    let is_id = id.len() == 36
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_id.then(|| Cursor {
        due_at,
        id: TicketId::from(id),
        back,
    })
}

fn cursor_after(row: &QueueRow) -> String {
    let due = row.ticket.next_due_at.map_or("-".to_owned(), |due| {
        due.utc().timestamp_micros().to_string()
    });
    format!("{due}.{}", row.ticket.id)
}

impl Wanted {
    fn filter(&self, view: View) -> Filter {
        Filter {
            view,
            seller: self.seller.as_ref().map(|seller| seller.id.clone()),
            ground: self.ground.clone(),
            priority: self.priority,
            words: self.words.clone(),
        }
    }

    fn parts(&self) -> Vec<(&'static str, String)> {
        let seller = self.seller.as_ref().map(|seller| seller.slug.clone());
        let parts = [
            ("seller", seller),
            ("ground", self.ground.clone()),
            ("priority", self.priority.map(|known| known.to_string())),
            ("q", self.words.clone()),
        ];
        parts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    fn address(&self, place: Option<(&str, String)>) -> String {
        address(self.view, self.parts(), place)
    }

    fn form(&self) -> Filled {
        let values = self
            .parts()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Filled {
            values: values.collect(),
            ..Filled::default()
        }
    }

    /// Each filter in use, with the address without it.
    fn chips(&self, grounds: &[(String, String)]) -> Vec<Link> {
        let parts = self.parts();
        let chip = |(name, value): &(&'static str, String)| {
            let rest = parts
                .iter()
                .filter(|(other, _)| other != name)
                .cloned()
                .collect();
            let label = match (*name, &self.seller) {
                ("seller", Some(seller)) => seller.name.clone(),
                ("ground", _) => grounds
                    .iter()
                    .find(|(id, _)| id == value)
                    .map_or(value.clone(), |(_, title)| title.clone()),
                ("priority", _) => Priority::from_word(value).map_or(value.clone(), |known| {
                    format!("{} priority", priority::label(known))
                }),
                _ => format!("“{value}”"),
            };
            Link {
                label,
                href: address(self.view, rest, None),
            }
        };
        parts.iter().map(chip).collect()
    }
}

fn address(
    view: View,
    parts: Vec<(&'static str, String)>,
    place: Option<(&str, String)>,
) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("view", view.as_str());
    for (name, value) in &parts {
        query.append_pair(name, value);
    }
    if let Some((name, value)) = &place {
        query.append_pair(name, value);
    }
    format!("/queue?{}", query.finish())
}

fn label(view: View) -> &'static str {
    match view {
        View::ToDo => "To do",
        View::Mine => "Mine",
        View::Unassigned => "Unassigned",
        View::Breached => "Breached",
        View::DueToday => "Due today",
        View::Waiting => "Waiting",
        View::OnHold => "On hold",
        View::AllOpen => "All open",
        View::Closed => "Closed",
    }
}

fn tab(view: View, wanted: &Wanted, counts: &HashMap<&str, u64>) -> NavItem {
    NavItem {
        count: counts
            .get(view.as_str())
            .map(|count| filters::badge_count(*count)),
        ..NavItem::new(
            label(view),
            &address(view, wanted.parts(), None),
            view == wanted.view,
        )
    }
}

/// The way to the list of what is to be done before money.
fn tasks(conn: &mut Conn, looker: &Looker) -> Result<NavItem> {
    let open = u64::try_from(db::tasks::count_open(conn, &looker.scope)?).unwrap_or(0);
    Ok(NavItem {
        count: Some(filters::badge_count(open)),
        ..NavItem::new("Tasks", "/queue/tasks", false)
    })
}

fn shown(here: usize, total: Option<u64>) -> String {
    let here = u64::try_from(here).unwrap_or(0);
    match total {
        Some(total) if total > here => format!(
            "{} of {}",
            filters::count(here),
            filters::plural(total, "ticket", "tickets")
        ),
        _ => filters::plural(here, "ticket", "tickets"),
    }
}

/// What is due next where this view has nothing.
fn idle(conn: &mut Conn, looker: &Looker) -> Result<String> {
    let (wall, filter) = (
        looker.wall,
        Filter {
            view: View::AllOpen,
            ..Filter::default()
        },
    );
    let next = db::tickets::queue(
        conn,
        &looker.scope,
        &filter,
        &looker.person.id,
        wall.now,
        wall.day_end(),
        None,
        1,
    )?;
    let due = next
        .first()
        .and_then(|row| Some((row, row.ticket.next_due_at?)));
    Ok(match due {
        Some((row, due)) => format!(
            "Next: {} at {}.",
            row.ticket.number,
            filters::moment(due.utc(), wall.zone, wall.now)
        ),
        None => "No promise is running anywhere.".to_owned(),
    })
}

fn choices<'a>(any: &str, list: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Choice> {
    let first = Choice::new("", any, "");
    std::iter::once(first)
        .chain(list.map(|(value, label)| Choice::new(value, label, "")))
        .collect()
}

fn lines(
    conn: &mut Conn,
    rows: &[QueueRow],
    sellers: &[Seller],
    looker: &Looker,
) -> Result<Vec<Line>> {
    let ids: Vec<TicketId> = rows.iter().map(|row| row.ticket.id.clone()).collect();
    let running = db::clocks::standing(conn, &ids)?;
    let assignees: Vec<PersonId> = rows
        .iter()
        .filter_map(|row| row.ticket.assignee_id.clone())
        .collect();
    let names = db::people::names(conn, &assignees)?;
    let sellers: HashMap<&SellerId, &str> = sellers
        .iter()
        .map(|seller| (&seller.id, seller.name.as_str()))
        .collect();
    let line = |row: &QueueRow| {
        let wall = looker.wall;
        let ticket = &row.ticket;
        let href = match &row.claim_number {
            Some(number) => format!("/queue/claims/{number}"),
            None => format!("/queue/tickets/{}", ticket.number),
        };
        let state = match &row.claim_state {
            Some(state) => staff_state(state, row.appealed_at.is_some()),
            None => ticket_badge(&ticket.state),
        };
        let outcome = row.claim_outcome.as_deref().and_then(Outcome::from_word);
        let amount = row
            .computed_e8
            .filter(|e8| *e8 > 0)
            .zip(row.currency.as_deref());
        let assignee = ticket
            .assignee_id
            .as_ref()
            .and_then(|id| names.get(id).cloned());
        Line {
            href,
            number: row
                .claim_number
                .clone()
                .unwrap_or_else(|| ticket.number.clone()),
            subject: ticket.subject.clone(),
            clock: next_clock(&running, ticket, looker),
            customer: row.customer_name.clone(),
            seller: sellers
                .get(&ticket.seller_id)
                .map_or(String::new(), |name| (*name).to_owned()),
            // What the state says already is not said twice.
            outcome: outcome
                .map(outcome_badge)
                .filter(|badge| badge.word != state.word),
            badge: state,
            flagged: row.claim_flagged == Some(true),
            pressing: priority::badge(ticket.priority.as_deref()),
            amount: amount.map(|(e8, currency)| Amount::new(e8, currency)),
            assignee,
            updated: Moment::worded(
                ticket.changed_at.utc(),
                wall.zone,
                filters::ago(ticket.changed_at.utc(), wall.now),
            ),
            is_new: ticket.state == "new",
        }
    };
    Ok(rows.iter().map(line).collect())
}

/// The promise that the queue sorts the ticket by; a paused one where none runs.
fn next_clock(running: &[Running], ticket: &db::tickets::Ticket, looker: &Looker) -> Option<Clock> {
    let own = || running.iter().filter(|clock| clock.ticket_id == ticket.id);
    let leads = |clock: &&Running| {
        clock.state == "running"
            && Some(clock.due_at) == ticket.next_due_at
            && Some(&clock.kind) == ticket.next_due_kind.as_ref()
    };
    let clock = own()
        .find(leads)
        .or_else(|| own().find(|clock| clock.state == "paused"))?;
    Some(clocks::badge(clock, looker.wall))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0195a5f0-0000-7000-8000-000000000001";

    #[test]
    fn a_place_in_the_queue_reads_back_and_nothing_else_does() {
        let place = cursor(&format!("1772442000000000.{ID}"), true).unwrap();
        assert_eq!(
            place.due_at.unwrap().to_rfc3339(),
            "2026-03-02T09:00:00+00:00"
        );
        assert!(place.back && place.id.as_str() == ID);
        assert_eq!(cursor(&format!("-.{ID}"), false).unwrap().due_at, None);
        for text in [
            "",
            "1",
            "x.y",
            "-.",
            "-.short",
            "1e9.0195",
            &format!("99999999999999999999.{ID}"),
            &format!("-.{ID}'"),
        ] {
            assert!(cursor(text, false).is_none(), "{text}");
        }
    }
}
