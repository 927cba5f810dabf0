//! Versions of policies that are being written. Each saving is a row of its own, and so is each proposal: a draft's row only says
//! which text is the newest and where it stands.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::{policy_drafts, policy_proposals, policy_texts};
use super::{Conn, Tx};
use crate::ids::{PersonId, PolicyDraftId, PolicyId, PolicyTextId, ProposalId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policy_drafts)]
pub struct PolicyDraft {
    pub id: PolicyDraftId,
    /// V-1001.
    pub number: String,
    pub policy: String,
    pub base_id: PolicyId,
    /// `open`, `proposed`, `published` or `dropped`.
    pub state: String,
    /// The number of its newest text.
    pub seq: i64,
    pub begun_by: PersonId,
    pub begun_at: At,
}

impl PolicyDraft {
    pub fn is_alive(&self) -> bool {
        matches!(self.state.as_str(), "open" | "proposed")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policy_texts)]
pub struct Text {
    pub id: PolicyTextId,
    pub draft_id: PolicyDraftId,
    pub seq: i64,
    pub document: String,
    pub written_by: PersonId,
    pub written_at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policy_proposals)]
pub struct Proposal {
    pub id: ProposalId,
    pub draft_id: PolicyDraftId,
    pub text_id: PolicyTextId,
    pub hash: String,
    pub words: String,
    pub warnings_json: String,
    pub proposed_by: PersonId,
    pub proposed_at: At,
    /// `open`, `approved`, `declined`, `withdrawn` by its proposer, or `overtaken` by a later text.
    pub state: String,
    pub settled_by: Option<PersonId>,
    pub settled_at: Option<At>,
    pub settled_words: Option<String>,
    pub policy_id: Option<PolicyId>,
}

/// How a proposal ended.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    pub state: &'a str,
    pub by: &'a PersonId,
    pub at: DateTime<Utc>,
    pub words: Option<&'a str>,
    pub published: Option<&'a PolicyId>,
}

pub fn insert_policy_draft(tx: &mut Tx, row: &PolicyDraft) -> QueryResult<()> {
    diesel::insert_into(policy_drafts::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn insert_text(tx: &mut Tx, row: &Text) -> QueryResult<()> {
    diesel::insert_into(policy_texts::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Takes the draft for a change: `false` where its newest text is not the one that was seen.
pub fn bump_policy_draft(
    tx: &mut Tx,
    id: &PolicyDraftId,
    seen: i64,
    seq: i64,
) -> QueryResult<bool> {
    let seen =
        policy_drafts::table.filter(policy_drafts::id.eq(id).and(policy_drafts::seq.eq(seen)));
    let changed = diesel::update(seen)
        .set(policy_drafts::seq.eq(seq))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

pub fn set_draft_state(tx: &mut Tx, id: &PolicyDraftId, state: &str) -> QueryResult<()> {
    diesel::update(policy_drafts::table.find(id))
        .set(policy_drafts::state.eq(state))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn insert_proposal(tx: &mut Tx, row: &Proposal) -> QueryResult<()> {
    diesel::insert_into(policy_proposals::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Settles an open one; `false` where it was settled before.
pub fn set_proposal_ended(tx: &mut Tx, id: &ProposalId, end: End) -> QueryResult<bool> {
    let open = policy_proposals::table.filter(
        policy_proposals::id
            .eq(id)
            .and(policy_proposals::state.eq("open")),
    );
    let changed = diesel::update(open)
        .set((
            policy_proposals::state.eq(end.state.to_owned()),
            policy_proposals::settled_by.eq(Some(end.by)),
            policy_proposals::settled_at.eq(Some(At::from(end.at))),
            policy_proposals::settled_words.eq(end.words.map(str::to_owned)),
            policy_proposals::policy_id.eq(end.published),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

pub fn by_number(conn: &mut Conn, number: &str) -> QueryResult<PolicyDraft> {
    policy_drafts::table
        .filter(policy_drafts::number.eq(number))
        .first(conn)
}

pub fn find(conn: &mut Conn, id: &PolicyDraftId) -> QueryResult<PolicyDraft> {
    policy_drafts::table.find(id).first(conn)
}

/// The newest first.
pub fn of_policy(conn: &mut Conn, policy: &str) -> QueryResult<Vec<PolicyDraft>> {
    policy_drafts::table
        .filter(policy_drafts::policy.eq(policy))
        .order((policy_drafts::begun_at.desc(), policy_drafts::id.desc()))
        .load(conn)
}

/// The draft's newest text.
pub fn newest(conn: &mut Conn, draft: &PolicyDraft) -> QueryResult<Text> {
    policy_texts::table
        .filter(
            policy_texts::draft_id
                .eq(&draft.id)
                .and(policy_texts::seq.eq(draft.seq)),
        )
        .first(conn)
}

pub fn text(conn: &mut Conn, id: &PolicyTextId) -> QueryResult<Text> {
    policy_texts::table.find(id).first(conn)
}

/// One of its texts by number.
pub fn nth(conn: &mut Conn, draft: &PolicyDraftId, seq: i64) -> QueryResult<Text> {
    policy_texts::table
        .filter(
            policy_texts::draft_id
                .eq(draft)
                .and(policy_texts::seq.eq(seq)),
        )
        .first(conn)
}

/// Who wrote when, newest first, without the texts themselves.
pub fn history(
    conn: &mut Conn,
    draft: &PolicyDraftId,
    limit: i64,
) -> QueryResult<Vec<(i64, PersonId, At)>> {
    policy_texts::table
        .filter(policy_texts::draft_id.eq(draft))
        .order(policy_texts::seq.desc())
        .limit(limit)
        .select((
            policy_texts::seq,
            policy_texts::written_by,
            policy_texts::written_at,
        ))
        .load(conn)
}

pub fn open_proposal(conn: &mut Conn, draft: &PolicyDraftId) -> QueryResult<Option<Proposal>> {
    policy_proposals::table
        .filter(policy_proposals::draft_id.eq(draft))
        .filter(policy_proposals::state.eq("open"))
        .first(conn)
        .optional()
}

/// The newest first.
pub fn proposals(conn: &mut Conn, draft: &PolicyDraftId) -> QueryResult<Vec<Proposal>> {
    policy_proposals::table
        .filter(policy_proposals::draft_id.eq(draft))
        .order((
            policy_proposals::proposed_at.desc(),
            policy_proposals::id.desc(),
        ))
        .load(conn)
}
