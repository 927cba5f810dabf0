//! Tickets and their messages; the queue's query. The portal finds through the customer, staff through the sellers they serve:
//! no finder here takes a number alone.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp, Untyped};

use super::columns::At;
use super::schema::{claims, messages, people, tickets};
use super::{Conn, Tx, dialect};
use crate::ids::{MessageId, PersonId, SellerId, TicketId};
use crate::rules::priority::Priority;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable)]
#[diesel(table_name = tickets, treat_none_as_default_value = false)]
pub struct Ticket {
    pub id: TicketId,
    pub number: String,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub subject: String,
    pub state: String,
    pub assignee_id: Option<PersonId>,
    pub via: String,
    pub opened_at: At,
    pub opened_on: NaiveDate,
    pub changed_at: At,
    pub closed_at: Option<At>,
    pub next_due_at: Option<At>,
    pub next_due_kind: Option<String>,
    pub next_due_firm: bool,
    pub seq: i64,
    /// None: nobody said, so it presses as most do.
    pub priority: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct Message {
    pub id: MessageId,
    pub ticket_id: TicketId,
    pub author_id: Option<PersonId>,
    pub kind: String,
    pub body: String,
    pub via: String,
    pub at: At,
}

/// Which tickets someone may see: all sellers', or those named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(pub Vec<SellerId>);

pub fn insert_ticket(tx: &mut Tx, ticket: &Ticket) -> QueryResult<()> {
    diesel::insert_into(tickets::table)
        .values(ticket.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn insert_message(tx: &mut Tx, message: &Message) -> QueryResult<()> {
    diesel::insert_into(messages::table)
        .values(message.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Locks the ticket by writing first and gives it as it then stands. With `seen`, only where nothing changed since:
/// `None` says that someone was faster.
pub fn bump_ticket(
    tx: &mut Tx,
    id: &TicketId,
    seen: Option<i64>,
    at: DateTime<Utc>,
) -> QueryResult<Option<Ticket>> {
    let change = (
        tickets::seq.eq(tickets::seq + 1),
        tickets::changed_at.eq(At::from(at)),
    );
    let bumped = match seen {
        Some(seen) => {
            diesel::update(tickets::table.filter(tickets::id.eq(id).and(tickets::seq.eq(seen))))
                .set(change)
                .execute(&mut **tx)?
        }
        None => diesel::update(tickets::table.find(id))
            .set(change)
            .execute(&mut **tx)?,
    };
    if bumped == 0 {
        Ok(None)
    } else {
        tickets::table.find(id).first(&mut **tx).optional()
    }
}

pub fn set_state(
    tx: &mut Tx,
    id: &TicketId,
    state: &str,
    closed_at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(tickets::table.find(id))
        .set((
            tickets::state.eq(state),
            tickets::closed_at.eq(super::columns::at(closed_at)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_assignee(tx: &mut Tx, id: &TicketId, assignee: Option<&PersonId>) -> QueryResult<()> {
    diesel::update(tickets::table.find(id))
        .set(tickets::assignee_id.eq(assignee))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_priority(tx: &mut Tx, id: &TicketId, priority: Priority) -> QueryResult<()> {
    diesel::update(tickets::table.find(id))
        .set(tickets::priority.eq(priority.word()))
        .execute(&mut **tx)
        .map(|_| ())
}

/// What the queue sorts by: the next promise that is running, or none.
pub fn set_next_due(
    tx: &mut Tx,
    id: &TicketId,
    due: Option<(DateTime<Utc>, &str, bool)>,
) -> QueryResult<()> {
    diesel::update(tickets::table.find(id))
        .set((
            tickets::next_due_at.eq(due.map(|(at, ..)| At::from(at))),
            tickets::next_due_kind.eq(due.map(|(_, kind, _)| kind)),
            tickets::next_due_firm.eq(due.is_some_and(|(.., firm)| firm)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Every ticket, for verification.
pub fn ids(conn: &mut Conn) -> QueryResult<Vec<TicketId>> {
    tickets::table
        .select(tickets::id)
        .order(tickets::id)
        .load(conn)
}

pub fn find(conn: &mut Conn, id: &TicketId) -> QueryResult<Ticket> {
    tickets::table.find(id).first(conn)
}

pub fn for_customer(conn: &mut Conn, customer: &PersonId, number: &str) -> QueryResult<Ticket> {
    tickets::table
        .filter(
            tickets::customer_id
                .eq(customer)
                .and(tickets::number.eq(number)),
        )
        .first(conn)
}

pub fn of_customer(conn: &mut Conn, customer: &PersonId) -> QueryResult<Vec<Ticket>> {
    tickets::table
        .filter(tickets::customer_id.eq(customer))
        .order(tickets::opened_at.desc())
        .load(conn)
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Ticket> {
    let mut query = tickets::table
        .filter(tickets::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tickets::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

/// Oldest first. Notes are staff's alone: the customer's list is another query, not a filter on a page.
pub fn messages(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Message>> {
    messages::table
        .filter(messages::ticket_id.eq(ticket))
        .order((messages::at, messages::id))
        .load(conn)
}

pub fn public_messages(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Message>> {
    messages::table
        .filter(
            messages::ticket_id
                .eq(ticket)
                .and(messages::kind.ne("note")),
        )
        .order((messages::at, messages::id))
        .load(conn)
}

/// What an agent asks the queue for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub view: View,
    pub seller: Option<SellerId>,
    pub ground: Option<String>,
    pub priority: Option<Priority>,
    /// Matches number, subject and the customer's address, literally.
    pub words: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Everything that is not closed and not waiting for the customer.
    #[default]
    ToDo,
    Mine,
    Unassigned,
    Breached,
    DueToday,
    Waiting,
    OnHold,
    AllOpen,
    Closed,
}

impl View {
    pub const ALL: [View; 9] = [
        View::ToDo,
        View::Mine,
        View::Unassigned,
        View::Breached,
        View::DueToday,
        View::Waiting,
        View::OnHold,
        View::AllOpen,
        View::Closed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            View::ToDo => "to_do",
            View::Mine => "mine",
            View::Unassigned => "unassigned",
            View::Breached => "breached",
            View::DueToday => "due_today",
            View::Waiting => "waiting",
            View::OnHold => "on_hold",
            View::AllOpen => "all_open",
            View::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        View::ALL.into_iter().find(|view| view.as_str() == text)
    }
}

/// One line of the queue: the ticket, its customer, and its newest claim where it has one.
#[derive(Debug, Clone, Queryable)]
pub struct QueueRow {
    pub ticket: Ticket,
    pub customer_name: String,
    pub customer_email: String,
    pub claim_number: Option<String>,
    pub claim_ground: Option<String>,
    pub claim_state: Option<String>,
    pub claim_outcome: Option<String>,
    pub claim_flagged: Option<bool>,
    pub computed_e8: Option<i64>,
    pub currency: Option<String>,
    pub appealed_at: Option<At>,
}

/// Where a page of the queue begins: after this due instant and id, or, for the page before, in front of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub due_at: Option<DateTime<Utc>>,
    pub id: TicketId,
    pub back: bool,
}

type Boxed<'a> = diesel::helper_types::IntoBoxed<
    'a,
    diesel::dsl::LeftJoin<diesel::dsl::InnerJoin<tickets::table, people::table>, claims::table>,
    <Conn as Connection>::Backend,
>;

/// What running promises first: the breached (longest overdue on top), then the soonest, then what has no clock. What is closed
/// has none, so the newest comes first there.
/// `limit` lines from `cursor` on; `me` and `now` settle the views that speak of them, `day_end` the end of today.
#[allow(clippy::too_many_arguments)]
pub fn queue(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    me: &PersonId,
    now: DateTime<Utc>,
    day_end: DateTime<Utc>,
    cursor: Option<&Cursor>,
    limit: i64,
) -> QueryResult<Vec<QueueRow>> {
    let query = filtered(scope, filter, me, now, day_end);
    let back = cursor.is_some_and(|cursor| cursor.back);
    let query = if filter.view == View::Closed {
        by_age(query, cursor, back)
    } else {
        by_promise(query, cursor, back)
    };
    let mut rows: Vec<QueueRow> = query
        .limit(limit)
        .select((
            tickets::all_columns,
            people::name,
            people::email,
            claims::number.nullable(),
            claims::ground.nullable(),
            claims::state.nullable(),
            claims::outcome.nullable(),
            claims::flagged.nullable(),
            claims::computed_e8.nullable(),
            claims::currency.nullable(),
            claims::appealed_at.nullable(),
        ))
        .load(conn)?;
    if back {
        rows.reverse();
    }
    Ok(rows)
}

fn by_promise<'a>(query: Boxed<'a>, cursor: Option<&Cursor>, back: bool) -> Boxed<'a> {
    let query = match cursor {
        None => query,
        Some(cursor) => past(query, cursor),
    };
    // In these words both databases read them off the queue's index, in its order.
    let order = match back {
        true => "tickets.next_due_at DESC NULLS FIRST, tickets.id DESC",
        false => "tickets.next_due_at ASC NULLS LAST, tickets.id ASC",
    };
    query.order(sql::<Untyped>(order))
}

fn past<'a>(query: Boxed<'a>, cursor: &Cursor) -> Boxed<'a> {
    let id = cursor.id.clone();
    match (cursor.due_at.map(At::from), cursor.back) {
        (Some(due), false) => query.filter(
            tickets::next_due_at
                .gt(due)
                .or(tickets::next_due_at.eq(due).and(tickets::id.gt(id)))
                .or(tickets::next_due_at.is_null())
                .assume_not_null(),
        ),
        (None, false) => query.filter(tickets::next_due_at.is_null().and(tickets::id.gt(id))),
        (Some(due), true) => query.filter(
            tickets::next_due_at
                .lt(due)
                .or(tickets::next_due_at.eq(due).and(tickets::id.lt(id)))
                .assume_not_null(),
        ),
        (None, true) => query.filter(tickets::next_due_at.is_not_null().or(tickets::id.lt(id))),
    }
}

fn by_age<'a>(query: Boxed<'a>, cursor: Option<&Cursor>, back: bool) -> Boxed<'a> {
    let query = match cursor {
        None => query,
        Some(cursor) if back => query.filter(tickets::id.gt(cursor.id.clone())),
        Some(cursor) => query.filter(tickets::id.lt(cursor.id.clone())),
    };
    if back {
        query.order(tickets::id)
    } else {
        query.order(tickets::id.desc())
    }
}

/// How many lines each view of the queue has under a filter, but for what is closed: nobody counts that.
pub fn counts(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    me: &PersonId,
    now: DateTime<Utc>,
    day_end: DateTime<Utc>,
) -> QueryResult<Vec<(View, i64)>> {
    let open = View::ALL.into_iter().filter(|view| *view != View::Closed);
    let narrowing = (&filter.ground, &filter.words, filter.priority);
    if narrowing == (&None, &None, None) {
        return at_once(conn, scope, filter, me, now, day_end);
    }
    let mut counts = Vec::new();
    for view in open {
        let narrowed = Filter {
            view,
            ..filter.clone()
        };
        let query = filtered(scope, &narrowed, me, now, day_end);
        counts.push((view, query.count().get_result(conn)?));
    }
    Ok(counts)
}

/// All of them in one reading of the queue's index. What each counts is what [`filtered`] lists.
fn at_once(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    me: &PersonId,
    now: DateTime<Utc>,
    day_end: DateTime<Utc>,
) -> QueryResult<Vec<(View, i64)>> {
    let plain = |when: &str| sql::<BigInt>(&format!("COUNT(CASE WHEN {when} THEN 1 END)"));
    let mut query = tickets::table
        .filter(sql::<Bool>(IS_OPEN))
        .select((
            plain("tickets.state IN ('new', 'open')"),
            sql::<BigInt>("COUNT(CASE WHEN tickets.assignee_id = ")
                .bind::<Text, _>(me)
                .sql(" THEN 1 END)"),
            plain("tickets.state IN ('new', 'open') AND tickets.assignee_id IS NULL"),
            sql::<BigInt>("COUNT(CASE WHEN tickets.next_due_firm AND tickets.next_due_at < ")
                .bind::<Timestamp, _>(At::from(now))
                .sql(" THEN 1 END)"),
            sql::<BigInt>("COUNT(CASE WHEN tickets.next_due_at <= ")
                .bind::<Timestamp, _>(At::from(day_end))
                .sql(" THEN 1 END)"),
            plain("tickets.state = 'waiting_customer'"),
            plain("tickets.state = 'on_hold'"),
            sql::<BigInt>("COUNT(*)"),
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tickets::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &filter.seller {
        query = query.filter(tickets::seller_id.eq(seller.clone()));
    }
    let (to_do, mine, unassigned, breached, due_today, waiting, on_hold, all_open) =
        query.get_result(conn)?;
    Ok(vec![
        (View::ToDo, to_do),
        (View::Mine, mine),
        (View::Unassigned, unassigned),
        (View::Breached, breached),
        (View::DueToday, due_today),
        (View::Waiting, waiting),
        (View::OnHold, on_hold),
        (View::AllOpen, all_open),
    ])
}

/// In the words of the queue's index, or it would not be used.
const IS_OPEN: &str = "tickets.state <> 'closed'";

fn filtered(
    scope: &Scope,
    filter: &Filter,
    me: &PersonId,
    now: DateTime<Utc>,
    day_end: DateTime<Utc>,
) -> Boxed<'static> {
    let mut query = tickets::table
        .inner_join(people::table)
        .left_join(claims::table)
        .into_boxed();
    if filter.view != View::Closed {
        query = query.filter(sql::<Bool>(IS_OPEN));
    }
    query = match filter.view {
        View::ToDo => query.filter(tickets::state.eq_any(["new", "open"])),
        View::Mine => query.filter(tickets::assignee_id.eq(me.clone())),
        View::Unassigned => query
            .filter(tickets::state.eq_any(["new", "open"]))
            .filter(tickets::assignee_id.is_null()),
        View::Breached => query
            .filter(tickets::next_due_firm)
            .filter(tickets::next_due_at.lt(At::from(now))),
        View::DueToday => query.filter(tickets::next_due_at.le(At::from(day_end))),
        View::Waiting => query.filter(tickets::state.eq("waiting_customer")),
        View::OnHold => query.filter(tickets::state.eq("on_hold")),
        View::AllOpen => query,
        View::Closed => query.filter(tickets::state.eq("closed")),
    };
    if !scope.0.is_empty() {
        query = query.filter(tickets::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &filter.seller {
        query = query.filter(tickets::seller_id.eq(seller.clone()));
    }
    if let Some(ground) = &filter.ground {
        query = query.filter(claims::ground.eq(ground.clone()));
    }
    if let Some(priority) = filter.priority {
        let said = tickets::priority.eq(priority.word());
        query = match priority {
            Priority::Normal => {
                query.filter(said.assume_not_null().or(tickets::priority.is_null()))
            }
            _ => query.filter(said.assume_not_null()),
        };
    }
    if let Some(words) = &filter.words {
        let exact = words.to_uppercase();
        let like = format!("%{}%", dialect::literal(words));
        let lower = format!("%{}%", dialect::literal(&words.to_lowercase()));
        query = query.filter(
            tickets::number
                .eq(exact.clone())
                .or(claims::number.nullable().eq(exact).assume_not_null())
                .or(tickets::subject.like(like).escape('\\'))
                .or(people::email.like(lower).escape('\\')),
        );
    }
    query
}
