//! The shops of the history, the people at their desks, and customers who come some times and then no more.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::dice::Dice;
use super::ink::Ink;
use super::words;
use crate::act::{Person, Role, Who};
use crate::db::Tx;
use crate::db::deposits::Lot;
use crate::db::orders::Method;
use crate::db::people as rows;
use crate::db::policies::{Version, versions};
use crate::db::sellers::Seller;
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::ids::{DepositId, MethodId, PersonId, PolicyId};
use crate::rules::assessment::Reference;
use crate::rules::calendar::Calendar;
use crate::rules::facts::{self, Entry, MethodStatus};
use crate::rules::money::{Amount, Rate};
use crate::rules::policy::{Policy, Shelf};

/// One of ten comes a last time with each story.
const LEAVES: u64 = 160;

pub struct Shop {
    pub seller: Seller,
    pub shelf: Arc<Shelf>,
    versions: Vec<Version>,
    pub zone: Tz,
    /// As the rules read them.
    pub settings: facts::Seller,
    pub agents: Vec<Who>,
    pub lead: Who,
    pub manager: Who,
    pub customers: Vec<Customer>,
    /// So many customers at a time.
    pub room: usize,
}

pub struct Customer {
    pub who: Who,
    pub id: PersonId,
    pub method: (MethodId, String),
    pub lots: Vec<Lot>,
    /// What has gone back of the deposit behind a lot, by the lot's place.
    pub returned: Vec<(DepositId, i64)>,
    /// The balance's history, as the rules read it.
    pub entries: Vec<Entry>,
    pub moved_at: DateTime<Utc>,
    /// When the last story of theirs is over.
    pub free_at: DateTime<Utc>,
}

impl Shop {
    pub fn of(tx: &mut Tx, seller: Seller, room: usize) -> Result<Shop> {
        let shelf = policies::shelf(tx, &seller.policy)?;
        let zone = policies::zone(tx, &seller, seller.created_at.utc())?;
        let mut staff = Vec::new();
        for row in rows::staff(tx)? {
            let limits = rows::sellers_of(tx, &row.id)?;
            if limits.is_empty() || limits.contains(&seller.id) {
                staff.push(Person {
                    id: row.id,
                    name: row.name,
                    email: row.email,
                    role: row.role,
                    sellers: limits,
                });
            }
        }
        let of = |role: Role| staff.iter().filter(move |person| person.role == role);
        let first = |role: Role| {
            let found = of(role).next().cloned().map(Who::Person);
            found.ok_or_else(|| Error::broken(format!("nobody at the desk is a {}", role.as_str())))
        };
        Ok(Shop {
            settings: settings(&seller)?,
            versions: versions(tx, &seller.policy)?,
            agents: of(Role::Agent).cloned().map(Who::Person).collect(),
            lead: first(Role::Lead)?,
            manager: first(Role::Manager)?,
            customers: Vec::new(),
            seller,
            shelf,
            zone,
            room,
        })
    }

    /// The version that governs what happens at that moment.
    pub fn policy(&self, at: DateTime<Utc>) -> Result<&Policy> {
        let policy = self
            .shelf
            .nearest(&self.seller.policy, at, self.seller.own_zone());
        policy.ok_or(Error::NotFound)
    }

    /// The row of a version that an assessment names.
    pub fn pinned(&self, named: &Reference) -> Result<PolicyId> {
        let mut versions = self.versions.iter();
        let row = versions.find(|row| row.version == named.version);
        row.map(|row| row.id.clone()).ok_or(Error::NotFound)
    }

    pub fn calendar(&self, policy: &Policy) -> Calendar {
        Calendar {
            zone: self.seller.own_zone().unwrap_or(policy.time_zone),
            holidays: policy.holidays.clone(),
            hours: policy.hours.clone(),
        }
    }

    /// Somebody with nothing going on since `before`; a newcomer where there is room, or nobody else.
    pub fn somebody(&mut self, ink: &mut Ink, before: DateTime<Utc>) -> Customer {
        if self.customers.len() >= self.room {
            for _ in 0..4 {
                let place = usize::try_from(ink.dice.below(self.customers.len() as u64));
                let place = place.unwrap_or(0);
                if self.customers[place].free_at < before {
                    return self.customers.swap_remove(place);
                }
            }
        }
        newcomer(&self.seller, ink, before)
    }

    /// They may come again, or not.
    pub fn goes(&mut self, customer: Customer, dice: &mut Dice) {
        if !dice.happens(LEAVES) && self.customers.len() < self.room.saturating_mul(2) {
            self.customers.push(customer);
        }
    }
}

fn settings(seller: &Seller) -> Result<facts::Seller> {
    let mut fees = Vec::new();
    if let Some(json) = &seller.fee_schedule_json {
        let rows: Vec<serde_json::Value> = serde_json::from_str(json)?;
        for row in rows {
            let text = |field: &str| row[field].as_str().map(str::to_owned);
            fees.push(facts::Fee {
                valid_from: text("valid_from")
                    .and_then(|day| day.parse().ok())
                    .ok_or_else(|| Error::broken("a fee without its day"))?,
                valid_to: text("valid_to").and_then(|day| day.parse().ok()),
                rate: text("rate").and_then(|rate| Rate::parse(&rate).ok()),
                flat: None,
            });
        }
    }
    Ok(facts::Seller {
        time_zone: seller.own_zone(),
        holidays: None,
        hours: None,
        large_refund_threshold: seller.large_refund_threshold_e8.map(Amount::from_e8),
        fee_schedule: fees,
    })
}

fn newcomer(seller: &Seller, ink: &mut Ink, before: DateTime<Utc>) -> Customer {
    let at = before - Duration::days(ink.dice.between(1, 40));
    let (first, last) = words::name(&mut ink.dice);
    let name = format!("{first} {last}");
    let number = ink.reference("");
    let email = format!(
        "{}.{}{number}@example.net",
        words::plain(first),
        words::plain(last)
    );
    let id = PersonId::from(ink.dice.id(at));
    let person = rows::Person {
        id: id.clone(),
        email: email.clone(),
        name: name.clone(),
        role: Role::Customer,
        password_hash: None,
        confirmed_at: Some(at.into()),
        disabled_at: None,
        verified: None,
        suspended: false,
        time_zone: (*ink.dice.one(&words::ZONES)).to_owned(),
        created_at: at.into(),
    };
    ink.sheaf.people.push(person);
    let kind = ink.dice.one(&words::METHODS);
    let reference = format!("{kind}-{}", ink.dice.between(1000, 9999));
    let method = Method {
        id: MethodId::from(ink.dice.id(at)),
        customer_id: id.clone(),
        seller_id: seller.id.clone(),
        label: reference.clone(),
        reference: reference.clone(),
        state: Some(MethodStatus::Usable),
        created_at: at.into(),
    };
    let known_by = (method.id.clone(), reference);
    ink.sheaf.methods.push(method);
    Customer {
        who: Who::Person(Person {
            id: id.clone(),
            name,
            email,
            role: Role::Customer,
            sellers: Vec::new(),
        }),
        id,
        method: known_by,
        lots: Vec::new(),
        returned: Vec::new(),
        entries: Vec::new(),
        moved_at: at,
        free_at: at,
    }
}
