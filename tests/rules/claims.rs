//! Random claims that can be read, for every ground of every built-in policy, and random documents that cannot.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use redress::rules::policy::Shelf;
use serde_json::{Map, Value, json};

/// So many random cases; a failure is printed, not kept in a file.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any policy with any of its grounds.
pub fn ground() -> BoxedStrategy<(String, String)> {
    let all: Vec<(String, String)> = Shelf::built_in()
        .policies()
        .iter()
        .flat_map(|policy| {
            policy
                .grounds
                .iter()
                .map(|ground| (policy.id.clone(), ground.id.clone()))
        })
        .collect();
    prop::sample::select(all).boxed()
}

/// A readable claim under any ground, with most facts at random and each of them sometimes unknown.
pub fn claim() -> BoxedStrategy<Value> {
    ground()
        .prop_flat_map(|(policy, ground)| claim_for(policy, ground))
        .boxed()
}

pub fn claim_for(policy: String, ground: String) -> BoxedStrategy<Value> {
    let head = (
        instant(20),
        option::of(0i64..20 * 86_400),
        word(&["portal", "email", "chat", "api"]),
        reason(),
        vec(evidence(), 0..3),
    );
    let money = (
        option::of(amount()),
        option::of(account()),
        option::of(dispute()),
        customer(),
        seller(),
    );
    (head, money, option::weighted(0.95, order()), findings()).prop_map(move |(head, money, order, findings)| {
        let (received_at, wait, channel, reason, evidence) = head;
        let (requested, account, dispute, customer, seller) = money;
        let as_of = wait.map(|wait| at(received_at + wait));
        json!({
            "policy": policy, "ground": ground, "received_at": at(received_at), "as_of": as_of, "channel": channel, "reason": reason,
            "evidence": evidence, "requested": requested, "account": account, "dispute": dispute, "customer": customer,
            "seller": seller, "order": order, "findings": findings,
        })
    }).boxed()
}

/// Seconds from the first of May 2025, within so many days of it, often on the edge of a day.
fn instant(days: i64) -> BoxedStrategy<i64> {
    prop_oneof![
        0..days * 86_400,
        (0..days).prop_map(|day| day * 86_400),
        (1..days).prop_map(|day| day * 86_400 - 1)
    ]
    .boxed()
}

fn at(seconds: i64) -> String {
    let start: chrono::DateTime<chrono::Utc> = "2025-05-01T00:00:00Z".parse().unwrap();
    (start + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
}

fn word(words: &[&str]) -> BoxedStrategy<String> {
    prop::sample::select(
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>(),
    )
    .boxed()
}

fn amount() -> BoxedStrategy<String> {
    prop_oneof![
        (0u32..5_000, 0u32..100).prop_map(|(whole, cents)| format!("{whole}.{cents:02}")),
        (0u64..100_000_000).prop_map(|e8| format!("0.{e8:08}"))
    ]
    .boxed()
}

fn reason() -> BoxedStrategy<Option<String>> {
    option::weighted(0.8, word(&["it does not work", "  ", "because"])).boxed()
}

fn evidence() -> BoxedStrategy<Value> {
    (
        word(&[
            "order_number",
            "invoice_payment",
            "screenshot",
            "log",
            "other",
        ]),
        option::of(instant(30)),
    )
        .prop_map(|(kind, received)| json!({ "kind": kind, "received_at": received.map(at) }))
        .boxed()
}

fn customer() -> BoxedStrategy<Value> {
    (option::of(any::<bool>()), option::of(any::<bool>()))
        .prop_map(|(verified, suspended)| json!({ "verified": verified, "suspended": suspended }))
        .boxed()
}

fn seller() -> BoxedStrategy<Value> {
    let zone = option::of(word(&[
        "UTC",
        "Asia/Tokyo",
        "America/New_York",
        "Pacific/Kiritimati",
        "Europe/Berlin",
    ]));
    let fee = (
        option::of(word(&["0.05", "1", "0"])),
        option::of(word(&["0.30", "5.00"])),
    );
    (zone, option::of(amount()), vec(fee, 0..2))
        .prop_map(|(zone, threshold, fees)| {
            let fees: Vec<Value> = fees
            .into_iter()
            .map(|(rate, flat)| json!({ "valid_from": "2025-04-20", "rate": rate, "flat": flat }))
            .collect();
            json!({ "time_zone": zone, "large_refund_threshold": threshold, "fee_schedule": fees })
        })
        .boxed()
}

fn dispute() -> BoxedStrategy<Value> {
    let deposit = option::of(word(&["D0", "D1"]));
    (word(&["open", "won", "lost"]), deposit, option::of(amount()), option::of(any::<bool>()))
        .prop_map(|(status, deposit, amount, contacted)| json!({ "status": status, "deposit": deposit, "amount": amount, "contacted_first": contacted })).boxed()
}

/// A history that can have happened: what is spent, restored and paid out was there.
pub fn account() -> BoxedStrategy<Value> {
    let step = (
        0u8..5,
        1u64..2_000_000_000,
        instant(3),
        option::of(any::<bool>()),
    );
    (vec(step, 1..12), word(&["USD", "JPY", "KWD"]))
        .prop_map(|(steps, currency)| {
            let mut seconds = -30 * 86_400;
            let mut history = History::default();
            for (index, (kind, size, wait, choice)) in steps.into_iter().enumerate() {
                seconds += wait;
                history.step(index, kind, size, at(seconds), choice);
            }
            json!({ "currency": currency, "entries": history.entries })
        })
        .boxed()
}

#[derive(Default)]
struct History {
    entries: Vec<Value>,
    deposits: Vec<(String, u64)>,
    orders: Vec<(String, u64)>,
    spendable: u64,
}

impl History {
    fn step(&mut self, index: usize, kind: u8, size: u64, at: String, choice: Option<bool>) {
        let amount = |e8: u64| format!("{}.{:08}", e8 / 100_000_000, e8 % 100_000_000);
        match kind {
            0 | 1 => {
                let id = format!("D{}", self.deposits.len());
                let status = choice.map(|usable| if usable { "usable" } else { "closed" });
                self.entries.push(json!({ "kind": "deposit", "id": id, "at": at, "amount": amount(size), "method": format!("card-{index}"), "method_status": status }));
                self.deposits.push((id, size));
                self.spendable += size;
            }
            2 => {
                let expires = choice.map(|soon| {
                    if soon {
                        "2027-01-01T00:00:00Z"
                    } else {
                        "2028-01-01T00:00:00Z"
                    }
                });
                self.entries.push(json!({ "kind": "bonus", "id": format!("P{index}"), "at": at, "amount": amount(size), "expires_at": expires }));
                self.spendable += size;
            }
            3 if self.spendable > 0 => {
                let spent = size.min(self.spendable);
                let id = format!("O{index}");
                self.entries
                    .push(json!({ "kind": "order", "id": id, "at": at, "amount": amount(spent) }));
                self.spendable -= spent;
                self.orders.push((id, spent));
            }
            4 if !self.orders.is_empty() => {
                let which = index % self.orders.len();
                let back = size.min(self.orders[which].1);
                self.entries.push(json!({ "kind": "order_refund", "order": self.orders[which].0, "at": at, "amount": amount(back) }));
                self.orders[which].1 -= back;
                self.spendable += back;
            }
            _ => {}
        }
    }
}

fn order() -> BoxedStrategy<Value> {
    let numbers = (
        option::weighted(0.9, 0i64..2_000),
        option::weighted(0.8, -100i64..2_500),
        option::weighted(0.9, amount()),
        option::of(amount()),
    );
    let times = (
        option::weighted(0.9, instant(10)),
        option::of(instant(12)),
        option::of(instant(12)),
        option::of(instant(12)),
    );
    let words = (
        option::weighted(
            0.9,
            word(&[
                "pending",
                "processing",
                "In progress",
                "Partial",
                "completed",
                "Cancelled",
            ]),
        ),
        option::of(word(&["received", "not_received", "unavailable"])),
        option::of(word(&["customer", "system"])),
        option::weighted(0.9, word(&["USD", "JPY", "KWD"])),
    );
    let rest = (
        option::of(1i64..4),
        option::of(0i64..60),
        vec((word(&["balance", "card-1", "card-2"]), amount()), 0..3),
        service(),
    );
    (numbers, times, words, rest).prop_map(|(numbers, times, words, rest)| {
        let parts: Vec<Value> = rest.2.into_iter().map(|(method, amount)| json!({ "method": method, "amount": amount })).collect();
        let end = rest.1.map(|day| at(day * 86_400)[..10].to_owned());
        json!({
            "id": "O-1", "quantity": numbers.0, "remains": numbers.1, "charge": numbers.2, "refunded": numbers.3,
            "placed_at": times.0.map(at), "confirmed_at": times.1.map(at), "sent_at": times.2.map(at), "sms_received_at": times.3.map(at),
            "status": words.0, "sms": words.1, "canceled_by": words.2, "currency": words.3,
            "items": rest.0, "period_ends_on": end, "paid_with": parts, "service": rest.3,
        })
    }).boxed()
}

fn service() -> BoxedStrategy<Value> {
    let refill = option::of(prop_oneof![
        Just(json!("none")),
        Just(json!("lifetime")),
        (0i64..20).prop_map(|days| json!(days))
    ]);
    let truth = || option::of(any::<bool>());
    (refill, truth(), truth(), truth(), option::of(vec(word(&["WhizForms", "PanelKit"]), 0..2))).prop_map(|(refill, started, returnable, limits, compatible)| {
        json!({ "refill": refill, "refundable_once_started": started, "returnable": returnable, "limits_disclosed": limits, "compatible_with": compatible })
    }).boxed()
}

fn findings() -> BoxedStrategy<Value> {
    let truth = || option::of(any::<bool>());
    let facts = (
        truth(),
        truth(),
        truth(),
        truth(),
        truth(),
        truth(),
        truth(),
    );
    let words = (
        option::of(word(&["stopped", "refused"])),
        option::of(word(&["completed", "failed"])),
        option::weighted(0.1, word(&["established", "suspected"])),
        option::of(word(&["received", "failed"])),
        option::of(word(&["WhizForms", "Other"])),
    );
    let defect = (
        truth(),
        option::of(instant(30)),
        option::of(instant(30)),
        option::of(instant(30)),
        option::weighted(0.2, any::<bool>()),
    );
    (facts, words, option::of(-10i64..1_500), defect).prop_map(|(facts, words, shortfall, defect)| {
        let mut findings = Map::new();
        let names = ["can_complete", "service_available", "service_discontinued", "target_available", "system_error", "repaired", "matches_description"];
        for (name, value) in names.into_iter().zip([facts.0, facts.1, facts.2, facts.3, facts.4, facts.5, facts.6]) {
            findings.insert(name.to_owned(), json!(value));
        }
        for (name, value) in ["stop", "refill", "unlawful_use", "resend", "incompatible_with"].into_iter().zip([words.0, words.1, words.2, words.3, words.4]) {
            findings.insert(name.to_owned(), json!(value));
        }
        findings.insert("shortfall".to_owned(), json!(shortfall));
        let defect = json!({
            "approved": defect.0, "fixed_at": defect.1.map(at), "access_requested_at": defect.2.map(at),
            "access_granted_at": defect.3.map(at), "access_refused": defect.4,
        });
        findings.insert("defect".to_owned(), defect);
        Value::Object(findings)
    }).boxed()
}

/// Any JSON at all, in the words of a claim.
pub fn document() -> BoxedStrategy<Value> {
    let text = prop_oneof![
        word(&[
            "1e5",
            "-1",
            "",
            "USD",
            "pending",
            "2025-05-01T00:00:00Z",
            "2025-02-30",
            "99999999999999999999",
            "panel-credits",
            "deposit",
            "0.00000001"
        ]),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text.prop_map(Value::from),
    ];
    let key = word(&[
        "policy",
        "ground",
        "received_at",
        "as_of",
        "order",
        "account",
        "entries",
        "kind",
        "id",
        "at",
        "amount",
        "evidence",
        "findings",
        "defect",
        "seller",
        "holidays",
        "fee_schedule",
        "rate",
        "service",
        "refill",
        "remains",
        "quantity",
        "charge",
        "placed_at",
        "status",
        "dispute",
        "x",
    ]);
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect()))
        ]
    })
    .boxed()
}
