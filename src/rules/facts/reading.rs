//! Reads a claim from JSON, strictly: an unknown field, an unknown word, an amount that is no plain decimal or
//! an instant without an offset is refused at its dotted path. Of several faults the first in document order
//! is named. Reading goes on after a fault, so that faults found later (an overspent account, a ground that
//! the policy lacks) can still turn out to stand first.

use serde::Serialize;
use thiserror::Error;

use super::history::{account, check_history};
use super::json::{self, Node};
use super::parts::{customer, dispute, evidence, findings, order, seller};
use super::reader::Reader;
use super::*;
use crate::rules::policy::Shelf;

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

/// Reads back what [`read`] gave and this program wrote: quickly, because it was looked through before it was stored. What does not
/// read so is looked through as any claim is.
pub fn stored(text: &str) -> Result<Facts, Refusal> {
    serde_json::from_str(text).or_else(|_| read(text))
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
