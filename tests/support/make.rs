//! What stories begin with: a shop under one of the built-in policies, deposits, orders. Made through the desk's own verbs.

use chrono::{DateTime, Duration, Utc};
use redress::act::Act;
use redress::db::Pool;
use redress::db::orders::{BALANCE, Order, Part, Progress};
use redress::db::sellers::{Seller, insert_seller};
use redress::desk::deposits::{NewBonus, NewDeposit, NewMethod, grant, receive};
use redress::desk::orders::{NewOrder, place, record_status};
use redress::desk::policies;
use redress::ids::{PersonId, SellerId};
use redress::rules::facts::{MethodStatus, Status};
use redress::rules::money::Amount;
use redress::rules::policy::Shelf;

const SITE: &str = "https://desk.example";

/// An amount at eight decimals.
pub fn e8(text: &str) -> i64 {
    Amount::parse(text).unwrap().e8()
}

/// A seller with a published policy; its history begins where `now` says.
#[derive(Clone)]
pub struct Shop<'a> {
    pool: &'a Pool,
    pub seller: SellerId,
    pub slug: String,
    now: DateTime<Utc>,
}

impl<'a> Shop<'a> {
    /// Publishes the built-in policies where they are not there yet, and opens the shop under one of them.
    pub fn of(pool: &'a Pool, now: DateTime<Utc>, name: &str, policy: &str) -> Shop<'a> {
        let begin = now - Duration::days(400);
        let slug = name.to_lowercase().replace(' ', "-");
        let row = Seller {
            id: SellerId::new(begin),
            slug: slug.clone(),
            name: name.to_owned(),
            mail_address: format!("desk@{slug}.example"),
            policy: policy.to_owned(),
            currency: "USD".to_owned(),
            time_zone: None,
            holidays_json: None,
            fee_schedule_json: None,
            large_refund_threshold_e8: Some(e8("500")),
            agent_limit_e8: e8("100"),
            lead_limit_e8: e8("1000"),
            created_at: begin.into(),
        };
        pool.write(|tx| {
            for document in Shelf::built_in_documents() {
                policies::publish(tx, &Act::operator(begin, SITE), document)?;
            }
            Ok(insert_seller(tx, &row)?)
        })
        .unwrap();
        Shop {
            pool,
            seller: row.id,
            slug,
            now,
        }
    }

    /// The same shop at another moment.
    pub fn at(&self, now: DateTime<Utc>) -> Shop<'a> {
        Shop {
            now,
            ..self.clone()
        }
    }

    fn act(&self) -> Act {
        Act::operator(self.now, SITE)
    }

    /// Money paid in by Visa, so many days ago.
    pub fn deposit(&self, who: &PersonId, reference: &str, amount: &str, days_ago: i64) {
        let new = NewDeposit {
            seller: self.seller.clone(),
            customer: who.clone(),
            reference: reference.to_owned(),
            at: self.now - Duration::days(days_ago),
            currency: "USD".to_owned(),
            amount_e8: e8(amount),
            method: visa(),
            paid: None,
            surcharge_e8: None,
        };
        self.pool
            .write(|tx| receive(tx, &self.act(), &new))
            .unwrap();
    }

    pub fn bonus(&self, who: &PersonId, reference: &str, amount: &str, days_ago: i64) {
        let new = NewBonus {
            seller: self.seller.clone(),
            customer: who.clone(),
            reference: reference.to_owned(),
            at: self.now - Duration::days(days_ago),
            expires_at: Some(self.now + Duration::days(30)),
            currency: "USD".to_owned(),
            amount_e8: e8(amount),
        };
        self.pool.write(|tx| grant(tx, &self.act(), &new)).unwrap();
    }

    /// An order of a thousand followers, paid from the balance two days ago; `change` makes it another one.
    pub fn order(
        &self,
        who: &PersonId,
        reference: &str,
        charge: &str,
        change: impl FnOnce(&mut NewOrder),
    ) -> Order {
        let mut new = self.new_order(who, reference, charge);
        change(&mut new);
        self.pool
            .write(|tx| place(tx, &self.act(), &new))
            .unwrap()
            .0
    }

    /// The same before it is placed.
    pub fn new_order(&self, who: &PersonId, reference: &str, charge: &str) -> NewOrder {
        let placed = self.now - Duration::days(2);
        NewOrder {
            seller: self.seller.clone(),
            customer: who.clone(),
            reference: reference.to_owned(),
            service: None,
            title: "1,000 followers".to_owned(),
            target: "https://social.example/harbor".to_owned(),
            placed_at: Some(placed),
            currency: "USD".to_owned(),
            charge_e8: Some(e8(charge)),
            tax_included_e8: None,
            quantity: Some(1000),
            paid_with: Some(vec![Part {
                method: BALANCE.to_owned(),
                amount: Amount::parse(charge).unwrap(),
            }]),
            snapshot_json: r#"{"refill":30,"refundable_once_started":true}"#.to_owned(),
            items: 1,
            progress: progress(Status::Pending, Some("1000")),
            source: "import".to_owned(),
            told_at: placed,
        }
    }

    /// The panel tells where an order stands now.
    pub fn moves_on(&self, order: &Order, status: Status, remains: &str, at: DateTime<Utc>) {
        let progress = progress(status, Some(remains));
        let act = Act::operator(at, SITE);
        self.pool
            .write(|tx| record_status(tx, &act, &order.id, &progress, "panel", at))
            .unwrap();
    }
}

/// The card that everybody pays with.
pub fn visa() -> NewMethod {
    NewMethod {
        reference: "card-1".to_owned(),
        label: Some("Visa ending 42".to_owned()),
        state: Some(MethodStatus::Usable),
    }
}

pub fn progress(status: Status, remains: Option<&str>) -> Progress {
    Progress {
        status,
        remains: remains.map(str::to_owned),
        canceled_by: None,
        period_ends_on: None,
        confirmed_at: None,
        sent_at: None,
        sms: None,
        sms_received_at: None,
    }
}
