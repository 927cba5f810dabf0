//! Drafts tried on past claims: how far a trial has come and what it comes to, the claims that flipped, and the past that it reads.
//! Nothing but `policy_trials` and `policy_flips` is written here.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::At;
use super::reports::Period;
use super::reports::days::{self, Part};
use super::reports::promises::written;
use super::schema::{assessments, claims, decisions, policies, policy_flips, policy_trials};
use super::tickets::Scope;
use super::{Conn, Tx};
use crate::ids::{AssessmentId, ClaimId, PersonId, PolicyDraftId, PolicyTextId, SellerId, TrialId};
use crate::rules::assessment::{Assessment, Brief};
use crate::rules::facts::{self, Facts};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policy_trials)]
pub struct Trial {
    pub id: TrialId,
    pub draft_id: PolicyDraftId,
    pub text_id: PolicyTextId,
    pub person_id: PersonId,
    /// None: every seller that the person answers for.
    pub seller_id: Option<SellerId>,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    pub total: i64,
    pub judged: i64,
    /// The last of the sellers' days that was judged; the next slice begins after it.
    pub after_day: String,
    pub tally_json: String,
    pub started_at: At,
    pub ended_at: Option<At>,
}

/// A claim whose answer would have been another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policy_flips)]
pub struct Flip {
    pub id: String,
    pub trial_id: TrialId,
    pub claim_id: ClaimId,
    pub change: String,
    pub old_outcome: String,
    pub new_outcome: String,
    pub currency: String,
    pub old_e8: Option<i64>,
    pub new_e8: Option<i64>,
    pub granted_e8: Option<i64>,
    pub clauses: String,
}

/// Which claims a trial looks at: those judged by a policy and received on these days, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub policy: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub scope: Scope,
    pub seller: Option<SellerId>,
}

/// Adds one; a person has one running at most (`already`).
pub fn insert_trial(tx: &mut Tx, row: &Trial) -> QueryResult<usize> {
    super::dialect::savepoint(tx, |conn| {
        diesel::insert_into(policy_trials::table)
            .values(row.clone())
            .execute(conn)
    })
}

pub fn insert_flip(tx: &mut Tx, row: &Flip) -> QueryResult<()> {
    diesel::insert_into(policy_flips::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Moves a trial on; `false` where somebody else moved or ended it meanwhile.
pub fn set_progress(
    tx: &mut Tx,
    trial: &Trial,
    (judged, after): (i64, &str),
    tally_json: &str,
) -> QueryResult<bool> {
    let same = policy_trials::table
        .filter(policy_trials::id.eq(&trial.id))
        .filter(policy_trials::state.eq("running"))
        .filter(policy_trials::judged.eq(trial.judged));
    let changed = diesel::update(same)
        .set((
            policy_trials::judged.eq(judged),
            policy_trials::after_day.eq(after.to_owned()),
            policy_trials::tally_json.eq(tally_json.to_owned()),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// Ends a running one; `false` where it had ended before.
pub fn set_trial_ended(
    tx: &mut Tx,
    id: &TrialId,
    state: &str,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let running = policy_trials::table.filter(
        policy_trials::id
            .eq(id)
            .and(policy_trials::state.eq("running")),
    );
    let changed = diesel::update(running)
        .set((
            policy_trials::state.eq(state.to_owned()),
            policy_trials::ended_at.eq(Some(At::from(at))),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

pub fn find(conn: &mut Conn, id: &TrialId) -> QueryResult<Trial> {
    policy_trials::table.find(id).first(conn)
}

/// The oldest first.
pub fn running(conn: &mut Conn) -> QueryResult<Vec<Trial>> {
    policy_trials::table
        .filter(policy_trials::state.eq("running"))
        .order((policy_trials::started_at, policy_trials::id))
        .load(conn)
}

pub fn running_of(conn: &mut Conn, person: &PersonId) -> QueryResult<Option<Trial>> {
    policy_trials::table
        .filter(policy_trials::person_id.eq(person))
        .filter(policy_trials::state.eq("running"))
        .first(conn)
        .optional()
}

/// The newest first.
pub fn of_draft(conn: &mut Conn, draft: &PolicyDraftId, limit: i64) -> QueryResult<Vec<Trial>> {
    policy_trials::table
        .filter(policy_trials::draft_id.eq(draft))
        .order((policy_trials::started_at.desc(), policy_trials::id.desc()))
        .limit(limit)
        .load(conn)
}

/// The flips of a trial with their claims' numbers, in the order in which the claims were filed; those after `after`.
pub fn flips(
    conn: &mut Conn,
    trial: &TrialId,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<(Flip, String, NaiveDate)>> {
    policy_flips::table
        .inner_join(claims::table)
        .filter(policy_flips::trial_id.eq(trial))
        .filter(policy_flips::claim_id.gt(ClaimId::from(after)))
        .order(policy_flips::claim_id)
        .limit(limit)
        .select((
            policy_flips::all_columns,
            claims::number,
            claims::received_on,
        ))
        .load(conn)
}

/// Whether a claim is one of them.
pub fn holds(conn: &mut Conn, past: &Past, id: &ClaimId) -> QueryResult<bool> {
    let found = those(past).filter(claims::id.eq(id.clone()));
    Ok(found.count().get_result::<i64>(conn)? > 0)
}

/// A claim as a trial needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub id: ClaimId,
    pub number: String,
    pub currency: String,
    pub granted_e8: Option<i64>,
    pub received_at: DateTime<Utc>,
}

/// By what a claim's last decision was reached, and what the rules said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    pub facts: Facts,
    pub brief: Brief,
}

/// The same as a day keeps it: id, number and currency; what was granted; when it was received, in microseconds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept(
    (String, String, String),
    Option<i64>,
    i64,
    Option<Box<Before>>,
);

/// By the policy that judged them.
type KeptDay = BTreeMap<String, Vec<Kept>>;

/// The claims of one seller's day that this policy judged, in the order of their ids: from the kept day where there is one. Those that
/// were taken back are none of them. None beside one: what it was judged by no longer reads.
pub fn on_day(
    conn: &mut Conn,
    policy: &str,
    seller: &SellerId,
    day: NaiveDate,
) -> QueryResult<Vec<(Tried, Option<Box<Before>>)>> {
    let period = Period {
        from: day,
        to: day,
        seller: None,
    };
    let kept = days::kept(conn, std::slice::from_ref(seller), &period, Part::Judged)?;
    let mut all = match kept.first() {
        Some((.., json)) => days::read::<KeptDay>(json)?,
        None => gathered(conn, seller, day)?,
    };
    let own = all.remove(policy).unwrap_or_default();
    own.into_iter().map(tried).collect()
}

fn tried(kept: Kept) -> QueryResult<(Tried, Option<Box<Before>>)> {
    let Kept((id, number, currency), granted_e8, received, before) = kept;
    let tried = Tried {
        id: id.into(),
        number,
        currency,
        granted_e8,
        received_at: days::instant(received)?,
    };
    Ok((tried, before))
}

/// What a day keeps of what its claims were judged by.
pub fn pack(conn: &mut Conn, seller: &SellerId, day: NaiveDate) -> QueryResult<String> {
    written(&gathered(conn, seller, day)?)
}

type Row = (ClaimId, String, String, String, Option<i64>, At);

/// From the claims themselves.
fn gathered(conn: &mut Conn, seller: &SellerId, day: NaiveDate) -> QueryResult<KeptDay> {
    let rows: Vec<Row> = claims::table
        .inner_join(policies::table.on(policies::id.eq(claims::policy_id)))
        .filter(claims::seller_id.eq(seller))
        .filter(claims::received_on.eq(day))
        .filter(claims::state.ne("withdrawn"))
        .order(claims::id)
        .select((
            claims::id,
            policies::policy,
            claims::number,
            claims::currency,
            claims::granted_e8,
            claims::received_at,
        ))
        .load(conn)?;
    // Most days of a small seller.
    if rows.is_empty() {
        return Ok(KeptDay::new());
    }
    let ids: Vec<ClaimId> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let mut judged: HashMap<ClaimId, Option<Box<Before>>> = HashMap::with_capacity(ids.len());
    for row in judged_by(conn, &ids)? {
        let before = before(&row);
        judged.insert(row.claim_id, before);
    }
    let mut day = KeptDay::new();
    for (id, policy, number, currency, granted_e8, received_at) in rows {
        let before = judged.remove(&id).flatten();
        let received = received_at.utc().timestamp_micros();
        let ids = (id.to_string(), number, currency);
        let kept = Kept(ids, granted_e8, received, before);
        day.entry(policy).or_default().push(kept);
    }
    Ok(day)
}

fn before(row: &Judgement) -> Option<Box<Before>> {
    let stored: Assessment = serde_json::from_str(&row.result_json).ok()?;
    Some(Box::new(Before {
        facts: facts::stored(&row.facts_json).ok()?,
        brief: stored.brief(),
    }))
}

/// The first and the last day on which that seller received a claim.
pub fn reach(conn: &mut Conn, seller: &SellerId) -> QueryResult<Option<(NaiveDate, NaiveDate)>> {
    let own = || claims::table.filter(claims::seller_id.eq(seller));
    let first = own()
        .select(claims::received_on)
        .order(claims::received_on)
        .first(conn)
        .optional()?;
    let last = own()
        .select(claims::received_on)
        .order(claims::received_on.desc())
        .first(conn)
        .optional()?;
    Ok(first.zip(last))
}

/// How many they are.
pub fn count(conn: &mut Conn, past: &Past) -> QueryResult<i64> {
    those(past).count().get_result(conn)
}

fn those(past: &Past) -> claims::BoxedQuery<'_, <Conn as Connection>::Backend> {
    let mut query = claims::table
        .filter(claims::policy_id.eq_any(versions_of(&past.policy)))
        .filter(claims::received_on.between(past.from, past.to))
        .filter(claims::state.ne("withdrawn"))
        .into_boxed();
    if !past.scope.0.is_empty() {
        query = query.filter(claims::seller_id.eq_any(past.scope.0.clone()));
    }
    if let Some(seller) = &past.seller {
        query = query.filter(claims::seller_id.eq(seller.clone()));
    }
    query
}

#[diesel::dsl::auto_type]
fn versions_of<'a>(policy: &'a String) -> _ {
    policies::table
        .filter(policies::policy.eq(policy))
        .select(policies::id)
}

/// What a claim was judged by and how: its facts and the answer as they were stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Judgement {
    pub claim_id: ClaimId,
    pub facts_json: String,
    pub result_json: String,
}

/// The assessment that each claim's last decision rests on; the newest of one that nobody decided.
pub fn judged_by(conn: &mut Conn, ids: &[ClaimId]) -> QueryResult<Vec<Judgement>> {
    let decided: Vec<(ClaimId, i64, AssessmentId)> = decisions::table
        .filter(decisions::claim_id.eq_any(ids))
        .order((decisions::claim_id, decisions::seq))
        .select((
            decisions::claim_id,
            decisions::seq,
            decisions::assessment_id,
        ))
        .load(conn)?;
    let mut chosen: HashMap<ClaimId, AssessmentId> = HashMap::with_capacity(ids.len());
    // Later ones replace earlier ones.
    for (claim, _, assessment) in decided {
        chosen.insert(claim, assessment);
    }
    let undecided: Vec<&ClaimId> = ids.iter().filter(|id| !chosen.contains_key(id)).collect();
    if !undecided.is_empty() {
        let assessed: Vec<(ClaimId, i64, AssessmentId)> = assessments::table
            .filter(assessments::claim_id.eq_any(undecided))
            .order((assessments::claim_id, assessments::seq))
            .select((assessments::claim_id, assessments::seq, assessments::id))
            .load(conn)?;
        for (claim, _, assessment) in assessed {
            chosen.insert(claim, assessment);
        }
    }
    let mut chosen: Vec<AssessmentId> = chosen.into_values().collect();
    chosen.sort();
    assessments::table
        .filter(assessments::id.eq_any(chosen))
        .select((
            assessments::claim_id,
            assessments::facts_json,
            assessments::result_json,
        ))
        .load(conn)
}

/// How many claims each version of a policy judges.
pub fn claims_by_version(
    conn: &mut Conn,
    scope: &Scope,
) -> QueryResult<Vec<(crate::ids::PolicyId, i64)>> {
    let mut query = claims::table
        .group_by(claims::policy_id)
        .select((claims::policy_id, diesel::dsl::count_star()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(claims::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}
