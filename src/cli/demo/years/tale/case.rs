//! A claim inside its ticket: filed, established, assessed, supplied, withdrawn, by the same rules and with the same rows as
//! `desk::claims` leaves. What is decided on it is in `decide`.

mod decide;

pub use decide::Otherwise;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::money::Bought;
use super::{Said, Tale};
use crate::act::Who;
use crate::db::claims::{Assessment as Stored, Claim, Decision, Evidence, Fact};
use crate::db::exceptions::Exception;
use crate::db::orders::{OrderEvent, Progress};
use crate::db::payouts::Payout;
use crate::db::tasks::Task;
use crate::desk::claims::{fact_told, pays_at_once};
use crate::desk::tasks;
use crate::error::{Error, Result};
use crate::ids::{AssessmentId, ClaimId, FactId, TaskId};
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, ClockKind, NextAction, Outcome, Reference};
use crate::rules::calendar::local_day;
use crate::rules::deadline::ClockStart;
use crate::rules::facts::{self, Facts, Findings};
use crate::rules::lifecycle::claim::{self as lifecycle, State, next};
use crate::rules::lifecycle::payout;
use crate::rules::lifecycle::ticket as turn;
use crate::rules::money::{Amount, Currency};
use crate::rules::policy::Policy;
use crate::rules::tasks::{Kind, State as Work, ended, wanted};

use super::super::ink::Ink;

pub struct Case<'a> {
    pub claim: Claim,
    pub policy: &'a Policy,
    pub order: Option<Bought>,
    state: State,
    account: Option<facts::Account>,
    evidence: Vec<Evidence>,
    pub(super) found: Vec<Fact>,
    findings: Findings,
    /// Units left, where a person measured them.
    measured: Option<i64>,
    assessed: Vec<Stored>,
    pub last: Assessment,
    facts: Facts,
    decided: Vec<(Decision, Vec<Exception>, Vec<Payout>)>,
    /// The review waits for the customer.
    waits: bool,
    rejected_by: Option<String>,
}

/// What is asked for.
pub struct Asked<'b> {
    pub ground: &'b str,
    pub reason: &'b str,
    pub evidence: &'b [&'b str],
    pub choice: Option<facts::Remedy>,
}

impl Case<'_> {
    pub(super) fn finish(mut self, ink: &mut Ink) {
        self.claim.state = self.state.word().to_owned();
        if let Some(bought) = self.order {
            if bought.order.refunded_e8 > 0 || !bought.history.is_empty() {
                ink.sheaf.moved_on.push(bought.order);
            }
            ink.sheaf.order_events.extend(bought.history);
        }
        ink.sheaf.claims.push(self.claim);
        ink.sheaf.facts.extend(self.found);
        ink.sheaf.evidence.extend(self.evidence);
        ink.sheaf.assessments.extend(self.assessed);
        for (row, exceptions, payouts) in self.decided {
            ink.decision(row, exceptions, payouts);
        }
    }

    fn progress(&self) -> Option<Progress> {
        self.order.as_ref().map(|bought| bought.order.progress())
    }
}

impl<'a> Tale<'a> {
    fn case_mut(&mut self) -> Result<&mut Case<'a>> {
        self.case
            .as_mut()
            .ok_or_else(|| Error::broken("a story without a claim"))
    }

    fn case_ref(&self) -> Result<&Case<'a>> {
        self.case
            .as_ref()
            .ok_or_else(|| Error::broken("a story without a claim"))
    }

    pub fn outcome(&self) -> Option<Outcome> {
        self.case.as_ref().map(|case| case.last.outcome)
    }

    pub fn is_undecided(&self) -> bool {
        self.case.as_ref().is_some_and(|case| case.state.is_open())
    }

    /// Whether a payout of the claim is still to be sent.
    pub fn waits_for_money(&self) -> bool {
        let decided = self.case.iter().flat_map(|case| &case.decided);
        let mut payouts = decided.flat_map(|(.., payouts)| payouts);
        payouts.any(|row| row.state == payout::State::Queued)
    }

    /// Files the claim that this ticket is about, with the order it is about.
    pub fn files(&mut self, asked: &Asked, bought: Option<Bought>) -> Result<()> {
        let (shop, at) = (self.shop, self.at);
        let seller = &shop.seller;
        let channel = if self.ticket.via == "mail" {
            "email"
        } else {
            "portal"
        };
        let currency = seller.currency.clone();
        let order = bought.as_ref().map(|bought| &bought.order);
        let subject = match order {
            Some(order) => format!("order:{}", order.id),
            None => format!("balance:{}:{}:{currency}", seller.id, self.customer.id),
        };
        let title = match order {
            Some(order) => format!("{} ({})", order.title, order.number),
            None => seller.name.clone(),
        };
        let claim = Claim {
            id: ClaimId::from(self.ink.dice.id(at)),
            number: self.ink.claim_number(),
            ticket_id: self.ticket.id.clone(),
            seller_id: seller.id.clone(),
            customer_id: self.customer.id.clone(),
            order_id: order.map(|order| order.id.clone()),
            subject,
            ground: asked.ground.to_owned(),
            policy_id: "".into(),
            state: State::InReview.word().to_owned(),
            channel: channel.to_owned(),
            reason: asked.reason.to_owned(),
            currency,
            requested_e8: None,
            remedy_choice: asked.choice.map(|choice| choice.word().to_owned()),
            received_at: at.into(),
            received_on: local_day(at, shop.zone),
            decided_at: None,
            approved_at: None,
            appealed_at: None,
            outcome: String::new(),
            computed_e8: None,
            granted_e8: None,
            flagged: false,
            seq: 1,
            clause: None,
        };
        let by = self.customer.who.clone();
        let mut evidence = Vec::new();
        for kind in asked.evidence {
            evidence.push(self.handed_in(&claim.id, kind));
        }
        let account = match &bought {
            Some(_) => None,
            None => Some(facts::Account {
                currency: Currency::parse(&claim.currency).ok(),
                entries: Some(self.customer.entries.clone()),
            }),
        };
        let policy = shop.policy(at)?;
        let facts = Facts::new(&seller.policy, asked.ground, at);
        self.case = Some(Case {
            claim,
            policy,
            order: bought,
            state: State::InReview,
            account,
            evidence,
            found: Vec::new(),
            findings: Findings::default(),
            measured: None,
            assessed: Vec::new(),
            last: unheard(policy),
            facts,
            decided: Vec::new(),
            waits: false,
            rejected_by: None,
        });
        let (facts, assessment) = self.judge(None)?;
        let named = &assessment.policy;
        let policy = shop.shelf.get(&named.id, &named.version);
        let policy = policy.ok_or_else(|| Error::broken("a claim that no version governs"))?;
        let pinned = shop.pinned(named)?;
        let case = self.case_mut()?;
        case.policy = policy;
        case.claim.policy_id = pinned;
        let heading = policy.ground(asked.ground);
        let heading = heading.map_or("Request", |ground| ground.title.as_str());
        self.ticket.subject = format!("{heading}: {title}");
        if !asked.reason.is_empty() {
            self.say(&by, "customer", asked.reason);
        }
        let words = format!("{} asked: {}", by.label(), self.ticket.subject);
        let number = &self.case_ref()?.claim.number;
        let public = format!("You sent this request ({number}).");
        self.record(&by, Said::new("claim_filed", words).told(public));
        self.settle(&by, facts, assessment)
    }

    fn handed_in(&mut self, claim: &ClaimId, kind: &str) -> Evidence {
        Evidence {
            id: self.ink.dice.id(self.at),
            claim_id: claim.clone(),
            kind: kind.to_owned(),
            file_id: None,
            who: self.customer.id.as_str().to_owned(),
            received_at: self.at.into(),
        }
    }

    /// What is known now, and what the rules say of it.
    fn judge(&self, approved_at: Option<DateTime<Utc>>) -> Result<(Facts, Assessment)> {
        let case = self.case_ref()?;
        let claim = &case.claim;
        let order = match &case.order {
            Some(bought) => Some(as_facts(bought, case.measured)?),
            None => None,
        };
        let evidence = case.evidence.iter().map(|row| {
            let kind = facts::EvidenceKind::from_word(&row.kind)?;
            let received_at = Some(row.received_at.utc());
            Some(facts::Evidence { kind, received_at })
        });
        let facts = Facts {
            id: Some(claim.number.clone()),
            as_of: Some(self.at),
            channel: facts::Channel::from_word(&claim.channel).unwrap_or(facts::Channel::Portal),
            reason: Some(claim.reason.clone()),
            evidence: evidence.flatten().collect(),
            remedy_choice: claim
                .remedy_choice
                .as_deref()
                .and_then(facts::Remedy::from_word),
            approved_at,
            seller: self.shop.settings.clone(),
            customer: facts::Customer {
                verified: None,
                suspended: Some(false),
            },
            account: case.account.clone(),
            order,
            findings: case.findings.clone(),
            ..Facts::new(
                &self.shop.seller.policy,
                &claim.ground,
                claim.received_at.utc(),
            )
        };
        let assessment = adjudicate(&self.shop.shelf, &facts);
        Ok((facts, assessment))
    }

    /// The assessment's row.
    fn keep(&mut self, facts: &Facts, assessment: &Assessment) -> Result<AssessmentId> {
        let id = AssessmentId::from(self.ink.dice.id(self.at));
        let at = self.at;
        let case = self.case_mut()?;
        let amount_e8 = assessment.amount.map(Amount::e8);
        case.assessed.push(Stored {
            id: id.clone(),
            claim_id: case.claim.id.clone(),
            seq: i64::try_from(case.assessed.len()).unwrap_or(0) + 1,
            at: at.into(),
            policy_id: case.claim.policy_id.clone(),
            policy_hash: assessment.policy.hash.clone(),
            engine: crate::rules::ENGINE.to_owned(),
            facts_json: serde_json::to_string(facts)?,
            result_json: serde_json::to_string(assessment)?,
            outcome: assessment.outcome.word().to_owned(),
            amount_e8,
        });
        let deciding = case.policy.deciding(assessment);
        case.claim.outcome = assessment.outcome.word().to_owned();
        case.claim.computed_e8 = amount_e8;
        case.claim.flagged = assessment.flagged;
        case.claim.clause = deciding.map(|finding| finding.id.clone());
        Ok(id)
    }

    /// Keeps an assessment and lets state, clocks, turns and tasks follow; pays at once where the policy says so.
    fn settle(&mut self, who: &Who, facts: Facts, assessment: Assessment) -> Result<()> {
        self.keep(&facts, &assessment)?;
        let case = self.case_mut()?;
        let before = case.state;
        let after = next(before, lifecycle::Verb::Assess, assessment.outcome);
        let after = after.map_err(Error::broken)?;
        case.state = after;
        let verb = match after {
            State::NeedsEvidence => Some(turn::Verb::Ask),
            State::OnHold => Some(turn::Verb::Hold),
            _ if matches!(before, State::NeedsEvidence | State::OnHold) => Some(turn::Verb::Resume),
            _ => None,
        };
        if let Some(verb) = verb {
            self.step(verb)?;
        }
        self.promise_all(&assessment, None)?;
        self.take_turns(who, before, after)?;
        self.follow_tasks(who, &facts, &assessment)?;
        let pays = pays_at_once(&facts, &assessment);
        let amount = assessment.amount;
        let case = self.case_mut()?;
        (case.last, case.facts) = (assessment, facts);
        if let Some(amount) = amount.filter(|_| pays) {
            self.pay(&Who::Policy, amount, None)?;
        }
        Ok(())
    }

    /// Starts the clocks that are promised and not there yet.
    fn promise_all(
        &mut self,
        assessment: &Assessment,
        approved_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let case = self.case_ref()?;
        let (policy, received) = (case.policy, case.claim.received_at.utc());
        for deadline in &assessment.deadlines {
            let is_it = |kind: &str, clause: &str| {
                kind == deadline.kind.word() && clause == deadline.clause
            };
            if self
                .clocks
                .iter()
                .any(|(row, _)| is_it(&row.kind, &row.clause))
            {
                continue;
            }
            let mut declared = policy.clocks.iter();
            let Some(declared) = declared.find(|it| is_it(it.kind.word(), &it.clause)) else {
                continue;
            };
            let from = match declared.starts {
                ClockStart::Approved => approved_at.unwrap_or(self.at),
                _ => received,
            };
            self.promise(declared, policy, from)?;
        }
        Ok(())
    }

    fn take_turns(&mut self, who: &Who, before: State, after: State) -> Result<()> {
        let waits = self.case_ref()?.waits;
        let (kind, words) = match (before, after) {
            (_, State::NeedsEvidence) if !waits => {
                ("evidence_awaited", "The review waits for the customer.")
            }
            (State::NeedsEvidence, after) if waits && after != State::NeedsEvidence => {
                ("evidence_complete", "The review goes on.")
            }
            _ => return Ok(()),
        };
        self.record(who, Said::new(kind, words));
        self.case_mut()?.waits = !waits;
        Ok(())
    }

    fn follow_tasks(&mut self, who: &Who, facts: &Facts, assessment: &Assessment) -> Result<()> {
        if matches!(assessment.outcome, Outcome::NeedsEvidence | Outcome::OnHold) {
            return Ok(());
        }
        let policy = self.case_ref()?.policy;
        let was_done = |kind: Kind| {
            let mut all = self.tasks.iter();
            kind.ends_by_word() && all.any(|task| task.kind == kind && task.state == Work::Done)
        };
        let wanted = wanted(policy, facts, assessment).filter(|kind| !was_done(*kind));
        for place in 0..self.tasks.len() {
            let (kind, state) = (self.tasks[place].kind, self.tasks[place].state);
            if state == Work::Open && Some(kind) != wanted {
                let (state, words) = ended(kind, facts, assessment);
                self.end_task(who, place, state, words);
            }
        }
        let is_open = |kind: Kind| {
            let mut all = self.tasks.iter();
            all.any(|task| task.kind == kind && task.state == Work::Open)
        };
        if let Some(kind) = wanted.filter(|kind| !is_open(*kind)) {
            let case = self.case_ref()?;
            let task = Task {
                seller_id: self.shop.seller.id.clone(),
                claim_id: case.claim.id.clone(),
                id: TaskId::from(self.ink.dice.id(self.at)),
                kind,
                state: Work::Open,
                owner_id: self.ticket.assignee_id.clone(),
                opened_at: self.at.into(),
                ended_at: None,
                ended_by: None,
                result: None,
                value_e8: None,
            };
            self.tasks.push(task);
            self.record(who, Said::new("task_opened", tasks::opening_told(kind)));
        }
        Ok(())
    }

    fn end_task(&mut self, who: &Who, place: usize, state: Work, words: &str) {
        let task = &mut self.tasks[place];
        task.state = state;
        task.ended_at = Some(self.at.into());
        task.ended_by = Some(who.key().to_owned());
        task.result = Some(words.to_owned());
        let said = Said::new("task_ended", tasks::end_told(task.kind, state, words));
        self.record(who, said);
    }

    fn drop_tasks(&mut self, who: &Who) {
        for place in 0..self.tasks.len() {
            if self.tasks[place].state == Work::Open {
                self.end_task(who, place, Work::Dropped, "The request has ended.");
            }
        }
    }

    fn reassess(&mut self, who: &Who) -> Result<()> {
        self.bump();
        self.case_mut()?.claim.seq += 1;
        let (facts, assessment) = self.judge(None)?;
        self.settle(who, facts, assessment)
    }

    /// Somebody at the desk finds things out.
    pub fn establishes(
        &mut self,
        at: DateTime<Utc>,
        who: &Who,
        found: &[(&str, Value)],
        learn: impl FnOnce(&mut Findings),
    ) -> Result<()> {
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        self.bump();
        for (name, value) in found {
            let id = FactId::from(self.ink.dice.id(at));
            let case = self.case_mut()?;
            case.found.push(Fact {
                id,
                claim_id: case.claim.id.clone(),
                seq: i64::try_from(case.found.len()).unwrap_or(0) + 1,
                name: (*name).to_owned(),
                value_json: value.to_string(),
                source: "own_check".to_owned(),
                who: who.key().to_owned(),
                at: at.into(),
            });
            if *name == "order.remains" {
                case.measured = value.as_i64();
            }
            let words = format!("{} found out: {}", who.label(), fact_told(name, value));
            let said = Said::new("fact_established", words).with((name, value, "own_check"))?;
            self.record(who, said);
        }
        learn(&mut self.case_mut()?.findings);
        self.reassess(who)
    }

    /// Access to a plan is withdrawn, and what was left is measured.
    pub fn withdraws_access(&mut self, at: DateTime<Utc>, who: &Who, left: i64) -> Result<()> {
        let open = |task: &Task| task.kind == Kind::WithdrawAccess && task.state == Work::Open;
        let Some(place) = self.tasks.iter().position(open) else {
            return Ok(());
        };
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        self.end_task(who, place, Work::Done, "Access is withdrawn.");
        self.establishes(at, who, &[("order.remains", Value::from(left))], |_| {})
    }

    /// The shop tells that the order moved on.
    pub fn moves(&mut self, at: DateTime<Utc>, change: impl FnOnce(&mut Progress)) -> Result<()> {
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        let Some(mut progress) = self.case_ref()?.progress() else {
            return Ok(());
        };
        change(&mut progress);
        self.set_progress(progress, "shop")?;
        self.reassess(&Who::Operator)
    }

    fn set_progress(&mut self, progress: Progress, source: &str) -> Result<()> {
        let (at, id) = (self.at, self.ink.dice.id(self.at));
        let Some(bought) = &mut self.case_mut()?.order else {
            return Ok(());
        };
        let order = &mut bought.order;
        bought.history.push(OrderEvent {
            id,
            order_id: order.id.clone(),
            at: at.into(),
            status: progress.status,
            remains: progress.remains.clone(),
            source: source.to_owned(),
        });
        order.status = progress.status;
        order.remains = progress.remains;
        order.canceled_by = progress.canceled_by;
        order.seq += 1;
        Ok(())
    }

    /// The customer hands in what was missing.
    pub fn supplies(&mut self, at: DateTime<Utc>, words: &str, kinds: &[&str]) -> Result<()> {
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        self.bump();
        let who = self.customer.who.clone();
        self.say(&who, "customer", words);
        let claim = self.case_ref()?.claim.id.clone();
        for kind in kinds {
            let row = self.handed_in(&claim, kind);
            self.case_mut()?.evidence.push(row);
        }
        let said = format!("{} sent what was asked for.", who.label());
        self.record(
            &who,
            Said::new("claim_supplied", said).told("You answered."),
        );
        if self.case_ref()?.state == State::NeedsEvidence {
            self.case_mut()?.state = State::InReview;
            self.step(turn::Verb::CustomerWrites)?;
        }
        // What is handed in ends the wait, whatever the rules make of it.
        self.case_mut()?.waits = false;
        self.reassess(&who)
    }

    pub fn withdraws(&mut self, at: DateTime<Utc>) -> Result<()> {
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        self.bump();
        let who = self.customer.who.clone();
        let case = self.case_mut()?;
        let to = next(case.state, lifecycle::Verb::Withdraw, Outcome::NeedsReview);
        case.state = to.map_err(Error::broken)?;
        self.drop_tasks(&who);
        self.step(turn::Verb::Close)?;
        let words = format!("{} withdrew this.", who.label());
        let said = Said::new("claim_withdrawn", words).told("You withdrew this request.");
        self.record(&who, said);
        Ok(())
    }

    /// The seventy-two hours of a repair are over: the rules may say something else now.
    pub fn misses_the_repair(&mut self) -> Result<()> {
        let Some(case) = &self.case else {
            return Ok(());
        };
        let mut deadlines = case.last.deadlines.iter();
        let cure = deadlines.find(|it| it.kind == ClockKind::Cure);
        let Some(at) = cure.map(|cure| cure.due_at + Duration::seconds(2)) else {
            return Ok(());
        };
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        self.reassess(&Who::Worker)
    }
}

/// Before the rules have said anything.
fn unheard(policy: &Policy) -> Assessment {
    Assessment {
        id: None,
        policy: Reference {
            id: policy.id.clone(),
            version: policy.version.clone(),
            hash: String::new(),
        },
        outcome: Outcome::NeedsReview,
        flagged: false,
        flags: Vec::new(),
        discretionary: false,
        automatic: false,
        amount: None,
        currency: None,
        payments: Vec::new(),
        stays_on_balance: Vec::new(),
        route: None,
        next_action: NextAction::None,
        missing: Vec::new(),
        alternatives: Vec::new(),
        clauses: Vec::new(),
        deadlines: Vec::new(),
        explanation: Vec::new(),
    }
}

/// The order as the rules read it.
fn as_facts(bought: &Bought, measured: Option<i64>) -> Result<facts::Order> {
    let order = &bought.order;
    let parts = order.parts()?.unwrap_or_default();
    let shown: Value = serde_json::from_str(&order.snapshot_json)?;
    let truth = |field: &str| shown[field].as_bool();
    let remains = order.remains.as_deref().and_then(|left| left.parse().ok());
    Ok(facts::Order {
        id: Some(order.reference.clone()),
        placed_at: order.placed_at.map(|at| at.utc()),
        status: Some(order.status),
        quantity: order.quantity,
        remains: measured.or(remains),
        remains_at_request: None,
        charge: order.charge_e8.map(Amount::from_e8),
        currency: Currency::parse(&order.currency).ok(),
        tax_included: None,
        refunded: Some(Amount::from_e8(order.refunded_e8)),
        paid_with: parts
            .into_iter()
            .map(|part| facts::Part {
                method: part.method,
                amount: part.amount,
            })
            .collect(),
        canceled_by: order.canceled_by,
        period_ends_on: order.period_ends_on,
        confirmed_at: order.confirmed_at.map(|at| at.utc()),
        sent_at: order.sent_at.map(|at| at.utc()),
        sms: order.sms,
        sms_received_at: order.sms_received_at.map(|at| at.utc()),
        items: Some(order.items),
        service: facts::Service {
            refill: match &shown["refill"] {
                Value::Number(days) => days
                    .as_u64()
                    .and_then(|days| u32::try_from(days).ok())
                    .map(facts::Refill::Days),
                Value::String(word) if word == "none" => Some(facts::Refill::Never),
                _ => None,
            },
            refundable_once_started: truth("refundable_once_started"),
            returnable: truth("returnable"),
            limits_disclosed: truth("limits_disclosed"),
            compatible_with: None,
        },
    })
}
