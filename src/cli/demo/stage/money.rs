//! What happens to money once it is granted, and when a bank takes it back.

use chrono::{DateTime, Utc};

use super::Stage;
use crate::db::disputes::Dispute;
use crate::db::{self, payouts as rows};
use crate::desk::disputes::{self, Ending, NewDispute, Payment, Told};
use crate::desk::{batches, claims, intake, sanctions};
use crate::error::{Error, Result};
use crate::ids::DepositId;
use crate::rules::clauses::SanctionStep;
use crate::rules::facts::DisputeReason;
use crate::rules::lifecycle::payout::State;

impl Stage<'_, '_> {
    /// The claim's payouts are made at the bank and marked as sent.
    pub fn sends_payouts(&mut self, who: &str, claim: &str) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        for payout in rows::of_claim(self.tx, &claim)? {
            if payout.state == State::Queued {
                let reference = self.reference("BANK-");
                claims::settle_payout(self.tx, &act, &payout.id, &reference)?;
            }
        }
        Ok(())
    }

    /// Everything of a seller that waits goes to the bank in one file, which comes back with its references.
    pub fn sends_file(&mut self, who: &str, seller: &str) -> Result<()> {
        let (act, shop) = (self.act(who)?, self.seller(seller)?);
        let batch = batches::make(self.tx, &act, &shop.id)?;
        let mut back = String::new();
        for line in batch.file.lines() {
            match line.strip_suffix(",,") {
                Some(sent) => back.push_str(&format!("{sent},{},\n", self.reference("BANK-"))),
                None => back.push_str(&format!("{line}\n")),
            }
        }
        let rows = intake::sheet(&batches::SHEET, "payout", back.as_bytes());
        let rows = rows.map_err(|lines| Error::broken(format!("{lines:?}")))?;
        let read = batches::import(self.tx, &act, &batch.id, &rows)?;
        read.map_err(|lines| Error::broken(format!("{lines:?}")))?;
        Ok(())
    }

    /// What had left comes back.
    pub fn bank_returns(&mut self, who: &str, claim: &str, why: &str) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        for payout in rows::of_claim(self.tx, &claim)? {
            if payout.state == State::Succeeded {
                claims::return_payout(self.tx, &act, &payout.id, why)?;
            }
        }
        Ok(())
    }

    pub fn bank_refuses(&mut self, who: &str, claim: &str, why: &str) -> Result<()> {
        let (act, claim) = (self.act(who)?, self.claim(claim)?);
        for payout in rows::of_claim(self.tx, &claim)? {
            if payout.state == State::Queued {
                claims::fail_payout(self.tx, &act, &payout.id, why)?;
            }
        }
        Ok(())
    }

    /// The bank takes a deposit back.
    pub fn disputes(&mut self, deposit: &str, evidence_due_at: DateTime<Utc>) -> Result<()> {
        let deposit = self.paid_in(deposit)?;
        let new = NewDispute {
            payment: Payment::Deposit(deposit),
            reference: self.reference("CB-"),
            reason: Some(DisputeReason::Other),
            amount_e8: None,
            contacted_first: None,
            answered_in_time: None,
            opened_at: self.at,
            evidence_due_at: Some(evidence_due_at),
        };
        disputes::open(self.tx, &self.shop(), &new).map(|_| ())
    }

    /// What follows from it is a person's to decide.
    pub fn suspends(
        &mut self,
        who: &str,
        deposit: &str,
        reason: &str,
        ends_at: DateTime<Utc>,
    ) -> Result<()> {
        let (act, dispute) = (self.act(who)?, self.disputed(deposit)?);
        let seen = disputes::mark(self.tx, &dispute)?;
        let new = sanctions::New {
            dispute: dispute.id,
            step: SanctionStep::Suspension,
            reason: reason.to_owned(),
            starts_at: None,
            ends_at: Some(ends_at),
            amount_e8: None,
        };
        sanctions::sanction(self.tx, &act, &seen, &new).map(|_| ())
    }

    pub fn lifts(&mut self, who: &str, deposit: &str, reason: &str) -> Result<()> {
        let (act, dispute) = (self.act(who)?, self.disputed(deposit)?);
        let (seller, customer) = (&dispute.seller_id, &dispute.customer_id);
        for kept in sanctions::standing(self.tx, seller, customer, self.at)? {
            sanctions::lift(self.tx, &act, &kept, reason)?;
        }
        Ok(())
    }

    pub fn wins(&mut self, who: &str, deposit: &str) -> Result<()> {
        let (act, dispute) = (self.act(who)?, self.disputed(deposit)?);
        let seen = disputes::mark(self.tx, &dispute)?;
        let ending = Ending {
            won: true,
            reason: Told::Value(DisputeReason::Other),
        };
        disputes::conclude(self.tx, &act, &dispute.id, &seen, ending).map(|_| ())
    }

    fn paid_in(&self, deposit: &str) -> Result<DepositId> {
        let deposit = self.deposits.get(deposit).cloned();
        deposit.ok_or_else(|| Error::broken("no such deposit in the demo"))
    }

    fn disputed(&mut self, deposit: &str) -> Result<Dispute> {
        let deposit = self.paid_in(deposit)?;
        let mut disputes = db::disputes::of_deposit(self.tx, &deposit)?;
        let last = disputes.pop();
        last.ok_or_else(|| Error::broken("no such chargeback in the demo"))
    }
}
