//! Reads a claim from JSON, strictly: an unknown field, an unknown word, an amount that is no plain decimal or
//! an instant without an offset is refused at its dotted path. Of several faults the first in document order
//! is named. Reading goes on after a fault, so that faults found later (an overspent account, a ground that
//! the policy lacks) can still turn out to stand first.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use thiserror::Error;

use super::json::{self, Node};
use super::*;
use crate::rules::lots;
use crate::rules::money::MoneyError;
use crate::rules::policy::Shelf;

/// Longest refill or other day count that is taken for one.
const MOST_DAYS: i64 = 36_500;

/// Why a claim could not be read; `field` is the dotted path from its root, empty for the document itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[error("{field}: {message}")]
pub struct Refusal {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub field: String,
    pub message: String,
}

/// Reads one claim. Whether its policy and ground exist is left to whoever holds the policies.
pub fn read(text: &str) -> Result<Facts, Refusal> {
    read_claim(text, None)
}

/// Reads one claim whose policy and ground must be on the shelf.
pub fn read_on(shelf: &Shelf, text: &str) -> Result<Facts, Refusal> {
    read_claim(text, Some(shelf))
}

fn read_claim(text: &str, shelf: Option<&Shelf>) -> Result<Facts, Refusal> {
    let refuse = |message: String| Refusal {
        id: None,
        field: String::new(),
        message,
    };
    let node = json::parse(text).map_err(|why| refuse(format!("is not JSON: {why}")))?;
    if !matches!(node, Node::Object(_)) {
        return Err(refuse("a claim is a JSON object".to_owned()));
    }
    let mut reader = Reader::default();
    let facts = claim(&mut reader, &node, shelf);
    match (reader.first_fault(), facts) {
        (None, Some(facts)) => Ok(facts),
        (Some(fault), facts) => Err(Refusal {
            id: facts.and_then(|f| f.id).or(echo(&node)),
            ..fault
        }),
        (None, None) => Err(refuse("is not a claim".to_owned())),
    }
}

fn echo(node: &Node) -> Option<String> {
    let Node::Object(members) = node else {
        return None;
    };
    members.iter().find_map(|(key, node)| match node {
        Node::Text(text) if key == "id" => Some(text.clone().into_owned()),
        _ => None,
    })
}

enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

#[derive(Default)]
struct Reader<'a> {
    path: Vec<Step<'a>>,
    /// How many fields have been visited: a fault's place in the document.
    place: usize,
    faults: Vec<(usize, Refusal)>,
}

impl<'a> Reader<'a> {
    fn first_fault(self) -> Option<Refusal> {
        self.faults
            .into_iter()
            .min_by_key(|(place, _)| *place)
            .map(|(_, fault)| fault)
    }

    fn here(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            let _ = match step {
                Step::Member(name) if path.is_empty() => write!(path, "{name}"),
                Step::Member(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }

    fn fault<T>(&mut self, message: impl Into<String>) -> Option<T> {
        self.fault_at(self.place, self.here(), message);
        None
    }

    fn fault_at(&mut self, place: usize, field: String, message: impl Into<String>) {
        self.faults.push((
            place,
            Refusal {
                id: None,
                field,
                message: message.into(),
            },
        ));
    }

    /// Visits the members of an object in document order; `false` from `member` means that it knows no such field.
    fn object<'n: 'a>(
        &mut self,
        node: &'n Node<'n>,
        mut member: impl FnMut(&mut Self, &str, &'n Node<'n>) -> bool,
    ) -> bool {
        let members = match node {
            Node::Null => return false,
            Node::Object(members) => members,
            _ => return self.fault::<()>("must be an object").is_some(),
        };
        for (index, (key, node)) in members.iter().enumerate() {
            self.place += 1;
            self.path.push(Step::Member(key));
            if members[..index].iter().any(|(earlier, _)| earlier == key) {
                self.fault::<()>("is given twice");
            } else if !member(self, key, node) {
                self.fault::<()>("is not a field that a claim has");
            }
            self.path.pop();
        }
        self.place += 1;
        true
    }

    fn list<'n: 'a, T>(
        &mut self,
        node: &'n Node<'n>,
        mut item: impl FnMut(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let nodes = match node {
            Node::Null => return None,
            Node::List(nodes) => nodes,
            _ => return self.fault("must be a list"),
        };
        let mut items = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            self.place += 1;
            self.path.push(Step::Index(index));
            let read = match node {
                Node::Null => self.fault("must not be null"),
                node => item(self, node),
            };
            items.push(read);
            self.path.pop();
        }
        Some(items)
    }

    /// A field that an object must have, found missing when the object ends.
    fn required<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let field = match self.here() {
                here if here.is_empty() => name.to_owned(),
                here => format!("{here}.{name}"),
            };
            // A field that is there but faulty has its own, earlier fault.
            if !self.faults.iter().any(|(_, fault)| fault.field == field) {
                self.fault_at(self.place, field, "is required");
            }
        }
        value
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        match node {
            Node::Null => None,
            Node::Text(text) => Some(text.clone().into_owned()),
            _ => self.fault("must be text"),
        }
    }

    fn truth(&mut self, node: &Node) -> Option<bool> {
        match node {
            Node::Null => None,
            Node::Bool(truth) => Some(*truth),
            _ => self.fault("must be true or false"),
        }
    }

    fn word<T: Copy>(&mut self, node: &Node, from_word: fn(&str) -> Option<T>) -> Option<T> {
        match node {
            Node::Null => None,
            Node::Text(text) => match from_word(text) {
                Some(word) => Some(word),
                None => self.fault(format!("{text:?} is not a word known here")),
            },
            _ => self.fault("must be a word"),
        }
    }

    fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        parse: fn(&str) -> Result<T, MoneyError>,
    ) -> Option<T> {
        match node {
            Node::Null => None,
            Node::Text(text) => match parse(text) {
                Ok(value) => Some(value),
                Err(why) => self.fault(why.to_string()),
            },
            _ => self.fault(format!("must be {what}, as text")),
        }
    }

    fn amount(&mut self, node: &Node) -> Option<Amount> {
        self.parsed(node, "a decimal amount", Amount::parse)
    }

    fn currency(&mut self, node: &Node) -> Option<Currency> {
        self.parsed(node, "a currency code", Currency::parse)
    }

    fn instant(&mut self, node: &Node) -> Option<At> {
        match node {
            Node::Null => None,
            Node::Text(text) => match DateTime::parse_from_rfc3339(text) {
                Ok(at) => Some(whole_second(at.with_timezone(&Utc))),
                Err(_) => {
                    self.fault("must be an instant with an offset such as 2025-06-05T12:00:00Z")
                }
            },
            _ => self.fault("must be an instant, as text"),
        }
    }

    fn day(&mut self, node: &Node) -> Option<NaiveDate> {
        match node {
            Node::Null => None,
            Node::Text(text) => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                Ok(day) if text.len() == 10 => Some(day),
                _ => self.fault("must be a day such as 2025-06-05"),
            },
            _ => self.fault("must be a day, as text"),
        }
    }

    /// A count that is at least `least`, as a JSON number.
    fn count(&mut self, node: &Node, least: i64) -> Option<i64> {
        match node {
            Node::Null => None,
            Node::Whole(count) if *count >= least => Some(*count),
            Node::Whole(_) => self.fault(format!("must be at least {least}")),
            _ => self.fault("must be a whole number"),
        }
    }

    /// A meter's number: whole, as a number or as text; empty text is unknown; it may lie outside any range.
    fn meter(&mut self, node: &Node) -> Option<i64> {
        match node {
            Node::Null => None,
            Node::Whole(count) => Some(*count),
            Node::Text(text) => {
                let text = text.trim();
                let digits = text.strip_prefix('-').unwrap_or(text);
                if text.is_empty() {
                    None
                } else if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    self.fault("must be a whole number")
                } else {
                    Some(
                        text.parse()
                            .unwrap_or(if text == digits { i64::MAX } else { i64::MIN }),
                    )
                }
            }
            _ => self.fault("must be a whole number"),
        }
    }
}

fn claim<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>, shelf: Option<&Shelf>) -> Option<Facts> {
    let mut facts = Facts::new("", "", At::UNIX_EPOCH);
    let (mut policy, mut ground, mut received_at) = (None, None, None);
    let (mut policy_place, mut ground_place, mut as_of_place) = (0, 0, 0);
    let mut places = Vec::new();
    let mut whole_account = None;
    reader.object(node, |r, key, node| {
        match key {
            "id" => facts.id = r.text(node),
            "policy" => (policy, policy_place) = (r.text(node), r.place),
            "ground" => (ground, ground_place) = (r.text(node), r.place),
            "received_at" => received_at = r.instant(node),
            "as_of" => (facts.as_of, as_of_place) = (r.instant(node), r.place),
            "channel" => {
                facts.channel = r.word(node, Channel::from_word).unwrap_or(Channel::Portal)
            }
            "reason" => facts.reason = r.text(node),
            "evidence" => {
                facts.evidence = r
                    .list(node, evidence)
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .collect()
            }
            "requested" => facts.requested = r.amount(node),
            "remedy_choice" => facts.remedy_choice = r.word(node, Remedy::from_word),
            "approved_at" => facts.approved_at = r.instant(node),
            "seller" => facts.seller = seller(r, node),
            "customer" => facts.customer = customer(r, node),
            "account" => (whole_account, places) = account(r, node),
            "order" => facts.order = order(r, node),
            "dispute" => facts.dispute = dispute(r, node),
            "findings" => facts.findings = findings(r, node),
            _ => return false,
        }
        true
    });
    facts.policy = reader.required("policy", policy).unwrap_or_default();
    facts.ground = reader.required("ground", ground).unwrap_or_default();
    let received = reader.required("received_at", received_at);
    facts.received_at = received.unwrap_or_default();
    if received.is_some() && facts.as_of.is_some_and(|as_of| as_of < facts.received_at) {
        reader.fault_at(
            as_of_place,
            "as_of".to_owned(),
            "lies before the claim was received",
        );
    }
    if let Some(account) = whole_account {
        check_history(
            reader,
            &account,
            &places,
            received.map(|_| facts.assessed_at()),
        );
        let entries = account
            .entries
            .map(|entries| entries.into_iter().flatten().collect());
        facts.account = Some(Account {
            currency: account.currency,
            entries,
        });
    }
    if let Some(shelf) = shelf {
        let versions = shelf.versions(&facts.policy);
        if policy_place > 0 && versions.is_empty() {
            reader.fault_at(policy_place, "policy".to_owned(), "is not a policy on file");
        } else if ground_place > 0
            && !versions.is_empty()
            && !versions.iter().any(|p| p.ground(&facts.ground).is_some())
        {
            reader.fault_at(
                ground_place,
                "ground".to_owned(),
                format!("is not a ground of {}", facts.policy),
            );
        }
    } else if policy_place > 0 && facts.policy.trim().is_empty() {
        reader.fault_at(policy_place, "policy".to_owned(), "must not be empty");
    }
    Some(facts)
}

fn evidence<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Evidence> {
    let (mut kind, mut received_at) = (None, None);
    reader.object(node, |r, key, node| {
        match key {
            "kind" => kind = r.word(node, EvidenceKind::from_word),
            "received_at" => received_at = r.instant(node),
            _ => return false,
        }
        true
    });
    Some(Evidence {
        kind: reader.required("kind", kind)?,
        received_at,
    })
}

fn seller<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Seller {
    let mut seller = Seller::default();
    reader.object(node, |r, key, node| {
        match key {
            "time_zone" => seller.time_zone = time_zone(r, node),
            "holidays" => {
                seller.holidays = r
                    .list(node, Reader::day_of)
                    .map(|days| days.into_iter().flatten().collect())
            }
            "large_refund_threshold" => seller.large_refund_threshold = r.amount(node),
            "fee_schedule" => {
                seller.fee_schedule = r
                    .list(node, fee)
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .collect()
            }
            _ => return false,
        }
        true
    });
    seller
}

impl<'a> Reader<'a> {
    fn day_of(&mut self, node: &'a Node<'a>) -> Option<NaiveDate> {
        self.day(node)
    }

    fn text_of(&mut self, node: &'a Node<'a>) -> Option<String> {
        self.text(node)
    }
}

fn time_zone(reader: &mut Reader, node: &Node) -> Option<Tz> {
    let name = reader.text(node)?;
    match name.parse() {
        Ok(zone) => Some(zone),
        Err(_) => reader.fault("is not an IANA time zone such as Europe/Berlin"),
    }
}

fn fee<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Fee> {
    let (mut valid_from, mut valid_to, mut rate, mut flat) = (None, None, None, None);
    reader.object(node, |r, key, node| {
        match key {
            "valid_from" => valid_from = r.day(node),
            "valid_to" => valid_to = r.day(node),
            "rate" => {
                rate = r.parsed(node, "a decimal fraction", Rate::parse);
                if rate.is_some_and(|rate| rate > Rate::WHOLE) {
                    r.fault::<()>("is a fraction: \"0.05\" is 5 %, and more than \"1\" is none");
                }
            }
            "flat" => flat = r.amount(node),
            _ => return false,
        }
        true
    });
    Some(Fee {
        valid_from: reader.required("valid_from", valid_from)?,
        valid_to,
        rate,
        flat,
    })
}

fn customer<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Customer {
    let mut customer = Customer::default();
    reader.object(node, |r, key, node| {
        match key {
            "verified" => customer.verified = r.truth(node),
            "suspended" => customer.suspended = r.truth(node),
            _ => return false,
        }
        true
    });
    customer
}

/// An account of which some entries may have been unreadable.
struct Gapped {
    currency: Option<Currency>,
    entries: Option<Vec<Option<Entry>>>,
}

/// The account, and the place of each of its entries in the document.
fn account<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> (Option<Gapped>, Vec<usize>) {
    let mut account = Gapped {
        currency: None,
        entries: None,
    };
    let mut places = Vec::new();
    let known = reader.object(node, |r, key, node| {
        match key {
            "currency" => account.currency = r.currency(node),
            "entries" => {
                account.entries = r.list(node, |r, node| {
                    places.push(r.place);
                    let faults = r.faults.len();
                    entry(r, node).filter(|_| r.faults.len() == faults)
                });
            }
            _ => return false,
        }
        true
    });
    (known.then_some(account), places)
}

/// The fields that entries of any kind may have; each kind takes its own.
#[derive(Default)]
struct Draft {
    kind: Option<String>,
    id: Option<String>,
    at: Option<At>,
    amount: Option<Amount>,
    order: Option<String>,
    deposit: Option<String>,
    method: Option<String>,
    method_status: Option<MethodStatus>,
    paid: Option<Paid>,
    surcharge: Option<Amount>,
    expires_at: Option<At>,
}

fn entry<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Entry> {
    let kind = kind_of(node);
    let allowed: &[&str] = match kind {
        Some("deposit") => &["id", "method", "method_status", "paid", "surcharge"],
        Some("bonus") => &["id", "expires_at"],
        Some("order") => &["id"],
        Some("order_refund") => &["order"],
        Some("payout") => &["deposit"],
        _ => &[
            "id",
            "order",
            "deposit",
            "method",
            "method_status",
            "paid",
            "surcharge",
            "expires_at",
        ],
    };
    let mut draft = Draft::default();
    let read = reader.object(node, |r, key, node| {
        match key {
            "kind" => {
                draft.kind = r.text(node);
                if draft.kind.is_some()
                    && !matches!(
                        kind,
                        Some("deposit" | "bonus" | "order" | "order_refund" | "payout")
                    )
                {
                    r.fault::<()>("is not a kind of entry");
                }
            }
            "at" => draft.at = r.instant(node),
            "amount" => draft.amount = r.amount(node),
            key if !allowed.contains(&key) => return false,
            "id" => draft.id = r.text(node),
            "order" => draft.order = r.text(node),
            "deposit" => draft.deposit = r.text(node),
            "method" => draft.method = r.text(node),
            "method_status" => draft.method_status = r.word(node, MethodStatus::from_word),
            "paid" => draft.paid = paid(r, node),
            "surcharge" => draft.surcharge = r.amount(node),
            "expires_at" => draft.expires_at = r.instant(node),
            _ => return false,
        }
        true
    });
    if !read {
        return None;
    }
    finish(reader, draft)
}

fn kind_of<'n>(node: &'n Node<'n>) -> Option<&'n str> {
    let Node::Object(members) = node else {
        return None;
    };
    members.iter().find_map(|(key, node)| match node {
        Node::Text(text) if key == "kind" => Some(text.as_ref()),
        _ => None,
    })
}

fn finish(reader: &mut Reader, draft: Draft) -> Option<Entry> {
    let kind = reader.required("kind", draft.kind)?;
    let at = reader.required("at", draft.at);
    let amount = reader.required("amount", draft.amount);
    match kind.as_str() {
        "deposit" => {
            let id = reader.required("id", draft.id);
            let method = reader.required("method", draft.method);
            Some(Entry::Deposit(Deposit {
                id: id?,
                at: at?,
                amount: amount?,
                method: method?,
                method_status: draft.method_status,
                paid: draft.paid,
                surcharge: draft.surcharge,
            }))
        }
        "bonus" => {
            let id = reader.required("id", draft.id);
            Some(Entry::Bonus(Bonus {
                id: id?,
                at: at?,
                amount: amount?,
                expires_at: draft.expires_at,
            }))
        }
        "order" => {
            let id = reader.required("id", draft.id);
            Some(Entry::Order {
                id: id?,
                at: at?,
                amount: amount?,
            })
        }
        "order_refund" => {
            let order = reader.required("order", draft.order);
            Some(Entry::OrderRefund {
                order: order?,
                at: at?,
                amount: amount?,
            })
        }
        "payout" => {
            let deposit = reader.required("deposit", draft.deposit);
            Some(Entry::Payout {
                deposit: deposit?,
                at: at?,
                amount: amount?,
            })
        }
        _ => None,
    }
}

fn paid<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Paid> {
    let (mut amount, mut currency) = (None, None);
    let known = reader.object(node, |r, key, node| {
        match key {
            "amount" => amount = r.amount(node),
            "currency" => currency = r.currency(node),
            _ => return false,
        }
        true
    });
    if !known {
        return None;
    }
    let amount = reader.required("amount", amount);
    let currency = reader.required("currency", currency);
    Some(Paid {
        amount: amount?,
        currency: currency?,
    })
}

/// Folds the readable head of the history; what the money cannot have done is a fault at its entry.
fn check_history(reader: &mut Reader, account: &Gapped, places: &[usize], as_of: Option<At>) {
    let Some(entries) = &account.entries else {
        return;
    };
    let head: Vec<Entry> = entries.iter().map_while(Option::clone).collect();
    if let Err(fault) = lots::check(&head, as_of) {
        let field = format!("account.entries[{}].{}", fault.entry, fault.field);
        let place = places.get(fault.entry).copied().unwrap_or(reader.place);
        reader.fault_at(place, field, fault.message);
    }
}

fn order<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Order> {
    let mut order = Order::default();
    let known = reader.object(node, |r, key, node| {
        match key {
            "id" => order.id = r.text(node),
            "placed_at" => order.placed_at = r.instant(node),
            "status" => order.status = r.word(node, Status::from_spelling),
            "quantity" => order.quantity = r.count(node, 0),
            "remains" => order.remains = r.meter(node),
            "remains_at_request" => order.remains_at_request = r.meter(node),
            "charge" => order.charge = r.amount(node),
            "currency" => order.currency = r.currency(node),
            "tax_included" => order.tax_included = r.amount(node),
            "refunded" => order.refunded = r.amount(node),
            "paid_with" => {
                order.paid_with = r
                    .list(node, part)
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .collect()
            }
            "canceled_by" => order.canceled_by = r.word(node, CanceledBy::from_word),
            "period_ends_on" => order.period_ends_on = r.day(node),
            "confirmed_at" => order.confirmed_at = r.instant(node),
            "sent_at" => order.sent_at = r.instant(node),
            "sms" => order.sms = r.word(node, Sms::from_word),
            "sms_received_at" => order.sms_received_at = r.instant(node),
            "items" => order.items = r.count(node, 1),
            "service" => order.service = service(r, node),
            _ => return false,
        }
        true
    });
    known.then_some(order)
}

fn part<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Part> {
    let (mut method, mut amount) = (None, None);
    reader.object(node, |r, key, node| {
        match key {
            "method" => method = r.text(node),
            "amount" => amount = r.amount(node),
            _ => return false,
        }
        true
    });
    let method = reader.required("method", method);
    let amount = reader.required("amount", amount);
    Some(Part {
        method: method?,
        amount: amount?,
    })
}

fn service<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Service {
    let mut service = Service::default();
    reader.object(node, |r, key, node| {
        match key {
            "refill" => service.refill = refill(r, node),
            "refundable_once_started" => service.refundable_once_started = r.truth(node),
            "returnable" => service.returnable = r.truth(node),
            "limits_disclosed" => service.limits_disclosed = r.truth(node),
            "compatible_with" => {
                service.compatible_with = r
                    .list(node, Reader::text_of)
                    .map(|names| names.into_iter().flatten().collect());
            }
            _ => return false,
        }
        true
    });
    service
}

fn refill(reader: &mut Reader, node: &Node) -> Option<Refill> {
    match node {
        Node::Null => None,
        Node::Text(text) if text == "none" => Some(Refill::Never),
        Node::Text(text) if text == "lifetime" => Some(Refill::Lifetime),
        Node::Whole(days) if (0..=MOST_DAYS).contains(days) => {
            u32::try_from(*days).ok().map(Refill::Days)
        }
        _ => reader.fault("must be \"none\", \"lifetime\" or a number of days"),
    }
}

fn dispute<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Dispute> {
    let mut dispute = Dispute {
        status: DisputeStatus::Open,
        deposit: None,
        amount: None,
        reason: None,
        contacted_first: None,
        answered_in_time: None,
    };
    let mut status = None;
    let known = reader.object(node, |r, key, node| {
        match key {
            "status" => status = r.word(node, DisputeStatus::from_word),
            "deposit" => dispute.deposit = r.text(node),
            "amount" => dispute.amount = r.amount(node),
            "reason" => dispute.reason = r.word(node, DisputeReason::from_word),
            "contacted_first" => dispute.contacted_first = r.truth(node),
            "answered_in_time" => dispute.answered_in_time = r.truth(node),
            _ => return false,
        }
        true
    });
    if !known {
        return None;
    }
    dispute.status = reader.required("status", status)?;
    Some(dispute)
}

fn findings<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Findings {
    let mut findings = Findings::default();
    reader.object(node, |r, key, node| {
        match key {
            "stop" => findings.stop = r.word(node, Stop::from_word),
            "refill" => findings.refill = r.word(node, RefillResult::from_word),
            "shortfall" => findings.shortfall = r.meter(node),
            "can_complete" => findings.can_complete = r.truth(node),
            "service_available" => findings.service_available = r.truth(node),
            "service_discontinued" => findings.service_discontinued = r.truth(node),
            "target_available" => findings.target_available = r.truth(node),
            "system_error" => findings.system_error = r.truth(node),
            "unlawful_use" => findings.unlawful_use = r.word(node, Unlawful::from_word),
            "defect" => findings.defect = defect(r, node),
            "incompatible_with" => findings.incompatible_with = r.text(node),
            "resend" => findings.resend = r.word(node, Resend::from_word),
            "repaired" => findings.repaired = r.truth(node),
            "matches_description" => findings.matches_description = r.truth(node),
            _ => return false,
        }
        true
    });
    findings
}

fn defect<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Defect {
    let mut defect = Defect::default();
    reader.object(node, |r, key, node| {
        match key {
            "approved" => defect.approved = r.truth(node),
            "fixed_at" => defect.fixed_at = r.instant(node),
            "access_requested_at" => defect.access_requested_at = r.instant(node),
            "access_granted_at" => defect.access_granted_at = r.instant(node),
            "access_refused" => defect.access_refused = r.truth(node),
            _ => return false,
        }
        true
    });
    defect
}
