//! Claims with what belongs to them: facts, evidence, assessments, decisions, drafts. Facts and what is decided on them are
//! append-only; the claim's own row carries the latest of each for lists.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::{assessments, claims, decisions, drafts, evidence, facts, files, policies};
use super::{Conn, Tx};
use crate::ids::{
    AssessmentId, ClaimId, DecisionId, DraftId, FactId, FileId, OrderId, PersonId, PolicyId,
    SellerId, TicketId, digest,
};

/// The states in which a claim still waits for someone.
pub const OPEN: [&str; 4] = ["needs_evidence", "in_review", "action_first", "on_hold"];

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable)]
#[diesel(table_name = claims, treat_none_as_default_value = false)]
pub struct Claim {
    pub id: ClaimId,
    pub number: String,
    pub ticket_id: TicketId,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub order_id: Option<OrderId>,
    pub subject: String,
    pub ground: String,
    pub policy_id: PolicyId,
    pub state: String,
    pub channel: String,
    pub reason: String,
    pub currency: String,
    pub requested_e8: Option<i64>,
    pub remedy_choice: Option<String>,
    pub received_at: At,
    pub received_on: NaiveDate,
    pub decided_at: Option<At>,
    pub approved_at: Option<At>,
    pub appealed_at: Option<At>,
    pub outcome: String,
    pub computed_e8: Option<i64>,
    pub granted_e8: Option<i64>,
    pub flagged: bool,
    pub seq: i64,
    /// What its last answer rests on.
    pub clause: Option<String>,
}

impl Claim {
    pub fn is_open(&self) -> bool {
        OPEN.contains(&self.state.as_str())
    }
}

/// One established fact: the dotted path of the claim document and its value, with who says so and when.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = facts, treat_none_as_default_value = false)]
pub struct Fact {
    pub id: FactId,
    pub claim_id: ClaimId,
    pub seq: i64,
    pub name: String,
    pub value_json: String,
    pub source: String,
    pub who: String,
    pub at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = evidence, treat_none_as_default_value = false)]
pub struct Evidence {
    pub id: String,
    pub claim_id: ClaimId,
    pub kind: String,
    pub file_id: Option<FileId>,
    pub who: String,
    pub received_at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = assessments, treat_none_as_default_value = false)]
pub struct Assessment {
    pub id: AssessmentId,
    pub claim_id: ClaimId,
    pub seq: i64,
    pub at: At,
    pub policy_id: PolicyId,
    pub policy_hash: String,
    pub engine: String,
    pub facts_json: String,
    pub result_json: String,
    pub outcome: String,
    pub amount_e8: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = decisions, treat_none_as_default_value = false)]
pub struct Decision {
    pub id: DecisionId,
    pub seller_id: SellerId,
    pub chain: i64,
    pub claim_id: ClaimId,
    pub seq: i64,
    pub assessment_id: AssessmentId,
    pub verdict: String,
    pub currency: String,
    pub computed_e8: Option<i64>,
    pub amount_e8: i64,
    pub override_reason: Option<String>,
    pub words: String,
    pub decided_by: String,
    pub at: At,
    pub prev_hash: String,
    pub hash: String,
}

impl Decision {
    /// The text that the chain's hash is taken over, behind the previous hash.
    pub fn content(&self) -> String {
        serde_json::json!([
            self.id.as_str(),
            self.chain,
            self.claim_id.as_str(),
            self.seq,
            self.assessment_id.as_str(),
            self.verdict,
            self.currency,
            self.computed_e8,
            self.amount_e8,
            self.override_reason,
            self.words,
            self.decided_by,
            self.at.utc().to_rfc3339(),
        ])
        .to_string()
    }

    pub fn expected_hash(&self) -> String {
        digest(&format!("{}\n{}", self.prev_hash, self.content()))
    }
}

/// A claim being written: the answers so far, so that nothing typed is lost between two pages.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = drafts)]
pub struct Draft {
    pub id: DraftId,
    pub person_id: PersonId,
    pub seller_id: SellerId,
    pub order_id: Option<OrderId>,
    pub answers_json: String,
    pub changed_at: At,
    pub filed_as: Option<ClaimId>,
}

pub fn insert_claim(tx: &mut Tx, claim: &Claim) -> QueryResult<usize> {
    super::dialect::savepoint(tx, |conn| {
        diesel::insert_into(claims::table)
            .values(claim.clone())
            .execute(conn)
    })
}

/// Locks the claim by writing first. With `seen`, only where nothing changed since: `None` says that someone was faster.
pub fn bump_claim(tx: &mut Tx, id: &ClaimId, seen: Option<i64>) -> QueryResult<Option<Claim>> {
    let bumped = match seen {
        Some(seen) => {
            diesel::update(claims::table.filter(claims::id.eq(id).and(claims::seq.eq(seen))))
                .set(claims::seq.eq(claims::seq + 1))
                .execute(&mut **tx)?
        }
        None => diesel::update(claims::table.find(id))
            .set(claims::seq.eq(claims::seq + 1))
            .execute(&mut **tx)?,
    };
    if bumped == 0 {
        Ok(None)
    } else {
        claims::table.find(id).first(&mut **tx).optional()
    }
}

pub fn set_state(tx: &mut Tx, id: &ClaimId, state: &str) -> QueryResult<()> {
    diesel::update(claims::table.find(id))
        .set(claims::state.eq(state))
        .execute(&mut **tx)
        .map(|_| ())
}

/// The latest assessment's gist, for lists.
pub fn set_assessed(
    tx: &mut Tx,
    id: &ClaimId,
    outcome: &str,
    computed_e8: Option<i64>,
    flagged: bool,
    clause: Option<&str>,
) -> QueryResult<()> {
    diesel::update(claims::table.find(id))
        .set((
            claims::outcome.eq(outcome),
            claims::computed_e8.eq(computed_e8),
            claims::flagged.eq(flagged),
            claims::clause.eq(clause),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_decided(
    tx: &mut Tx,
    id: &ClaimId,
    state: &str,
    granted_e8: i64,
    at: DateTime<Utc>,
    approved: bool,
) -> QueryResult<()> {
    diesel::update(claims::table.find(id))
        .set((
            claims::state.eq(state),
            claims::granted_e8.eq(Some(granted_e8)),
            claims::decided_at.eq(Some(At::from(at))),
            claims::approved_at.eq(approved.then(|| At::from(at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_appealed(tx: &mut Tx, id: &ClaimId, state: &str, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(claims::table.find(id))
        .set((
            claims::state.eq(state),
            claims::appealed_at.eq(Some(At::from(at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_choice(tx: &mut Tx, id: &ClaimId, choice: &str) -> QueryResult<()> {
    diesel::update(claims::table.find(id))
        .set(claims::remedy_choice.eq(Some(choice)))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Appends a fact; the claim's row must be locked, so that the number is free.
pub fn insert_fact(tx: &mut Tx, mut fact: Fact) -> QueryResult<Fact> {
    fact.seq = 1 + facts::table
        .filter(facts::claim_id.eq(&fact.claim_id))
        .count()
        .get_result::<i64>(&mut **tx)?;
    diesel::insert_into(facts::table)
        .values(fact.clone())
        .execute(&mut **tx)?;
    Ok(fact)
}

pub fn insert_evidence(tx: &mut Tx, row: &Evidence) -> QueryResult<()> {
    diesel::insert_into(evidence::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn insert_assessment(tx: &mut Tx, mut row: Assessment) -> QueryResult<Assessment> {
    row.seq = 1 + assessments::table
        .filter(assessments::claim_id.eq(&row.claim_id))
        .count()
        .get_result::<i64>(&mut **tx)?;
    diesel::insert_into(assessments::table)
        .values(row.clone())
        .execute(&mut **tx)?;
    Ok(row)
}

/// Appends a decision to the seller's chain of decisions, whose counter row is the chain's lock.
pub fn insert_decision(tx: &mut Tx, mut row: Decision) -> QueryResult<Decision> {
    row.chain = super::bump_counter(tx, &format!("decisions:{}", row.seller_id))?;
    row.seq = 1 + decisions::table
        .filter(decisions::claim_id.eq(&row.claim_id))
        .count()
        .get_result::<i64>(&mut **tx)?;
    row.prev_hash = decisions::table
        .filter(
            decisions::seller_id
                .eq(&row.seller_id)
                .and(decisions::chain.eq(row.chain - 1)),
        )
        .select(decisions::hash)
        .first::<String>(&mut **tx)
        .optional()?
        .unwrap_or_default();
    row.hash = row.expected_hash();
    diesel::insert_into(decisions::table)
        .values(row.clone())
        .execute(&mut **tx)?;
    Ok(row)
}

pub fn insert_draft(tx: &mut Tx, draft: &Draft) -> QueryResult<()> {
    diesel::insert_into(drafts::table)
        .values(draft.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_draft(
    tx: &mut Tx,
    id: &DraftId,
    answers_json: &str,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(drafts::table.find(id))
        .set((
            drafts::answers_json.eq(answers_json),
            drafts::changed_at.eq(At::from(at)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Throws a draft away. Its files are let go with it: their rows stay, for the quota and for the sweep of the store.
pub fn delete_draft(tx: &mut Tx, id: &DraftId, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(files::table.filter(files::draft_id.eq(id)))
        .set((
            files::draft_id.eq(None::<DraftId>),
            files::removed_at.eq(Some(At::from(at))),
        ))
        .execute(&mut **tx)?;
    diesel::delete(drafts::table.find(id))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Ties a draft to the claim it became; `false` where it had become one before.
pub fn mark_filed(tx: &mut Tx, id: &DraftId, claim: &ClaimId) -> QueryResult<bool> {
    let filed =
        diesel::update(drafts::table.filter(drafts::id.eq(id).and(drafts::filed_as.is_null())))
            .set(drafts::filed_as.eq(Some(claim)))
            .execute(&mut **tx)?;
    Ok(filed == 1)
}

pub fn draft_for(conn: &mut Conn, person: &PersonId, id: &DraftId) -> QueryResult<Draft> {
    drafts::table
        .filter(drafts::id.eq(id).and(drafts::person_id.eq(person)))
        .first(conn)
}

/// The person's unfinished drafts that were touched after `since`, newest first.
pub fn drafts_of(
    conn: &mut Conn,
    person: &PersonId,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Draft>> {
    drafts::table
        .filter(drafts::person_id.eq(person).and(drafts::filed_as.is_null()))
        .filter(drafts::changed_at.gt(At::from(since)))
        .order(drafts::changed_at.desc())
        .limit(20)
        .load(conn)
}

/// Unfinished drafts that nobody has touched since `before`.
pub fn drafts_before(
    conn: &mut Conn,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<DraftId>> {
    drafts::table
        .filter(drafts::filed_as.is_null())
        .filter(drafts::changed_at.le(At::from(before)))
        .order(drafts::changed_at)
        .limit(limit)
        .select(drafts::id)
        .load(conn)
}

pub fn find(conn: &mut Conn, id: &ClaimId) -> QueryResult<Claim> {
    claims::table.find(id).first(conn)
}

pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Option<Claim>> {
    claims::table
        .filter(claims::ticket_id.eq(ticket))
        .first(conn)
        .optional()
}

pub fn for_customer(conn: &mut Conn, customer: &PersonId, number: &str) -> QueryResult<Claim> {
    claims::table
        .filter(
            claims::customer_id
                .eq(customer)
                .and(claims::number.eq(number)),
        )
        .first(conn)
}

pub fn for_staff(
    conn: &mut Conn,
    scope: &super::tickets::Scope,
    number: &str,
) -> QueryResult<Claim> {
    let mut query = claims::table
        .filter(claims::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(claims::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

/// The customer's claims with that seller, newest first: the record an agent looks at.
pub fn record(conn: &mut Conn, customer: &PersonId, seller: &SellerId) -> QueryResult<Vec<Claim>> {
    claims::table
        .filter(
            claims::customer_id
                .eq(customer)
                .and(claims::seller_id.eq(seller)),
        )
        .order(claims::received_at.desc())
        .limit(200)
        .load(conn)
}

/// Everything that the customer ever claimed, from whomever, newest first.
pub fn of_customer(conn: &mut Conn, customer: &PersonId) -> QueryResult<Vec<Claim>> {
    claims::table
        .filter(claims::customer_id.eq(customer))
        .order(claims::received_at.desc())
        .load(conn)
}

pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Claim>> {
    claims::table
        .filter(claims::order_id.eq(order))
        .order(claims::received_at.desc())
        .load(conn)
}

/// Every claim on an order or a balance, oldest first.
pub fn of_subject(conn: &mut Conn, subject: &str) -> QueryResult<Vec<Claim>> {
    claims::table
        .filter(claims::subject.eq(subject))
        .order((claims::received_at, claims::id))
        .load(conn)
}

/// The open claim on that subject and ground, where there is one.
pub fn open_on(conn: &mut Conn, subject: &str, ground: &str) -> QueryResult<Option<Claim>> {
    claims::table
        .filter(
            claims::subject
                .eq(subject)
                .and(claims::ground.eq(ground))
                .and(claims::state.eq_any(OPEN)),
        )
        .first(conn)
        .optional()
}

pub fn facts(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Fact>> {
    facts::table
        .filter(facts::claim_id.eq(claim))
        .order(facts::seq)
        .load(conn)
}

pub fn evidence(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Evidence>> {
    evidence::table
        .filter(evidence::claim_id.eq(claim))
        .order((evidence::received_at, evidence::id))
        .load(conn)
}

/// Newest last.
/// Whether any claim was ever filed under a version of that policy.
pub fn any_under(conn: &mut Conn, policy: &str) -> QueryResult<bool> {
    let versions: Vec<PolicyId> = policies::table
        .filter(policies::policy.eq(policy))
        .select(policies::id)
        .load(conn)?;
    let first: Option<ClaimId> = claims::table
        .filter(claims::policy_id.eq_any(versions))
        .select(claims::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

pub fn assessments(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Assessment>> {
    assessments::table
        .filter(assessments::claim_id.eq(claim))
        .order(assessments::seq)
        .load(conn)
}

pub fn assessment(conn: &mut Conn, id: &AssessmentId) -> QueryResult<Assessment> {
    assessments::table.find(id).first(conn)
}

pub fn latest_assessment(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Assessment> {
    assessments::table
        .filter(assessments::claim_id.eq(claim))
        .order(assessments::seq.desc())
        .first(conn)
}

pub fn assessments_by_ids(conn: &mut Conn, ids: &[AssessmentId]) -> QueryResult<Vec<Assessment>> {
    assessments::table
        .filter(assessments::id.eq_any(ids))
        .load(conn)
}

/// Every stored assessment in the order it was made, a slice at a time: for replay.
pub fn assessments_after(conn: &mut Conn, after: &str, limit: i64) -> QueryResult<Vec<Assessment>> {
    assessments::table
        .filter(assessments::id.gt(AssessmentId::from(after)))
        .order(assessments::id)
        .limit(limit)
        .load(conn)
}

/// Newest last.
pub fn decisions(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Decision>> {
    decisions::table
        .filter(decisions::claim_id.eq(claim))
        .order(decisions::seq)
        .load(conn)
}

/// A seller's chain of decisions, oldest first: for verification.
pub fn decision_chain(conn: &mut Conn, seller: &SellerId) -> QueryResult<Vec<Decision>> {
    decisions::table
        .filter(decisions::seller_id.eq(seller))
        .order(decisions::chain)
        .load(conn)
}
