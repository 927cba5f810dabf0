//! Money: one seller, Anna and her balance. What the ledger's verbs promise, told as stories, raced by many threads at once, and
//! proved against tampering.

mod commands;
mod proof;
mod races;
mod stories;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use redress::act::Act;
use redress::db::claims::{self, Claim};
use redress::db::deposits::{self as lots, Balance};
use redress::db::orders::{Deposit, Order, Part, Progress};
use redress::db::payouts::Payout;
use redress::db::schema::people;
use redress::db::sellers::{Seller, insert_seller};
use redress::db::tickets::{Ticket, insert_ticket};
use redress::db::{Tx, policies};
use redress::desk::deposits::{NewBonus, NewDeposit, NewMethod, grant, receive};
use redress::desk::orders::{NewOrder, credit_order_refund, place};
use redress::desk::payouts::{self, New};
use redress::error::{Code, Error, Result};
use redress::ids::*;
use redress::rules::ENGINE;
use redress::rules::adjudicate::adjudicate;
use redress::rules::assessment::{Assessment, Destination, Payment};
use redress::rules::facts::{self, Facts, Status};
use redress::rules::money::Amount;
use redress::rules::policy::Shelf;

use crate::support::db::{Fresh, fresh_pool};

pub struct Books {
    pub db: Fresh,
    pub seller: SellerId,
    pub anna: PersonId,
}

/// The first of the policy's own cases, and what the rules say of it: an assessment that replays.
fn first_case() -> (Facts, Assessment) {
    let shelf = Shelf::built_in();
    let policy = &shelf.versions("panel-credits")[0];
    let claim = policy.claim_of(&policy.cases[0]).unwrap();
    let facts = facts::read(&claim.to_string()).unwrap();
    let judged = adjudicate(&shelf, &facts);
    (facts, judged)
}

/// The amount at eight decimals.
pub fn e8(text: &str) -> i64 {
    Amount::parse(text).unwrap().e8()
}

/// So many minutes after the story's beginning.
pub fn at(minute: i64) -> DateTime<Utc> {
    let begins = DateTime::parse_from_rfc3339("2026-03-01T09:00:00Z").unwrap();
    begins.with_timezone(&Utc) + Duration::minutes(minute)
}

pub fn act(minute: i64) -> Act {
    Act::operator(at(minute), "http://desk.example")
}

/// The code of a refusal; anything else fails the test.
pub fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    match outcome {
        Err(Error::Refused { code, .. }) => code,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub fn progress(status: Status, remains: &str) -> Progress {
    Progress {
        status,
        remains: Some(remains.to_owned()),
        canceled_by: None,
        period_ends_on: None,
        confirmed_at: None,
        sent_at: None,
        sms: None,
        sms_received_at: None,
    }
}

impl Books {
    pub fn open() -> Books {
        let db = fresh_pool();
        let (seller, anna) = (SellerId::new(at(0)), PersonId::new(at(0)));
        db.pool
            .write(|tx| {
                insert_seller(tx, &shop(&seller))?;
                customer(tx, &anna, "anna@example.net");
                Ok(())
            })
            .unwrap();
        Books { db, seller, anna }
    }

    pub fn write<T>(&self, work: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.db.pool.write(work)
    }

    pub fn new_deposit(&self, reference: &str, amount: &str, minute: i64) -> NewDeposit {
        NewDeposit {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            reference: reference.to_owned(),
            at: at(minute),
            currency: "USD".to_owned(),
            amount_e8: e8(amount),
            method: NewMethod {
                reference: "card-1".to_owned(),
                label: Some("Visa 4242".to_owned()),
                state: None,
            },
            paid: None,
            surcharge_e8: None,
        }
    }

    pub fn deposit(&self, reference: &str, amount: &str, minute: i64) -> Deposit {
        let new = self.new_deposit(reference, amount, minute);
        self.write(|tx| receive(tx, &act(minute), &new)).unwrap().0
    }

    pub fn bonus(&self, reference: &str, amount: &str, minute: i64, expires: Option<i64>) {
        let new = NewBonus {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            reference: reference.to_owned(),
            at: at(minute),
            expires_at: expires.map(at),
            currency: "USD".to_owned(),
            amount_e8: e8(amount),
        };
        self.write(|tx| grant(tx, &act(minute), &new)).unwrap();
    }

    /// An order for the sum of its parts; "balance" or a payment method beside each amount.
    pub fn new_order(&self, reference: &str, parts: &[(&str, &str)], minute: i64) -> NewOrder {
        let parts = parts
            .iter()
            .map(|(method, amount)| Part {
                method: (*method).to_owned(),
                amount: Amount::parse(amount).unwrap(),
            })
            .collect::<Vec<_>>();
        NewOrder {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            reference: reference.to_owned(),
            service: None,
            title: "1000 followers".to_owned(),
            target: "https://example.net/anna".to_owned(),
            placed_at: Some(at(minute)),
            currency: "USD".to_owned(),
            charge_e8: Some(parts.iter().map(|part| part.amount).sum::<Amount>().e8()),
            tax_included_e8: None,
            quantity: Some(1000),
            paid_with: Some(parts),
            snapshot_json: "{}".to_owned(),
            items: 1,
            progress: progress(Status::Pending, "1000"),
            source: "test".to_owned(),
            told_at: at(minute),
        }
    }

    pub fn order(&self, reference: &str, parts: &[(&str, &str)], minute: i64) -> Order {
        let new = self.new_order(reference, parts, minute);
        self.write(|tx| place(tx, &act(minute), &new)).unwrap().0
    }

    pub fn refund(&self, order: &Order, amount: &str, key: &str, minute: i64) -> Result<bool> {
        let credited =
            self.write(|tx| credit_order_refund(tx, &act(minute), &order.id, e8(amount), key))?;
        Ok(credited.fresh)
    }

    /// A claim with its decision, as a payout needs one; nothing of it but the ids matters here.
    pub fn claim(&self, order: Option<&Order>) -> (Claim, DecisionId) {
        self.write(|tx| decided(tx, &self.seller, &self.anna, order))
            .unwrap()
    }

    /// Asks for a payout from a deposit, where one is named, or from what an order was paid with past the balance.
    pub fn pay_out(
        &self,
        (claim, decision): &(Claim, DecisionId),
        from: (Option<&str>, Option<&str>),
        amount: &str,
        key: &str,
        minute: i64,
    ) -> Result<Payout> {
        let payment = Payment {
            to: Destination::OriginalPaymentMethod,
            method: from.1.map(str::to_owned),
            deposit: from.0.map(str::to_owned),
            amount: Amount::parse(amount).unwrap(),
            currency: None,
        };
        self.write(|tx| {
            let new = New {
                claim,
                decision,
                payment: &payment,
                amount_e8: e8(amount),
                key,
            };
            payouts::request(tx, &act(minute), &new)
        })
    }

    /// What is left on each lot, in the order of the balance's history: reference and amount.
    pub fn lots(&self) -> Vec<(String, String)> {
        let balance = self.balance();
        let rows = self.db.pool.read(|conn| Ok(lots::lots(conn, &balance)?));
        let left = |lot: lots::Lot| (lot.reference, Amount::from_e8(lot.remaining_e8).to_string());
        rows.unwrap().into_iter().map(left).collect()
    }

    pub fn balance(&self) -> Balance {
        Balance {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            currency: "USD".to_owned(),
        }
    }

    /// The sum of an account of Anna's, or of the seller's own.
    pub fn account(&self, kind: &str) -> String {
        let accounts = self
            .db
            .pool
            .read(|conn| Ok(redress::db::ledger::accounts_of(conn, &self.seller)?))
            .unwrap();
        let sum = accounts
            .iter()
            .filter(|account| account.kind.word() == kind)
            .map(|account| account.balance_e8)
            .sum::<i64>();
        Amount::from_e8(sum).to_string()
    }
}

pub fn shop(id: &SellerId) -> Seller {
    Seller {
        id: id.clone(),
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        mail_address: "help@acme.example".to_owned(),
        policy: "panel-credits".to_owned(),
        currency: "USD".to_owned(),
        time_zone: None,
        holidays_json: None,
        fee_schedule_json: None,
        large_refund_threshold_e8: None,
        agent_limit_e8: 0,
        lead_limit_e8: 0,
        created_at: at(0).into(),
    }
}

pub fn customer(tx: &mut Tx, id: &PersonId, email: &str) {
    diesel::insert_into(people::table)
        .values((
            people::id.eq(id),
            people::email.eq(email),
            people::name.eq("Anna"),
            people::role.eq("customer"),
            people::suspended.eq(false),
            people::time_zone.eq("UTC"),
            people::created_at.eq(redress::db::columns::At::from(at(0))),
        ))
        .execute(&mut **tx)
        .unwrap();
}

fn decided(
    tx: &mut Tx,
    seller: &SellerId,
    anna: &PersonId,
    order: Option<&Order>,
) -> Result<(Claim, DecisionId)> {
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    for document in Shelf::built_in_documents() {
        redress::desk::policies::publish(tx, &act(0), document)?;
    }
    let policy = policies::versions(tx, "panel-credits")?.remove(0);
    let (facts, judged) = first_case();
    let ticket = Ticket {
        id: TicketId::new(at(0)),
        number: format!("T-{}", fresh(at(0))),
        seller_id: seller.clone(),
        customer_id: anna.clone(),
        subject: "Money back".to_owned(),
        state: "open".to_owned(),
        assignee_id: None,
        via: "portal".to_owned(),
        opened_at: at(0).into(),
        opened_on: day,
        changed_at: at(0).into(),
        closed_at: None,
        next_due_at: None,
        next_due_kind: None,
        next_due_firm: false,
        seq: 0,
        priority: None,
    };
    insert_ticket(tx, &ticket)?;
    let claim = Claim {
        id: ClaimId::new(at(0)),
        number: format!("C-{}", fresh(at(0))),
        ticket_id: ticket.id,
        seller_id: seller.clone(),
        customer_id: anna.clone(),
        order_id: order.map(|order| order.id.clone()),
        subject: fresh(at(0)),
        ground: "unused_balance".to_owned(),
        policy_id: policy.id.clone(),
        state: "approved".to_owned(),
        channel: "portal".to_owned(),
        reason: String::new(),
        currency: "USD".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        received_at: at(0).into(),
        received_on: day,
        decided_at: None,
        approved_at: None,
        appealed_at: None,
        outcome: "eligible".to_owned(),
        computed_e8: judged.amount.map(Amount::e8),
        granted_e8: None,
        flagged: false,
        clause: None,
        seq: 0,
    };
    claims::insert_claim(tx, &claim)?;
    let assessment = claims::Assessment {
        id: AssessmentId::new(at(0)),
        claim_id: claim.id.clone(),
        seq: 0,
        at: at(0).into(),
        policy_id: policy.id,
        policy_hash: judged.policy.hash.clone(),
        engine: ENGINE.to_owned(),
        facts_json: serde_json::to_string(&facts)?,
        result_json: serde_json::to_string(&judged)?,
        outcome: judged.outcome.word().to_owned(),
        amount_e8: judged.amount.map(Amount::e8),
    };
    let assessment = claims::insert_assessment(tx, assessment)?;
    let decision = claims::Decision {
        id: DecisionId::new(at(0)),
        seller_id: seller.clone(),
        chain: 0,
        claim_id: claim.id.clone(),
        seq: 0,
        assessment_id: assessment.id,
        verdict: "approve".to_owned(),
        currency: "USD".to_owned(),
        computed_e8: judged.amount.map(Amount::e8),
        amount_e8: 0,
        override_reason: None,
        words: String::new(),
        decided_by: "test".to_owned(),
        at: at(0).into(),
        prev_hash: String::new(),
        hash: String::new(),
    };
    let decision = claims::insert_decision(tx, decision)?;
    Ok((claim, decision.id))
}
