//! The account's history: its entries, and what their money cannot have done.

use super::json::Node;
use super::reader::Reader;
use super::*;
use crate::rules::lots;

/// An account of which some entries may have been unreadable.
pub struct Gapped {
    pub currency: Option<Currency>,
    pub entries: Option<Vec<Option<Entry>>>,
}

/// The account, and the place of each of its entries in the document.
pub fn account<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> (Option<Gapped>, Vec<usize>) {
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
pub struct Draft {
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

pub fn entry<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Entry> {
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

pub fn kind_of<'n>(node: &'n Node<'n>) -> Option<&'n str> {
    let Node::Object(members) = node else {
        return None;
    };
    members.iter().find_map(|(key, node)| match node {
        Node::Text(text) if key == "kind" => Some(text.as_ref()),
        _ => None,
    })
}

pub fn finish(reader: &mut Reader, draft: Draft) -> Option<Entry> {
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

pub fn paid<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Paid> {
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
pub fn check_history(reader: &mut Reader, account: &Gapped, places: &[usize], as_of: Option<At>) {
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
