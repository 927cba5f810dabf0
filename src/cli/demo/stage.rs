//! The stage of the demo's story: each method is one act of one person at one moment, through the desk's own verbs. Time moves
//! forward only, and promises are missed at the second at which they are missed.

mod money;

use std::collections::HashMap;
use std::iter::Peekable;
use std::vec::IntoIter;

use chrono::{DateTime, Datelike, Duration, Months, Utc};
use serde_json::Value;

use super::cast::{self, Member};
use super::guarantee;
use super::script::Bought;
use crate::act::{Act, Door, Person, Role, Who};
use crate::db::orders::{Part, Progress};
use crate::db::sellers::Seller;
use crate::db::{self, Tx, mail};
use crate::desk::claims::{self, Decide, Decided, New, Supply, Verdict};
use crate::desk::deposits::{self, NewBonus, NewDeposit, NewMethod};
use crate::desk::files::{self, Upload};
use crate::desk::orders::{self, NewOrder};
use crate::desk::people::{self, Newcomer};
use crate::desk::tasks::{self, Report};
use crate::desk::tickets::{self, Opening};
use crate::desk::{clocks, panels, passwords, policies, sellers};
use crate::error::{Error, Result};
use crate::ids::{ClaimId, DepositId, FileId, OrderId, TicketId, secret};
use crate::letters::schedule;
use crate::rules::facts::MethodStatus;
use crate::rules::money::Amount;
use crate::rules::policy::Shelf;
use crate::rules::priority::Priority;
use crate::rules::tasks::Kind;

/// How long the desk has been there before its story begins.
pub const OPENED: Duration = Duration::days(400);

/// Who grants what is too much for an agent.
const LEAD: &str = "priya";
const MANAGER: &str = "ruth";

pub struct Stage<'a, 'c> {
    tx: &'a mut Tx<'c>,
    /// The moment of the act that is played.
    at: DateTime<Utc>,
    site: String,
    sellers: HashMap<String, Seller>,
    people: HashMap<&'static str, Person>,
    orders: HashMap<String, OrderId>,
    deposits: HashMap<String, DepositId>,
    claims: HashMap<String, ClaimId>,
    tickets: HashMap<String, TicketId>,
    /// Files that the store has taken already, by evidence kind.
    uploads: HashMap<&'static str, Peekable<IntoIter<Upload>>>,
    count: usize,
}

impl<'a, 'c> Stage<'a, 'c> {
    /// Publishes the five policies, one of them with the text before, opens the sellers, lets everybody in.
    pub fn found(
        tx: &mut Tx,
        now: DateTime<Utc>,
        begin: DateTime<Utc>,
        site: &str,
        hash: &str,
    ) -> Result<()> {
        let act = Act::operator(begin, site);
        policies::publish(tx, &act, &guarantee::earlier_text())?;
        for document in Shelf::built_in_documents() {
            policies::publish(tx, &act, document)?;
        }
        for opening in cast::sellers(now.year()) {
            sellers::open(tx, &act, &opening)?;
        }
        for member in &cast::CAST {
            enter(tx, &act, member, hash)?;
        }
        Ok(())
    }

    /// A stage with everybody on it, before the first act.
    pub fn set(
        tx: &'a mut Tx<'c>,
        begin: DateTime<Utc>,
        site: &str,
        uploads: &HashMap<&'static str, Vec<Upload>>,
    ) -> Result<Self> {
        let uploads = uploads
            .iter()
            .map(|(kind, files)| (*kind, files.clone().into_iter().peekable()));
        let mut stage = Stage {
            uploads: uploads.collect(),
            tx,
            at: begin,
            site: site.to_owned(),
            sellers: HashMap::new(),
            people: HashMap::new(),
            orders: HashMap::new(),
            deposits: HashMap::new(),
            claims: HashMap::new(),
            tickets: HashMap::new(),
            count: 0,
        };
        for seller in db::sellers::all(stage.tx)? {
            stage.sellers.insert(seller.slug.clone(), seller);
        }
        for member in &cast::CAST {
            stage.knows(member)?;
        }
        Ok(stage)
    }

    fn knows(&mut self, member: &Member) -> Result<()> {
        let row = db::people::by_email(self.tx, member.email)?;
        let row = row.ok_or_else(|| Error::broken(format!("no {} in the demo", member.email)))?;
        let person = Person {
            sellers: db::people::sellers_of(self.tx, &row.id)?,
            id: row.id,
            name: row.name,
            email: row.email,
            role: row.role,
        };
        let name = member.email.split('@').next().unwrap_or(member.email);
        self.people.insert(name, person);
        Ok(())
    }

    /// Lets time pass: what was promised until then and not done is missed, each at its own second.
    pub fn wait_until(&mut self, at: DateTime<Utc>) -> Result<()> {
        while let Some(clock) = db::clocks::overdue(self.tx, at, 1)?.first() {
            let act = Act::worker(clock.due_at.utc() + Duration::seconds(2), &self.site);
            for claim in clocks::sweep(self.tx, &act, 100)?.cures {
                claims::reassess(self.tx, &act, &claim)?;
            }
        }
        while let Some(clock) = db::clocks::to_warn(self.tx, at, 1)?.first() {
            let told_at = clock.warn_at.map_or(at, |at| at.utc());
            clocks::warn(self.tx, &Act::worker(told_at, &self.site), 100)?;
        }
        self.at = at;
        Ok(())
    }

    /// The letters of the story left within seconds. Those of the last minutes wait for the worker.
    pub fn post_letters(&mut self, until: DateTime<Utc>) -> Result<()> {
        let turn = mail::Turn::of(until, Duration::zero(), schedule::LONGEST);
        for id in mail::due(self.tx, turn, 10_000)? {
            let lease = secret()?;
            if let Some(row) = mail::set_sending(self.tx, &id, &lease, turn)? {
                let left = row.created_at.utc() + Duration::seconds(3);
                mail::mark_sent(self.tx, &id, &lease, left)?;
            }
        }
        Ok(())
    }

    fn seller(&self, slug: &str) -> Result<Seller> {
        let known = self.sellers.get(slug).cloned();
        known.ok_or_else(|| Error::broken(format!("no seller {slug} in the demo")))
    }

    fn person(&self, name: &str) -> Result<Person> {
        let known = self.people.get(name).cloned();
        known.ok_or_else(|| Error::broken(format!("no {name} in the demo")))
    }

    fn claim(&self, label: &str) -> Result<ClaimId> {
        let known = self.claims.get(label).cloned();
        known.ok_or_else(|| Error::broken(format!("no claim {label} in the demo")))
    }

    fn bought(&self, label: &str) -> Result<OrderId> {
        let known = self.orders.get(label).cloned();
        known.ok_or_else(|| Error::broken(format!("no order {label} in the demo")))
    }

    fn act(&self, name: &str) -> Result<Act> {
        let person = self.person(name)?;
        let via = if person.role.is_staff() {
            Door::Queue
        } else {
            Door::Portal
        };
        Ok(Act {
            who: Who::Person(person),
            at: self.at,
            via,
            request: String::new(),
            site: self.site.clone(),
        })
    }

    fn shop(&self) -> Act {
        Act::operator(self.at, &self.site)
    }

    /// The next name in the sellers' own books.
    fn reference(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", 48_200 + self.count)
    }

    pub fn deposit(
        &mut self,
        label: &str,
        (seller, customer): (&str, &str),
        amount: &str,
        (method, state): (&str, MethodStatus),
        paid: Option<(&str, &str)>,
    ) -> Result<()> {
        let shop = self.seller(seller)?;
        let paid = match paid {
            Some((amount, currency)) => Some((e8(amount)?, currency.to_owned())),
            None => None,
        };
        let new = NewDeposit {
            seller: shop.id,
            customer: self.person(customer)?.id,
            reference: self.reference("PAY-"),
            at: self.at,
            currency: shop.currency,
            amount_e8: e8(amount)?,
            method: method_of(method, state),
            paid,
            surcharge_e8: None,
        };
        let (deposit, _) = deposits::receive(self.tx, &self.shop(), &new)?;
        self.deposits.insert(label.to_owned(), deposit.id);
        Ok(())
    }

    pub fn bonus(
        &mut self,
        (seller, customer): (&str, &str),
        amount: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let shop = self.seller(seller)?;
        let new = NewBonus {
            seller: shop.id,
            customer: self.person(customer)?.id,
            reference: self.reference("BONUS-"),
            at: self.at,
            expires_at: Some(expires_at),
            currency: shop.currency,
            amount_e8: e8(amount)?,
        };
        deposits::grant(self.tx, &self.shop(), &new).map(|_| ())
    }

    pub fn order(&mut self, label: &str, bought: &Bought) -> Result<()> {
        let shop = self.seller(bought.seller)?;
        let customer = self.person(bought.customer)?.id;
        let act = self.shop();
        let mut parts = Vec::new();
        for (method, amount) in &bought.paid_with {
            if *method != db::orders::BALANCE {
                let new = method_of(method, MethodStatus::Usable);
                deposits::keep_method(self.tx, &act, &shop.id, &customer, &new)?;
            }
            if *method == db::orders::BALANCE {
                self.covers((bought.seller, bought.customer), amount)?;
            }
            parts.push(Part {
                method: (*method).to_owned(),
                amount: Amount::from_e8(e8(amount)?),
            });
        }
        let charge: Amount = parts.iter().map(|part| part.amount).sum();
        let new = NewOrder {
            reference: self.reference(""),
            seller: shop.id,
            customer,
            service: None,
            title: bought.title.to_owned(),
            target: bought.target.to_owned(),
            placed_at: Some(self.at),
            currency: shop.currency,
            charge_e8: Some(charge.e8()),
            tax_included_e8: None,
            quantity: bought.quantity,
            paid_with: Some(parts),
            snapshot_json: bought.shown.to_string(),
            items: 1,
            progress: bought.progress.clone(),
            source: "shop".to_owned(),
            told_at: self.at,
        };
        let (order, _) = orders::place(self.tx, &act, &new)?;
        self.orders.insert(label.to_owned(), order.id);
        Ok(())
    }

    /// A customer whose balance is too low pays in what the order costs, as the shop would ask them to.
    fn covers(&mut self, who: (&str, &str), amount: &str) -> Result<()> {
        let shop = self.seller(who.0)?;
        let balance = db::deposits::Balance {
            seller: shop.id,
            customer: self.person(who.1)?.id,
            currency: shop.currency,
        };
        let lots = db::deposits::lots(self.tx, &balance)?;
        let spendable = lots.iter().filter(|lot| !lot.frozen);
        if spendable.map(|lot| lot.remaining_e8).sum::<i64>() >= e8(amount)? {
            return Ok(());
        }
        self.deposit(
            "topped-up",
            who,
            amount,
            ("visa-1881", MethodStatus::Usable),
            None,
        )
    }

    /// The shop tells that the order moved on.
    pub fn moves(&mut self, label: &str, change: impl FnOnce(&mut Progress)) -> Result<()> {
        let order = self.bought(label)?;
        let mut progress = db::orders::find(self.tx, &order)?.progress();
        change(&mut progress);
        orders::record_status(self.tx, &self.shop(), &order, &progress, "shop", self.at).map(|_| ())
    }

    /// The customer cancels an order that has not started, with the button on its page.
    pub fn cancel(&mut self, customer: &str, order: &str, ground: &str) -> Result<()> {
        let (act, order) = (self.act(customer)?, self.bought(order)?);
        claims::cancel(self.tx, &act, &order, ground).map(|_| ())
    }

    #[allow(clippy::too_many_arguments)]
    pub fn files(
        &mut self,
        label: &str,
        (seller, customer): (&str, &str),
        order: Option<&str>,
        ground: &str,
        reason: &str,
        evidence: &[&str],
        choice: Option<&str>,
    ) -> Result<()> {
        let act = self.act(customer)?;
        let order = order.map(|order| self.bought(order)).transpose()?;
        let evidence = self.handed_in(&act, evidence)?;
        let new = New {
            seller: self.seller(seller)?.id,
            customer: self.person(customer)?.id,
            order,
            ground: ground.to_owned(),
            reason: reason.to_owned(),
            requested_e8: None,
            remedy_choice: choice.map(str::to_owned),
            evidence,
            draft: None,
        };
        let standing = claims::file(self.tx, &act, &new)?;
        self.claims.insert(label.to_owned(), standing.claim.id);
        Ok(())
    }

    /// The kinds of evidence, with a file where the story has one left of that kind.
    fn handed_in(&mut self, act: &Act, kinds: &[&str]) -> Result<Vec<(String, Option<FileId>)>> {
        let mut evidence = Vec::new();
        for kind in kinds {
            let (word, wants_file) = match kind.strip_suffix('+') {
                Some(word) => (word, true),
                None => (*kind, false),
            };
            let upload = self
                .uploads
                .get_mut(word)
                .filter(|_| wants_file)
                .and_then(Iterator::next);
            let file = match upload {
                Some(upload) => Some(files::keep(self.tx, act, &upload, None)?),
                None => None,
            };
            evidence.push((word.to_owned(), file));
        }
        Ok(evidence)
    }

    pub fn establishes(&mut self, who: &str, claim: &str, facts: &[(&str, Value)]) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        let facts: Vec<(String, Value)> = facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let seen = self.seen(&claim)?;
        claims::establish(self.tx, &act, &claim, seen, &facts, "staff").map(|_| ())
    }

    /// Finds out who a customer is, where a large refund needs that first (B7).
    pub fn identifies(&mut self, who: &str, label: &str) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(label)?);
        let standing = claims::reassess(self.tx, &act, &claim)?;
        let lacks = |fact: &str| {
            let missing = standing.iter().flat_map(|now| &now.assessment.missing);
            missing.into_iter().any(|it| it == fact)
        };
        if lacks("customer.verified") {
            self.establishes(who, label, &[("customer.verified", Value::Bool(true))])?;
        }
        Ok(())
    }

    pub fn asks(&mut self, who: &str, claim: &str, words: &str) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        let seen = self.seen(&claim)?;
        claims::ask(self.tx, &act, &claim, seen, words).map(|_| ())
    }

    pub fn supplies(
        &mut self,
        customer: &str,
        claim: &str,
        words: &str,
        evidence: &[&str],
    ) -> Result<()> {
        let (act, claim) = (self.act(customer)?, self.claim(claim)?);
        let supply = Supply {
            words: words.to_owned(),
            remedy_choice: None,
            evidence: self.handed_in(&act, evidence)?,
        };
        claims::supply(self.tx, &act, &claim, &supply).map(|_| ())
    }

    /// Says how a task went.
    fn reports(&mut self, who: &str, claim: &str, kind: Kind, report: &Report) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        let seen = self.seen(&claim)?;
        tasks::report(self.tx, &act, &claim, seen, kind, report).map(|_| ())
    }

    /// A plan's access is withdrawn, with so many requests left at that moment.
    pub fn withdraws_access(&mut self, who: &str, claim: &str, left: i64) -> Result<()> {
        let report = Report {
            code: "withdrawn".to_owned(),
            count: Some(left),
            ..Report::default()
        };
        self.reports(who, claim, Kind::WithdrawAccess, &report)
    }

    /// The customer has the replacement.
    pub fn replaces(&mut self, who: &str, claim: &str, worth: &str, words: &str) -> Result<()> {
        let report = Report {
            code: "given".to_owned(),
            value_e8: Some(e8(worth)?),
            words: words.to_owned(),
            ..Report::default()
        };
        self.reports(who, claim, Kind::Replace, &report)
    }

    /// The seller's panel tells how an order stands, by its own number and in its own spelling.
    pub fn panel_says(
        &mut self,
        label: &str,
        number: &str,
        status: &str,
        remains: i64,
    ) -> Result<()> {
        let id = self.bought(label)?;
        let act = Act::worker(self.at, &self.shop().site);
        let order = db::orders::find(self.tx, &id)?;
        panels::name_order(self.tx, &act, &order, number)?;
        panels::hear(self.tx, &act, &id, status, Some(remains)).map(|_| ())
    }

    pub fn approves(&mut self, who: &str, claim: &str) -> Result<()> {
        self.decides(who, claim, Verdict::Approve, None, None, "")
    }

    /// Another amount than the rules', or against their answer, with a reason.
    pub fn grants(
        &mut self,
        who: &str,
        claim: &str,
        amount: &str,
        reason: &str,
        words: &str,
    ) -> Result<()> {
        let amount_e8 = e8(amount)?;
        self.decides(
            who,
            claim,
            Verdict::Approve,
            Some(amount_e8),
            Some(reason),
            words,
        )
    }

    /// What the rules computed, above one's own limit: it waits for somebody else.
    pub fn proposes(&mut self, who: &str, label: &str) -> Result<()> {
        let claim = self.claim(label)?;
        let decide = Decide {
            seen: self.seen(&claim)?,
            claim,
            verdict: Verdict::Approve,
            amount_e8: None,
            reason: None,
            words: String::new(),
        };
        let act = self.act(who)?;
        match claims::decide(self.tx, &act, &decide)? {
            Decided::Proposed(_) => Ok(()),
            other => Err(Error::broken(format!("{label} does not wait: {other:?}"))),
        }
    }

    pub fn rejects(&mut self, who: &str, claim: &str, words: &str) -> Result<()> {
        self.decides(who, claim, Verdict::Reject, None, None, words)
    }

    /// Decides; where time had changed the answer meanwhile, looks again a minute later and decides on that.
    fn decides(
        &mut self,
        who: &str,
        label: &str,
        verdict: Verdict,
        amount_e8: Option<i64>,
        reason: Option<&str>,
        words: &str,
    ) -> Result<()> {
        let claim = self.claim(label)?;
        for _ in 0..2 {
            let decide = Decide {
                claim: claim.clone(),
                seen: self.seen(&claim)?,
                verdict,
                amount_e8,
                reason: reason.map(str::to_owned),
                words: words.to_owned(),
            };
            let act = self.act(who)?;
            match claims::decide(self.tx, &act, &decide) {
                Ok(Decided::Done(_) | Decided::Dropped) => return Ok(()),
                // What is too much for one is approved by another, as at any desk.
                Ok(Decided::Proposed(_)) => {
                    self.at += Duration::minutes(7);
                    let second = if who == LEAD { MANAGER } else { LEAD };
                    return self.decides(second, label, Verdict::Endorse, None, None, "");
                }
                Ok(Decided::Changed(_)) => {}
                Err(error) => return Err(error),
            }
            self.at += Duration::minutes(1);
        }
        Err(Error::broken(
            "a decision of the demo's story changed twice",
        ))
    }

    pub fn withdraws(&mut self, customer: &str, claim: &str) -> Result<()> {
        let (act, claim) = (self.act(customer)?, self.claim(claim)?);
        claims::withdraw(self.tx, &act, &claim).map(|_| ())
    }

    pub fn appeals(&mut self, customer: &str, claim: &str, words: &str) -> Result<()> {
        let (act, claim) = (self.act(customer)?, self.claim(claim)?);
        claims::appeal(self.tx, &act, &claim, words).map(|_| ())
    }

    /// A question that is no claim.
    pub fn wonders(
        &mut self,
        label: &str,
        (seller, customer): (&str, &str),
        subject: &str,
        body: &str,
    ) -> Result<()> {
        let act = self.act(customer)?;
        let (seller, customer) = (self.seller(seller)?.id, self.person(customer)?.id);
        let opening = Opening {
            seller: &seller,
            customer: &customer,
            subject,
            body,
        };
        let ticket = tickets::open(self.tx, &act, &opening, &[])?;
        self.tickets.insert(label.to_owned(), ticket.id);
        Ok(())
    }

    pub fn replies(&mut self, who: &str, label: &str, words: &str) -> Result<()> {
        let (act, ticket) = (self.act(who)?, self.conversation(label)?);
        let seen = db::tickets::find(self.tx, &ticket)?.seq;
        let seen = (act.person().map(|person| person.role) > Some(Role::Customer)).then_some(seen);
        tickets::reply(self.tx, &act, &ticket, seen, words, &[]).map(|_| ())
    }

    /// Begins the next version of a seller's policy, in force from the month after the next one, and saves it as `change` makes it.
    pub fn drafts(
        &mut self,
        who: &str,
        policy: &str,
        version: &str,
        change: impl Fn(&str) -> String,
    ) -> Result<()> {
        let act = self.act(who)?;
        let versions = db::policies::versions(self.tx, policy)?;
        let base = versions.last().ok_or(Error::NotFound)?;
        let from = self.at.date_naive() + Months::new(2);
        let from = from.with_day(1).unwrap_or(from);
        let text = (policy, base.version.as_str());
        let draft = policies::begin(self.tx, &act, text, version, from)?;
        let document = db::policy_drafts::newest(self.tx, &draft)?.document;
        policies::save(self.tx, &act, &draft.id, draft.seq, &change(&document))?;
        Ok(())
    }

    pub fn closes(&mut self, who: &str, label: &str) -> Result<()> {
        let (act, ticket) = (self.act(who)?, self.conversation(label)?);
        tickets::close(self.tx, &act, &ticket, None).map(|_| ())
    }

    pub fn notes(&mut self, who: &str, label: &str, words: &str) -> Result<()> {
        let (act, ticket) = (self.act(who)?, self.conversation(label)?);
        tickets::note(self.tx, &act, &ticket, None, words).map(|_| ())
    }

    pub fn takes(&mut self, who: &str, label: &str) -> Result<()> {
        let (act, ticket) = (self.act(who)?, self.conversation(label)?);
        let own = self.person(who)?.id;
        tickets::assign(self.tx, &act, &ticket, None, Some(&own))
    }

    pub fn presses(&mut self, who: &str, label: &str, priority: Priority) -> Result<()> {
        let (act, ticket) = (self.act(who)?, self.conversation(label)?);
        tickets::prioritise(self.tx, &act, &ticket, None, priority)
    }

    /// The conversation of a claim, or of a question.
    fn conversation(&mut self, label: &str) -> Result<TicketId> {
        if let Some(ticket) = self.tickets.get(label) {
            return Ok(ticket.clone());
        }
        let claim = self.claim(label)?;
        Ok(db::claims::find(self.tx, &claim)?.ticket_id)
    }

    fn seen(&mut self, claim: &ClaimId) -> Result<i64> {
        let ticket = db::claims::find(self.tx, claim)?.ticket_id;
        Ok(db::tickets::find(self.tx, &ticket)?.seq)
    }
}

/// Hashed once for everybody: the password is no secret, and twenty-five hashes would take a second of the start.
pub fn one_hash() -> Result<String> {
    passwords::hash(cast::PASSWORD)
}

fn method_of(reference: &str, state: MethodStatus) -> NewMethod {
    let label = match reference.split_once('-') {
        Some(("visa", digits)) => format!("Visa ending in {digits}"),
        Some(("mastercard", digits)) => format!("Mastercard ending in {digits}"),
        Some(("paypal", owner)) => format!("PayPal ({owner})"),
        Some(("iban", digits)) => format!("Bank account ending in {digits}"),
        _ => reference.to_owned(),
    };
    NewMethod {
        reference: reference.to_owned(),
        label: Some(label),
        state: Some(state),
    }
}

fn e8(text: &str) -> Result<i64> {
    let read = Amount::parse(text).map(Amount::e8);
    read.map_err(|why| Error::broken(format!("{text} {why}")))
}

/// An account of somebody of the cast.
pub fn enter(tx: &mut Tx, act: &Act, member: &Member, hash: &str) -> Result<()> {
    let mut limited = Vec::new();
    if member.role.is_staff() {
        for slug in member.sellers {
            let seller = db::sellers::by_slug(tx, slug)?;
            let seller =
                seller.ok_or_else(|| Error::broken(format!("no seller {slug} in the demo")))?;
            limited.push(seller.id);
        }
    }
    let newcomer = Newcomer {
        name: member.name.to_owned(),
        email: member.email.to_owned(),
        role: member.role,
        sellers: limited,
    };
    let id = people::add(tx, act, &newcomer, hash)?;
    let own = Act {
        who: Who::Person(Person {
            id,
            name: newcomer.name,
            email: newcomer.email,
            role: newcomer.role,
            sellers: newcomer.sellers,
        }),
        ..act.clone()
    };
    people::update(tx, &own, member.name, member.zone)
}
