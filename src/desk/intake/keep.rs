//! One row at a time through the same verbs that everything else uses. A row is refused with every fault of its cells, or with
//! what the verb says. An empty cell is unknown and erases nothing that is known of an order; a row without `status_at` that still
//! says `pending` does not undo what the customer cancelled here meanwhile.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::Row;
use super::fields::Reader;
use crate::act::{Act, Role};
use crate::address::Address;
use crate::db::Tx;
use crate::db::orders::{self as rows, Order, Progress, Service};
use crate::db::people::{self, Person};
use crate::db::sellers::Seller;
use crate::desk::deposits::{Kept, NewDeposit, NewMethod, receive};
use crate::desk::orders::{NewOrder, place};
use crate::desk::panels;
use crate::error::{Error, Result};
use crate::ids::{PersonId, ServiceId};
use crate::plain;
use crate::rules::facts::{CanceledBy, MethodStatus, Sms, Status};

pub fn service(tx: &mut Tx, act: &Act, seller: &Seller, row: &Row) -> Result<Kept> {
    let mut cells = Reader::new(row);
    let reference = cells.required("reference");
    let name = plain::line(&cells.required("name"), 200);
    let snapshot_json = snapshot(&mut cells).to_string();
    cells.done()?;
    match rows::service_by_reference(tx, &seller.id, &reference)? {
        Some(known) if known.name == name && known.snapshot_json == snapshot_json => Ok(Kept::Same),
        Some(known) => {
            rows::set_service(tx, &known.id, &name, &snapshot_json, act.at.into())?;
            Ok(Kept::Changed)
        }
        None => {
            let new = Service {
                id: ServiceId::new(act.at),
                seller_id: seller.id.clone(),
                reference,
                name,
                snapshot_json,
                changed_at: act.at.into(),
            };
            rows::insert_service(tx, &new)?;
            Ok(Kept::Added)
        }
    }
}

/// What a buyer is shown, as the `service` object of a claim; what nobody said is left out.
fn snapshot(cells: &mut Reader) -> Value {
    let mut shown = Map::new();
    let refill = cells.word("refill", |text| match text {
        "none" | "lifetime" => Some(json!(text)),
        days => days
            .parse::<u32>()
            .ok()
            .filter(|days| (1..=36_500).contains(days))
            .map(|days| json!(days)),
    });
    shown.extend(refill.map(|refill| ("refill".to_owned(), refill)));
    for column in ["refundable_once_started", "returnable", "limits_disclosed"] {
        shown.extend(
            cells
                .truth(column)
                .map(|truth| (column.to_owned(), json!(truth))),
        );
    }
    let compatible = cells.list("compatible_with");
    shown.extend(compatible.map(|list| ("compatible_with".to_owned(), json!(list))));
    Value::Object(shown)
}

pub fn deposit(tx: &mut Tx, act: &Act, seller: &Seller, row: &Row) -> Result<Kept> {
    let mut cells = Reader::new(row);
    let reference = cells.required("reference");
    let customer = Customer::read(&mut cells);
    cells.filled("at");
    let at = cells.past("at", act.at);
    cells.filled("amount");
    let amount_e8 = cells.money("amount");
    let currency = cells
        .currency("currency")
        .unwrap_or_else(|| seller.currency.clone());
    let method = NewMethod {
        reference: cells.required("method"),
        label: cells.words("method_label"),
        state: cells.word("method_state", MethodStatus::from_word),
    };
    let paid = (cells.money("paid_amount"), cells.currency("paid_currency"));
    if paid.0.is_some() != paid.1.is_some() {
        cells.fault::<()>("paid_currency", "paid_amount and paid_currency go together");
    }
    let surcharge_e8 = cells.amount("surcharge");
    cells.done()?;
    let (Some(at), Some(amount_e8)) = (at, amount_e8) else {
        return Err(Error::broken("a deposit without faults lacks its amount"));
    };
    let new = NewDeposit {
        seller: seller.id.clone(),
        customer: customer.keep(tx, act)?,
        reference,
        at,
        currency,
        amount_e8,
        method,
        paid: paid.0.zip(paid.1),
        surcharge_e8,
    };
    receive(tx, act, &new).map(|(_, kept)| kept)
}

pub fn order(tx: &mut Tx, act: &Act, seller: &Seller, row: &Row) -> Result<Kept> {
    let mut cells = Reader::new(row);
    let reference = cells.required("reference");
    let customer = Customer::read(&mut cells);
    let service = match cells.reference("service") {
        Some(name) => rows::service_by_reference(tx, &seller.id, &name)?.or_else(|| {
            cells.fault(
                "service",
                format!("there is no service {name}: import the services first"),
            )
        }),
        None => None,
    };
    let charge_e8 = cells.amount("charge");
    cells.filled("status");
    let status = cells.word("status", Status::from_spelling);
    let quantity = cells.whole_from("quantity", 0);
    let items = cells.whole_from("items", 1);
    let dated = cells.past("status_at", act.at);
    let mut progress = status.map(|status| progress(&mut cells, act, status));
    if let Some(known) = rows::by_reference(tx, &seller.id, &reference)? {
        progress = match progress {
            Some(told) => Some(beside_the_known(tx, &known, told, dated)?),
            None => None,
        };
    }
    let title = cells
        .words("title")
        .or_else(|| service.as_ref().map(|service| service.name.clone()));
    let new = NewOrder {
        seller: seller.id.clone(),
        customer: PersonId::from(""),
        title: title.unwrap_or_else(|| reference.clone()),
        reference,
        snapshot_json: service
            .as_ref()
            .map_or_else(|| "{}".to_owned(), |service| service.snapshot_json.clone()),
        service: service.map(|service| service.id),
        target: cells.words("target").unwrap_or_default(),
        placed_at: cells.past("placed_at", act.at),
        currency: cells
            .currency("currency")
            .unwrap_or_else(|| seller.currency.clone()),
        charge_e8,
        tax_included_e8: cells.amount("tax_included"),
        quantity,
        paid_with: cells.parts("paid_with", charge_e8),
        items: items.unwrap_or(1),
        progress: progress.unwrap_or(UNREAD),
        source: "import".to_owned(),
        told_at: dated.unwrap_or(act.at),
    };
    let panel_order = cells.reference("panel_order");
    cells.done()?;
    let new = NewOrder {
        customer: customer.keep(tx, act)?,
        ..new
    };
    let (order, kept) = place(tx, act, &new)?;
    let named = match &panel_order {
        Some(name) => panels::name_order(tx, act, &order, name)?,
        None => Kept::Same,
    };
    Ok(if kept == Kept::Same { named } else { kept })
}

/// Stands in for the progress of a row whose status does not read; such a row is refused.
const UNREAD: Progress = Progress {
    status: Status::Pending,
    remains: None,
    canceled_by: None,
    period_ends_on: None,
    confirmed_at: None,
    sent_at: None,
    sms: None,
    sms_received_at: None,
};

fn progress(cells: &mut Reader, act: &Act, status: Status) -> Progress {
    Progress {
        status,
        remains: cells.whole("remains").map(|remains| remains.to_string()),
        canceled_by: cells.word("canceled_by", CanceledBy::from_word),
        period_ends_on: cells.day("period_ends_on"),
        confirmed_at: cells.instant("confirmed_at").map(Into::into),
        sent_at: cells.instant("sent_at").map(Into::into),
        sms: cells.word("sms", Sms::from_word),
        sms_received_at: cells.past("sms_received_at", act.at).map(Into::into),
    }
}

/// What a row tells, with what is known already where it says nothing. What remained and who cancelled belong to their status and
/// are not kept beyond it; a row about the past is only itself.
fn beside_the_known(
    tx: &mut Tx,
    order: &Order,
    told: Progress,
    dated: Option<DateTime<Utc>>,
) -> Result<Progress> {
    let latest = rows::history(tx, &order.id)?.pop();
    let is_late = |at: DateTime<Utc>| latest.as_ref().is_some_and(|line| line.at.utc() > at);
    if dated.is_some_and(is_late) {
        return Ok(told);
    }
    let known = order.progress();
    let canceled_here =
        known.status == Status::Canceled && latest.is_some_and(|line| line.source == "customer");
    if canceled_here && dated.is_none() && told.status == Status::Pending {
        return Ok(known);
    }
    let same = told.status == known.status;
    Ok(Progress {
        status: told.status,
        remains: told.remains.or(known.remains.filter(|_| same)),
        canceled_by: told.canceled_by.or(known.canceled_by.filter(|_| same)),
        period_ends_on: told.period_ends_on.or(known.period_ends_on),
        confirmed_at: told.confirmed_at.or(known.confirmed_at),
        sent_at: told.sent_at.or(known.sent_at),
        sms: told.sms.or(known.sms),
        sms_received_at: told.sms_received_at.or(known.sms_received_at),
    })
}

/// Whom a row names.
struct Customer {
    email: String,
    name: String,
}

impl Customer {
    fn read(cells: &mut Reader) -> Customer {
        let text = cells.required("customer");
        let email = match Address::parse(&text) {
            Ok(address) => address.as_str().to_owned(),
            Err(_) if text.is_empty() => text,
            Err(why) => {
                cells.fault::<()>("customer", why.to_string());
                text
            }
        };
        let named = cells.words("customer_name");
        let name = named.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        Customer {
            email,
            name: plain::line(&name, 100),
        }
    }

    /// The customer of that address; made without a password where there is none yet: they confirm the address by resetting it.
    fn keep(self, tx: &mut Tx, act: &Act) -> Result<PersonId> {
        if let Some(person) = people::by_email(tx, &self.email)? {
            if person.role.is_staff() {
                return Err(Error::invalid(
                    "customer",
                    "is the address of a member of staff",
                ));
            }
            return Ok(person.id);
        }
        let person = Person {
            id: PersonId::new(act.at),
            email: self.email,
            name: self.name,
            role: Role::Customer,
            password_hash: None,
            confirmed_at: None,
            disabled_at: None,
            verified: None,
            suspended: false,
            time_zone: "UTC".to_owned(),
            created_at: act.at.into(),
        };
        if people::insert_person(tx, &person)? {
            Ok(person.id)
        } else {
            Err(Error::Stale)
        }
    }
}
