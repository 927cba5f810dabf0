//! Compares answers of `redress assess` with what a case expects, in the terms of the contract: what a case leaves
//! out is free, amounts are compared as numbers, a clause is cited under its own id or a lettered part of it.

use redress::rules::adjudicate::adjudicate;
use redress::rules::facts;
use redress::rules::money::Amount;
use redress::rules::policy::Shelf;
use serde_json::{Map, Value, json};

/// What the command would print for this claim.
pub fn answer(shelf: &Shelf, claim: &Value) -> Value {
    match facts::read_on(shelf, &claim.to_string()) {
        Ok(facts) => serde_json::to_value(adjudicate(shelf, &facts)).unwrap(),
        Err(refusal) => {
            json!({ "id": refusal.id, "error": { "field": refusal.field, "message": refusal.message } })
        }
    }
}

/// Every expectation that the answer does not meet.
pub fn mismatches(expect: &Value, got: &Value) -> Vec<String> {
    let expect = expect.as_object().unwrap();
    let mut bad = Vec::new();
    if let Some(error) = expect.get("error") {
        if got["error"]["field"] != error["field"] {
            bad.push(format!("refusal at {}, got {got}", error["field"]));
        }
        return bad;
    }
    for (key, want) in expect {
        let met = match key.as_str() {
            "outcome" | "flagged" | "discretionary" | "automatic" | "next_action" | "route"
            | "currency" => got[key] == *want,
            "amount" => number(want) == number(&got[key]),
            "amount_is_unknown" => got["amount"].is_null(),
            "payments" => same_payments(rows(want), rows(&got[key])),
            "cites" => strings(want).all(|id| is_cited(id, got)),
            "missing" => strings(want).all(|what| strings(&got[key]).any(|listed| listed == what)),
            "alternatives" => rows(want).iter().all(|amount| {
                rows(&got[key])
                    .iter()
                    .any(|a| number(&a["amount"]) == number(amount))
            }),
            "deadlines" => rows(want).iter().all(|one| {
                rows(&got[key])
                    .iter()
                    .any(|other| same_deadline(one, other))
            }),
            "stays_on_balance" => rows(want)
                .iter()
                .all(|one| rows(&got[key]).iter().any(|other| same_payment(one, other))),
            other => panic!("a case cannot expect {other}"),
        };
        if !met {
            bad.push(format!(
                "{key}: expected {want}, got {}",
                got.get(key).unwrap_or(&Value::Null)
            ));
        }
    }
    bad
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    rows(value).iter().filter_map(Value::as_str)
}

fn number(value: &Value) -> Option<Amount> {
    value.as_str().map(|text| Amount::parse(text).unwrap())
}

fn is_cited(id: &str, got: &Value) -> bool {
    rows(&got["clauses"])
        .iter()
        .filter(|clause| clause["result"] != "not_applicable")
        .any(|clause| {
            let part = clause["id"].as_str().unwrap().strip_prefix(id);
            part.is_some_and(|part| {
                part.is_empty() || (part.len() == 1 && part.as_bytes()[0].is_ascii_lowercase())
            })
        })
}

fn same_payments(want: &[Value], got: &[Value]) -> bool {
    let mut left: Vec<&Value> = got.iter().collect();
    let found = want.iter().all(|one| {
        let place = left.iter().position(|other| same_payment(one, other));
        place.map(|place| left.remove(place)).is_some()
    });
    found && left.is_empty()
}

fn same_payment(want: &Value, got: &Value) -> bool {
    fields(want).iter().all(|(key, value)| {
        if key == "amount" {
            number(value) == number(&got[key])
        } else {
            got[key] == *value
        }
    })
}

fn same_deadline(want: &Value, got: &Value) -> bool {
    fields(want).iter().all(|(key, value)| match key.as_str() {
        "due_at" | "from_at" => instant(value) == instant(&got[key]),
        key => got[key] == *value,
    })
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn instant(value: &Value) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    value.as_str().map(|text| text.parse().unwrap())
}
