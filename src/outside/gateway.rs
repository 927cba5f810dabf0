//! A payment gateway: told once to pay under a key of ours, asked what became of that key, and heard when it calls back. It speaks
//! JSON over HTTPS; the README says which. Whatever it answers that is not plainly about that payment counts as no answer at all.
//!
//! Why so few words: between "it paid" and "it did not" lies "nobody knows", and only the first two may move money.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::http::{Body, Call, Http};
use crate::config;

/// How far a call-back's clock may be from ours, in seconds.
const SKEW: i64 = 300;

#[derive(Clone)]
pub struct Gateway {
    http: Http,
    url: String,
    token: String,
    secret: String,
    /// Short names of the sellers whose payouts it sends; empty for all.
    pub sellers: Vec<String>,
}

/// What is to be paid. The amount is a plain decimal in the currency's own digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The same key is the same payment, however often it is asked for.
    pub key: String,
    pub number: String,
    pub seller: String,
    /// The payment method, as the seller calls it.
    pub method: String,
    pub amount: String,
    pub currency: String,
}

/// What it says of a key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Word {
    pub key: String,
    /// `pending`, `succeeded`, `failed`, `returned`, or `absent`: never heard of it.
    pub state: String,
    /// As it was paid; everywhere but in `absent`.
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub reason: Option<String>,
}

/// Why there is no word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It never left, so it can be asked again.
    #[error("{0}")]
    NotSent(String),
    /// It may have been done or not.
    #[error("{0}")]
    Unclear(String),
}

/// Why a call-back is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disbelief {
    /// Not signed by the gateway, or not now.
    Signature,
    /// Signed, and no word.
    Unreadable,
}

impl Disbelief {
    pub fn is_signature(self) -> bool {
        self == Disbelief::Signature
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gateway({})", self.url)
    }
}

impl Gateway {
    pub fn open(settings: &config::Gateway, http: Http) -> Gateway {
        Gateway {
            http,
            url: settings.url.trim_end_matches('/').to_owned(),
            token: settings.token.clone(),
            secret: settings.secret.clone(),
            sellers: settings.sellers.clone(),
        }
    }

    /// Over another client: one with less patience.
    pub fn over(self, http: Http) -> Gateway {
        Gateway { http, ..self }
    }

    /// Tells it to pay, once.
    ///
    /// # Errors
    /// As [`Trouble`]; nothing is tried a second time here.
    pub async fn pay(&self, payment: &Payment) -> Result<Word, Trouble> {
        let json = serde_json::to_vec(payment)
            .map_err(|cause| Trouble::NotSent(format!("the payment cannot be written: {cause}")))?;
        let mut call = self.call("payouts".to_owned());
        call.headers.push(("idempotency-key", payment.key.clone()));
        call.body = Body::Json(json);
        let word = self.hear(&call, &payment.key).await?;
        if word.state == "absent" {
            let words = "the gateway was told to pay, and says that it never heard of it";
            return Err(Trouble::Unclear(words.to_owned()));
        }
        Ok(word)
    }

    /// Asks what became of a key. Asking moves nothing, so no trouble with it is more than no answer.
    pub async fn ask(&self, key: &str) -> Result<Word, Trouble> {
        let key_in_path = utf8_percent_encode(key, NON_ALPHANUMERIC);
        self.hear(&self.call(format!("payouts/{key_in_path}")), key)
            .await
    }

    fn call(&self, path: String) -> Call {
        Call {
            url: format!("{}/{path}", self.url),
            headers: vec![
                ("authorization", format!("Bearer {}", self.token)),
                ("accept", "application/json".to_owned()),
            ],
            body: Body::None,
        }
    }

    async fn hear(&self, call: &Call, key: &str) -> Result<Word, Trouble> {
        let answer = self.http.send(call).await.map_err(|failure| {
            if failure.may_have_arrived() {
                Trouble::Unclear(failure.to_string())
            } else {
                Trouble::NotSent(failure.to_string())
            }
        })?;
        let word = serde_json::from_slice::<Word>(&answer.body)
            .ok()
            .filter(|word| word.key == key);
        match word {
            // A refusal (4xx) that names the key and its state is an answer like any other; a fault of its own (5xx) is none.
            Some(word) if answer.status < 500 => Ok(word),
            _ => Err(Trouble::Unclear(format!(
                "the gateway answered with status {} and no word about this payment",
                answer.status
            ))),
        }
    }

    /// The word of a call-back: `Redress-Signature: t=<seconds since 1970>,v1=<hex>`, the HMAC-SHA256 over `<t>.<body>`.
    ///
    /// # Errors
    /// As [`Disbelief`].
    pub fn called_back(&self, signature: &str, body: &[u8], now: i64) -> Result<Word, Disbelief> {
        let part = |name: &str| {
            let mut found = signature
                .split(',')
                .filter_map(|part| part.trim().strip_prefix(name));
            found.next().filter(|_| found.next().is_none())
        };
        let (Some(at), Some(hex)) = (part("t="), part("v1=")) else {
            return Err(Disbelief::Signature);
        };
        let given = data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|_| Disbelief::Signature)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .map_err(|_| Disbelief::Signature)?;
        mac.update(at.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.verify_slice(&given).map_err(|_| Disbelief::Signature)?;
        let at: i64 = at.parse().map_err(|_| Disbelief::Signature)?;
        if at.abs_diff(now) > SKEW.unsigned_abs() {
            return Err(Disbelief::Signature);
        }
        serde_json::from_slice(body).map_err(|_| Disbelief::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Config;

    fn gateway() -> Gateway {
        let config = Config::read(&BTreeMap::new()).unwrap();
        let settings = config::Gateway {
            url: "https://pay.example/v1/".to_owned(),
            token: "token".to_owned(),
            secret: "0123456789abcdef0123456789abcdef".to_owned(),
            sellers: Vec::new(),
        };
        Gateway::open(&settings, Http::open(&config).unwrap())
    }

    fn signed(at: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(gateway().secret.as_bytes()).unwrap();
        mac.update(format!("{at}.").as_bytes());
        mac.update(body);
        let hex = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        format!("t={at},v1={hex}")
    }

    #[test]
    fn a_call_back_is_believed_only_with_the_signature_of_its_moment_and_its_body() {
        let (now, body) = (1_772_442_000, br#"{"key": "k", "state": "pending"}"#);
        let good = signed(now, body);
        assert_eq!(gateway().called_back(&good, body, now).unwrap().key, "k");
        assert!(gateway().called_back(&good, body, now + 300).is_ok());
        assert!(gateway().called_back(&good, body, now - 300).is_ok());
        let other_body = br#"{"key": "l", "state": "pending"}"#;
        let short = good.get(..good.len() - 2).unwrap();
        let wrong: [(String, &[u8], i64); 8] = [
            (String::new(), body, now),
            ("t=1,v1=".to_owned(), body, now),
            (short.to_owned(), body, now),
            (format!("{good},v1=00"), body, now),
            (good.replace("t=", "t=1"), body, now),
            (good.clone(), other_body, now),
            (good.clone(), body, now + 301),
            (good.clone(), body, now - 301),
        ];
        for (signature, body, now) in &wrong {
            let told = gateway().called_back(signature, body, *now);
            assert_eq!(told, Err(Disbelief::Signature), "{signature}");
        }
        let nonsense = b"{\"key\": \"k\"}";
        let told = gateway().called_back(&signed(now, nonsense), nonsense, now);
        assert_eq!(told, Err(Disbelief::Unreadable));
    }

    #[test]
    fn no_secret_is_in_what_is_logged() {
        assert_eq!(
            format!("{:?}", gateway()),
            "Gateway(https://pay.example/v1)"
        );
    }
}
