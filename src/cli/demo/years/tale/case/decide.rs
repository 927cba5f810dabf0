//! What people, or the policy itself, decide on a claim, and the money that goes with it. Decisions follow what the rules say, but for
//! the exceptions that two people agree on.

use chrono::{DateTime, Duration, Utc};

use super::super::{Said, Tale};
use crate::act::Who;
use crate::db::claims::Decision;
use crate::db::exceptions::Exception;
use crate::db::orders::Progress;
use crate::db::tasks::Task;
use crate::desk::claims::limits;
use crate::desk::payouts;
use crate::error::{Error, Result};
use crate::ids::{DecisionId, ExceptionId, PersonId};
use crate::rules::assessment::{Destination, Outcome, Payment};
use crate::rules::facts::{CanceledBy, Status, Stop};
use crate::rules::granted::{self, Part};
use crate::rules::lifecycle::claim::{self as lifecycle, State, next};
use crate::rules::lifecycle::payout;
use crate::rules::lifecycle::ticket as turn;
use crate::rules::money::Amount;
use crate::rules::tasks::{Kind, State as Work};
use crate::rules::{display, rights};

/// A decision that is not what the rules computed.
pub struct Otherwise<'b> {
    pub amount_e8: i64,
    pub reason: &'b str,
    pub words: &'b str,
}

impl Tale<'_> {
    /// Whoever may grant that alone, from the agent up.
    fn decider(&self, agent: &Who, amount: Amount, computed: Amount) -> Option<Who> {
        let case = self.case.as_ref()?;
        let standing = rights::Standing {
            own: false,
            proposed: false,
            granted_e8: amount.e8(),
            computed_e8: computed.e8(),
        };
        let limits = limits(&self.shop.seller, &case.claim);
        let ranks = [agent, &self.shop.lead, &self.shop.manager];
        let may = |who: &&&Who| {
            let Who::Person(person) = **who else {
                return false;
            };
            let is_new = case.rejected_by.as_deref() != Some(person.id.as_str());
            is_new && rights::deciding(person.role, standing, limits) == rights::Ruling::Alone
        };
        ranks.iter().find(may).map(|who| (*who).clone())
    }

    /// A person decides as the rules say, on what is known at that moment. What has no clear answer, or no way for the money, stays open.
    pub fn decides(&mut self, at: DateTime<Utc>, agent: &Who, refusal: &str) -> Result<()> {
        if !self.is_undecided() || !self.comes(at) {
            return Ok(());
        }
        let (facts, assessment) = self.judge(None)?;
        let last = &self.case_ref()?.last;
        let is_same = (last.outcome, last.amount, &last.payments)
            == (assessment.outcome, assessment.amount, &assessment.payments);
        self.bump();
        if !is_same {
            self.settle(agent, facts, assessment)?;
            return match self.is_undecided() {
                true => self.decides(at + Duration::minutes(2), agent, refusal),
                false => Ok(()),
            };
        }
        let case = self.case_mut()?;
        (case.facts, case.last) = (facts, assessment);
        let amount = case.last.amount.filter(|amount| amount.is_positive());
        match (case.last.outcome, amount) {
            (Outcome::Eligible | Outcome::NeedsReview, Some(amount)) => {
                match self.decider(agent, amount, amount) {
                    Some(who) => self.pay(&who, amount, None),
                    None => Ok(()),
                }
            }
            (Outcome::Remedied, _) => self.put_right(agent),
            (Outcome::Ineligible, _) => match self.decider(agent, Amount::ZERO, Amount::ZERO) {
                Some(who) => self.rejects(&who, refusal),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// An agent proposes what the rules do not give, and the lead agrees.
    pub fn grants(&mut self, at: DateTime<Utc>, agent: &Who, other: &Otherwise) -> Result<()> {
        let agreed_at = at + Duration::minutes(95);
        if !self.is_undecided() || agreed_at > self.ink.now || !self.comes(at) {
            return Ok(());
        }
        let (facts, assessment) = self.judge(None)?;
        let last = &self.case_ref()?.last;
        if last.outcome != assessment.outcome || assessment.outcome != Outcome::Ineligible {
            return Ok(());
        }
        let amount = Amount::from_e8(other.amount_e8);
        let order = self.case_ref()?.order.as_ref();
        let most = order.map_or(0, |bought| bought.order.refundable_e8());
        let parts = granted::parts(self.case_ref()?.policy, &facts, amount);
        if amount.e8() > most || !self.can_move(&parts, amount) {
            return Ok(());
        }
        self.bump();
        let assessed = self.keep(&facts, &assessment)?;
        let computed_e8 = assessment.amount.map(Amount::e8);
        let case = self.case_mut()?;
        (case.facts, case.last) = (facts, assessment);
        let (claim, currency) = (case.claim.id.clone(), case.claim.currency.clone());
        let words = format!(
            "{} proposed {}; a second person decides.",
            agent.label(),
            display::money(amount.e8(), &currency)
        );
        self.record(agent, Said::new("exception_proposed", words));
        let row = Exception {
            id: ExceptionId::from(self.ink.dice.id(at)),
            seller_id: self.shop.seller.id.clone(),
            claim_id: claim,
            seq: 1,
            assessment_id: assessed,
            currency,
            computed_e8,
            amount_e8: amount.e8(),
            override_reason: Some(other.reason.to_owned()),
            words: other.words.to_owned(),
            proposed_by: PersonId::from(agent.key()),
            proposed_at: at.into(),
            state: "approved".to_owned(),
            settled_by: None,
            settled_at: None,
            settled_words: None,
            decision_id: None,
        };
        self.at = agreed_at;
        self.bump();
        let (facts, assessment) = self.judge(None)?;
        let case = self.case_mut()?;
        (case.facts, case.last) = (facts, assessment);
        let lead = self.shop.lead.clone();
        self.pay(&lead, amount, Some((row, other)))
    }

    fn decision(
        &mut self,
        who: &Who,
        verdict: &str,
        amount: Amount,
        (reason, words): (Option<&str>, &str),
    ) -> Result<Decision> {
        let case = self.case_ref()?;
        let (facts, assessment) = (case.facts.clone(), case.last.clone());
        let assessed = self.keep(&facts, &assessment)?;
        self.drop_tasks(who);
        let id = DecisionId::from(self.ink.dice.id(self.at));
        let at = self.at;
        let seller = self.shop.seller.id.clone();
        let case = self.case_mut()?;
        case.claim.seq += 1;
        Ok(Decision {
            id,
            seller_id: seller,
            chain: 0,
            claim_id: case.claim.id.clone(),
            seq: i64::try_from(case.decided.len()).unwrap_or(0) + 1,
            assessment_id: assessed,
            verdict: verdict.to_owned(),
            currency: case.claim.currency.clone(),
            computed_e8: assessment.amount.map(Amount::e8),
            amount_e8: amount.e8(),
            override_reason: reason.map(str::to_owned),
            words: words.to_owned(),
            decided_by: who.key().to_owned(),
            at: at.into(),
            prev_hash: String::new(),
            hash: String::new(),
        })
    }

    pub(super) fn pay(
        &mut self,
        who: &Who,
        amount: Amount,
        endorsed: Option<(Exception, &Otherwise)>,
    ) -> Result<()> {
        let case = self.case_ref()?;
        let parts = granted::parts(case.policy, &case.facts, amount);
        if !self.can_move(&parts, amount) {
            return Ok(());
        }
        let outcome = case.last.outcome;
        let to = next(case.state, lifecycle::Verb::Approve, outcome).map_err(Error::broken)?;
        let said = endorsed
            .as_ref()
            .map_or((None, ""), |(_, other)| (Some(other.reason), other.words));
        let decision = self.decision(who, "approve", amount, said)?;
        let mut exceptions = Vec::new();
        let proposed = if endorsed.is_some() {
            ", as it was proposed"
        } else {
            ""
        };
        if let Some((mut row, _)) = endorsed {
            row.settled_by = Some(PersonId::from(who.key()));
            row.settled_at = Some(self.at.into());
            row.decision_id = Some(decision.id.clone());
            exceptions.push(row);
        }
        let to_balance = parts
            .iter()
            .all(|part| part.payment.to == Destination::AccountBalance);
        let number = self.case_ref()?.claim.number.clone();
        let mut payouts = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let key = format!("{number} decision {} part {place}", decision.seq);
            payouts.extend(self.move_money(who, &decision, part, &key)?);
        }
        let at = self.at;
        let case = self.case_mut()?;
        case.state = to;
        case.claim.granted_e8 = Some(amount.e8());
        case.claim.decided_at = Some(at.into());
        case.claim.approved_at = Some(at.into());
        self.after_approval(to_balance)?;
        self.end_order()?;
        self.tell_approval(who, &decision, amount, proposed, &parts, to_balance)?;
        self.case_mut()?
            .decided
            .push((decision, exceptions, payouts));
        Ok(())
    }

    fn after_approval(&mut self, complete: bool) -> Result<()> {
        if !complete {
            let (_, assessment) = self.judge(Some(self.at))?;
            return self.promise_all(&assessment, Some(self.at));
        }
        if self.is_open() {
            self.step(turn::Verb::Close)?;
        }
        Ok(())
    }

    fn tell_approval(
        &mut self,
        who: &Who,
        decision: &Decision,
        amount: Amount,
        proposed: &str,
        parts: &[Part],
        to_balance: bool,
    ) -> Result<()> {
        let sum = display::money(amount.e8(), &decision.currency);
        let payments: Vec<&Payment> = parts.iter().map(|part| &part.payment).collect();
        let reason = decision.override_reason.as_deref();
        let words = format!("{} approved {sum}{proposed}.", who.label());
        let public = match to_balance {
            true => format!("{sum} was credited to your balance."),
            false => format!("{sum} was approved."),
        };
        let said = Said::new("claim_approved", words).told(public);
        let said = said.with((decision.seq, amount, reason, &payments))?;
        self.record(who, said);
        Ok(())
    }

    /// Nobody delivers what was refunded.
    fn end_order(&mut self) -> Result<()> {
        let case = self.case_ref()?;
        let (Some(bought), Some(progress)) = (&case.order, case.progress()) else {
            return Ok(());
        };
        let status = bought.order.status;
        let is_unfinished = matches!(
            status,
            Status::Pending | Status::Processing | Status::InProgress
        );
        let all_back = bought.order.refundable_e8() == 0;
        let (ended, source) = match case.findings.stop {
            _ if status == Status::Pending && all_back => {
                let canceled = Progress {
                    status: Status::Canceled,
                    canceled_by: Some(CanceledBy::Customer),
                    ..progress
                };
                (canceled, "customer")
            }
            Some(Stop::Stopped) if is_unfinished => {
                let stopped = Progress {
                    status: Status::Partial,
                    ..progress
                };
                (stopped, "desk")
            }
            _ => return Ok(()),
        };
        self.set_progress(ended, source)
    }

    fn rejects(&mut self, who: &Who, words: &str) -> Result<()> {
        let case = self.case_ref()?;
        let to = next(case.state, lifecycle::Verb::Reject, case.last.outcome);
        let to = to.map_err(Error::broken)?;
        let decision = self.decision(who, "reject", Amount::ZERO, (None, words))?;
        self.ends(to, decision, who);
        let said = format!("{} rejected this.", who.label());
        let public = "Your request was turned down. You can appeal once.";
        self.record(who, Said::new("claim_rejected", said).told(public));
        if self.is_open() {
            self.step(turn::Verb::Close)?;
        }
        Ok(())
    }

    fn put_right(&mut self, who: &Who) -> Result<()> {
        let case = self.case_ref()?;
        let to = next(case.state, lifecycle::Verb::Remedy, case.last.outcome);
        let to = to.map_err(Error::broken)?;
        let waits = |task: &Task| task.kind == Kind::Replace && task.state == Work::Open;
        if self.tasks.iter().any(waits) {
            return Ok(());
        }
        let decision = self.decision(who, "approve", Amount::ZERO, (None, ""))?;
        self.ends(to, decision, who);
        let said = format!("{} closed this as put right.", who.label());
        let public = "This was put right without a refund.";
        self.record(who, Said::new("claim_remedied", said).told(public));
        if self.is_open() {
            self.step(turn::Verb::Close)?;
        }
        Ok(())
    }

    fn ends(&mut self, to: State, decision: Decision, who: &Who) {
        let at = self.at;
        if let Some(case) = &mut self.case {
            case.state = to;
            case.claim.granted_e8 = Some(0);
            case.claim.decided_at = Some(at.into());
            case.claim.approved_at = None;
            case.rejected_by = (to == State::Rejected).then(|| who.key().to_owned());
            case.decided.push((decision, Vec::new(), Vec::new()));
        }
    }

    /// A rejection that the customer does not accept.
    pub fn appeals(&mut self, at: DateTime<Utc>, words: &str) -> Result<()> {
        let is_rejected = self
            .case
            .as_ref()
            .is_some_and(|case| case.state == State::Rejected);
        if !is_rejected || !self.comes(at) {
            return Ok(());
        }
        self.bump();
        let who = self.customer.who.clone();
        let case = self.case_mut()?;
        let to = next(case.state, lifecycle::Verb::Appeal, case.last.outcome);
        case.state = to.map_err(Error::broken)?;
        case.claim.appealed_at = Some(at.into());
        let rejected_by = case.rejected_by.clone();
        if !self.is_open() {
            self.step(turn::Verb::Reopen)?;
        }
        let holder = self.ticket.assignee_id.as_ref().map(PersonId::as_str);
        if holder.is_some() && holder == rejected_by.as_deref() {
            self.ticket.assignee_id = None;
            let words = "Given back to everyone: somebody else decides an appeal.";
            let said = Said::new("ticket_assigned", words).with((None::<PersonId>,))?;
            self.record(&who, said);
        }
        self.say(&who, "customer", words);
        let said = format!("{} appealed.", who.label());
        let public = "You appealed. Somebody else will decide.";
        self.record(&who, Said::new("claim_appealed", said).told(public));
        self.reassess(&who)
    }

    /// Every payout of the claim is sent under the bank's reference; with the last of them it is over.
    pub fn sends_payouts(&mut self, at: DateTime<Utc>) -> Result<()> {
        if !self.waits_for_money() || !self.comes(at) {
            return Ok(());
        }
        let who = self.shop.lead.clone();
        let mut decided = std::mem::take(&mut self.case_mut()?.decided);
        for row in decided.iter_mut().flat_map(|(.., payouts)| payouts) {
            self.bump();
            let reference = self.ink.reference("TRX-");
            row.state = payout::State::Succeeded;
            row.reference = Some(reference.clone());
            row.sent_at = Some(at.into());
            row.settled_at = Some(at.into());
            row.sent_by = Some(who.key().to_owned());
            row.seq = 4;
            self.book_arrival(&who, row)?;
            let sum = payouts::sum(row);
            let words = format!(
                "{} sent {sum} to {} ({}).",
                who.label(),
                payouts::whereto(row, "the customer"),
                row.number
            );
            let public = format!("{sum} was sent to {}.", payouts::whereto(row, "you"));
            let said = Said::new("payout_sent", words).told(public);
            let said = said.with((&row.number, row.reference.as_deref()))?;
            self.record(&who, said);
        }
        self.case_mut()?.decided = decided;
        let words = "Everything of this request is paid.";
        self.record(&who, Said::new("claim_settled", words));
        if self.is_open() {
            self.step(turn::Verb::Close)?;
            let words = "It was closed with the last payment.";
            self.record(&who, Said::new("ticket_closed", words));
        }
        Ok(())
    }
}
