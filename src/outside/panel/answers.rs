//! What a panel's answer means. Pure, and strict: what does not read is said to be so, never guessed.
//!
//! The traps: an error comes inside HTTP 200, of the whole answer or of one order in it; numbers are texts or numbers; an empty
//! `remains` is unknown and not 0; an order may be missing from an answer about many; PHP puts a byte order mark before the
//! answer; a fault of the machine is a page of HTML, with any status.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Failure;
use crate::plain;

/// What a panel said about one thing that it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<T> {
    Told(T),
    /// The panel's own words.
    Refused(String),
    /// Nothing, or something that does not read: what it says instead.
    Unread(String),
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As the panel spells it.
    pub status: String,
    /// Units not delivered, out of range or not; `None` is unknown.
    pub remains: Option<i64>,
}

/// What the shop has left at the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub amount: String,
    pub currency: String,
}

/// The longest of a panel's words that is kept, in characters.
const LONGEST: usize = 200;

/// The answer as a document.
pub fn whole(status: u16, body: &[u8]) -> Result<Value, Failure> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let document = serde_json::from_slice::<Value>(body);
    let refusal = document.as_ref().ok().and_then(refusal);
    match (document, refusal) {
        (_, Some(words)) if status < 500 => Err(Failure::Refused(words)),
        _ if !(200..300).contains(&status) => Err(Failure::Status(status)),
        (Ok(document @ (Value::Object(_) | Value::Array(_))), _) => Ok(document),
        _ => Err(Failure::Unread(beginning(&String::from_utf8_lossy(body)))),
    }
}

/// The error that an answer, or a part of one, consists of.
fn refusal(value: &Value) -> Option<String> {
    let error = value.as_object()?.get("error")?;
    match error {
        Value::Null | Value::Bool(false) => None,
        Value::String(words) => Some(beginning(words)),
        other => Some(beginning(&other.to_string())),
    }
}

/// The first words of something, on one line.
fn beginning(text: &str) -> String {
    match plain::line(text, LONGEST) {
        words if words.is_empty() => "(nothing)".to_owned(),
        words => words,
    }
}

fn unread<T>(value: &Value) -> Said<T> {
    Said::Unread(beginning(&value.to_string()))
}

/// The answer about several orders: each of `orders` with what was said of it.
pub fn statuses(
    document: &Value,
    orders: &[String],
) -> Result<BTreeMap<String, Said<Told>>, Failure> {
    let Value::Object(members) = document else {
        return Err(Failure::Unread(beginning(&document.to_string())));
    };
    let said = |order: &String| match members.get(order) {
        Some(value) => status(value),
        None => Said::Unread("(nothing)".to_owned()),
    };
    Ok(orders
        .iter()
        .map(|order| (order.clone(), said(order)))
        .collect())
}

/// The answer about one order, or its part in an answer about several.
pub fn status(value: &Value) -> Said<Told> {
    if let Some(words) = refusal(value) {
        return Said::Refused(words);
    }
    let status = value.get("status").and_then(Value::as_str).map(str::trim);
    let Some(status) = status.filter(|status| !status.is_empty()) else {
        return unread(value);
    };
    match remains(value.get("remains")) {
        Ok(remains) => Said::Told(Told {
            status: beginning(status),
            remains,
        }),
        Err(()) => unread(value),
    }
}

/// A whole number as text or number; a fraction of nothing (`157.00`) is none. Empty and absent are unknown.
fn remains(value: Option<&Value>) -> Result<Option<i64>, ()> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(()),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    if is_plain && is_whole {
        whole.parse().map(Some).map_err(|_| ())
    } else {
        Err(())
    }
}

/// A positive number, or the text of one, as panels write their ids and their "yes".
fn number(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && text.bytes().any(|byte| byte != b'0')).then_some(text)
}

/// The member of a list that speaks of `id`, or the object itself where the answer is not a list.
fn about<'a>(document: &'a Value, named: &str, id: &str) -> Option<&'a Map<String, Value>> {
    let is_it = |member: &&Map<String, Value>| {
        let known = member.get(named).and_then(number);
        known.is_none_or(|known| known == id)
    };
    match document {
        Value::Array(members) => {
            let mut members = members.iter().filter_map(Value::as_object);
            members.find(|member| member.contains_key(named) && is_it(member))
        }
        Value::Object(member) => Some(member).filter(is_it),
        _ => None,
    }
}

/// The value that an answer gives under `name`, or the error that stands in its place.
fn given<T>(
    document: &Value,
    (named, id): (&str, &str),
    name: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Said<T> {
    let Some(value) = about(document, named, id).and_then(|member| member.get(name)) else {
        return unread(document);
    };
    match (refusal(value), read(value)) {
        (Some(words), _) => Said::Refused(words),
        (None, Some(told)) => Said::Told(told),
        (None, None) => unread(document),
    }
}

pub fn canceled(document: &Value, order: &str) -> Said<()> {
    given(document, ("order", order), "cancel", |value| {
        let taken = *value == Value::Bool(true) || number(value).is_some();
        taken.then_some(())
    })
}

pub fn refilled(document: &Value, order: &str) -> Said<String> {
    given(document, ("order", order), "refill", number)
}

pub fn refill_status(document: &Value, refill: &str) -> Said<String> {
    given(document, ("refill", refill), "status", |value| {
        let words = value
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty());
        words.map(beginning)
    })
}

pub fn balance(document: &Value) -> Result<Balance, Failure> {
    let text = |name: &str| match document.get(name) {
        Some(Value::String(text)) => Some(beginning(text)),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    match text("balance") {
        Some(amount) => Ok(Balance {
            amount,
            currency: text("currency").unwrap_or_default(),
        }),
        None => Err(Failure::Unread(beginning(&document.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: &str, remains: Option<i64>) -> Said<Told> {
        Said::Told(Told {
            status: status.to_owned(),
            remains,
        })
    }

    fn refused<T>(words: &str) -> Said<T> {
        Said::Refused(words.to_owned())
    }

    #[test]
    fn an_error_inside_http_200_is_a_refusal() {
        let body = br#"{"error":"Incorrect request"}"#;
        for status in [200, 400, 403] {
            let said = whole(status, body);
            assert_eq!(said, Err(Failure::Refused("Incorrect request".to_owned())));
        }
        assert_eq!(
            whole(500, body),
            Err(Failure::Status(500)),
            "a machine that broke may have done it"
        );
        let fine = br#"{"order":1,"error":null}"#;
        assert!(whole(200, fine).is_ok(), "no error is none");
    }

    #[test]
    fn a_page_or_half_an_answer_does_not_read_whatever_its_status() {
        for body in [
            &b"<html><body>502 Bad Gateway</body></html>"[..],
            b"<br />\n<b>Warning</b>: mysqli {\"status\":\"Completed\"}",
            b"{\"status\":\"Par",
            b"\"Completed\"",
            b"",
            b"\xff\xfe",
        ] {
            assert!(matches!(whole(200, body), Err(Failure::Unread(_))));
            assert_eq!(whole(502, body), Err(Failure::Status(502)));
        }
        assert!(whole(200, b"\xEF\xBB\xBF{\"status\":\"Pending\"}").is_ok());
    }

    #[test]
    fn remains_is_text_or_number_and_empty_is_unknown_never_nothing() {
        for (written, read) in [
            (json!("157"), Some(157)),
            (json!(157), Some(157)),
            (json!("157.00"), Some(157)),
            (json!("-3"), Some(-3)),
            (json!(0), Some(0)),
            (json!(""), None),
            (json!(" "), None),
            (json!(null), None),
        ] {
            let value = json!({"charge": "0.27819", "status": "Partial", "remains": written});
            assert_eq!(status(&value), told("Partial", read), "{written}");
        }
        assert_eq!(
            status(&json!({"status": "Pending"})),
            told("Pending", None),
            "nothing said of it"
        );
        for odd in [
            json!("157.5"),
            json!("1e3"),
            json!("many"),
            json!(true),
            json!("."),
            json!("99999999999999999999"),
        ] {
            let value = json!({"status": "Partial", "remains": odd});
            assert!(matches!(status(&value), Said::Unread(_)), "{odd}");
        }
    }

    #[test]
    fn each_order_of_many_has_its_own_answer_error_or_silence() {
        let asked = ["1", "10", "100", "7"].map(str::to_owned);
        let said = statuses(
            &json!({
                "1": {"charge": "0.1", "start_count": "5", "status": "In progress", "remains": "10", "currency": "USD"},
                "10": {"error": "Incorrect order ID"},
                "100": {"status": ""},
                "8": {"status": "Completed", "remains": "0"},
            }),
            &asked,
        )
        .unwrap();
        assert_eq!(said["1"], told("In progress", Some(10)));
        assert_eq!(said["10"], refused("Incorrect order ID"));
        assert!(matches!(said["100"], Said::Unread(_)));
        assert_eq!(said["7"], Said::Unread("(nothing)".to_owned()));
        assert_eq!(said.len(), 4, "what nobody asked for is not heard");
        assert!(statuses(&json!([]), &asked).is_err());
    }

    #[test]
    fn a_wish_to_cancel_is_taken_refused_or_not_understood() {
        let list = json!([
            {"order": 9, "cancel": {"error": "Incorrect order ID"}},
            {"order": "2", "cancel": 1},
            {"order": 3, "cancel": 0},
        ]);
        assert_eq!(canceled(&list, "2"), Said::Told(()));
        assert_eq!(canceled(&list, "9"), refused("Incorrect order ID"));
        assert!(matches!(canceled(&list, "3"), Said::Unread(_)));
        assert!(matches!(canceled(&list, "4"), Said::Unread(_)));
        assert_eq!(canceled(&json!({"cancel": "1"}), "4"), Said::Told(()));
        assert!(matches!(
            canceled(&json!({"status": "ok"}), "4"),
            Said::Unread(_)
        ));
    }

    #[test]
    fn a_refill_has_a_number_and_then_a_status() {
        assert_eq!(
            refilled(&json!({"refill": "12"}), "5"),
            Said::Told("12".to_owned())
        );
        assert_eq!(
            refilled(&json!([{"order": 5, "refill": 12}]), "5"),
            Said::Told("12".to_owned())
        );
        let list = json!([{"order": 5, "refill": {"error": "Not yet"}}]);
        assert_eq!(refilled(&list, "5"), refused("Not yet"));
        assert!(matches!(
            refilled(&json!({"refill": "0"}), "5"),
            Said::Unread(_)
        ));
        assert_eq!(
            refill_status(&json!({"status": "Rejected"}), "12"),
            Said::Told("Rejected".to_owned())
        );
        let list = json!([{"refill": 12, "status": {"error": "Refill not found"}}]);
        assert_eq!(refill_status(&list, "12"), refused("Refill not found"));
    }

    #[test]
    fn the_balance_is_text_or_number() {
        let read = |document: Value| balance(&document).map(|balance| balance.amount);
        let amount = Ok("100.84".to_owned());
        assert_eq!(
            read(json!({"balance": "100.84", "currency": "USD"})),
            amount
        );
        assert_eq!(read(json!({"balance": 100.84})), amount);
        assert!(read(json!({"funds": 1})).is_err());
    }
}
