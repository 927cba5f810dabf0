//! The next version of a policy, while it is written. `begin` copies a published version, `save` keeps whatever is typed (a text that
//! does not read is kept too, it only cannot be proposed), `propose` puts one text before a second person, and `agree` publishes it.
//! A text that is saved after a proposal overtakes it.

use chrono::NaiveDate;

use super::told;
use crate::act::{Act, Person};

use crate::db::policies as versions;
use crate::db::policy_drafts::{self as rows, End, PolicyDraft, Proposal, Text};
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, Tx, bump_counter};
use crate::desk::events::{Happened, record};
use crate::error::{Code, Error, Result};
use crate::ids::{PolicyDraftId, PolicyTextId, ProposalId};
use crate::plain;
use crate::rules::calendar::{local_day, start_of_day};
use crate::rules::policy::{Checks, Grade, Manuscript, Policy, Remark};
use crate::rules::rights::{Verb, may};

/// As long as a text may be, in bytes.
pub const LONGEST: usize = 200_000;
const NAME: usize = 40;

/// The sellers that a policy is about, and the person who may change it for all of them.
///
/// # Errors
/// `Forbidden` without the right, or where the policy is also about a seller that the person does not answer for.
pub fn allowed(
    conn: &mut Conn,
    act: &Act,
    verb: Verb,
    policy: &str,
) -> Result<(Person, Vec<Seller>)> {
    let person = act.person().ok_or(Error::Forbidden)?;
    let mut under = sellers::all(conn)?;
    under.retain(|seller| seller.policy == policy);
    let serves = |seller: &Seller| person.sellers.is_empty() || person.sellers.contains(&seller.id);
    if may(person.role, verb) && under.iter().all(serves) {
        Ok((person.clone(), under))
    } else {
        Err(Error::Forbidden)
    }
}

/// Begins a version as a copy of a published one, in force from a day that lies ahead.
///
/// # Errors
/// `NotFound` for a version that is not published; `Invalid` for a name that is taken or a day that is past; `Forbidden`.
pub fn begin(
    tx: &mut Tx,
    act: &Act,
    (policy, base): (&str, &str),
    version: &str,
    from: NaiveDate,
) -> Result<PolicyDraft> {
    let (person, _) = allowed(tx, act, Verb::DraftPolicy, policy)?;
    let published = versions::versions(tx, policy)?;
    let base = published.iter().find(|row| row.version == base);
    let base = base.ok_or(Error::NotFound)?;
    let version = plain::line(version, NAME + 1);
    if version.is_empty() || version.chars().count() > NAME {
        return Err(Error::invalid(
            "version",
            "Give it a name of at most 40 letters, such as its first day",
        ));
    }
    if published.iter().any(|row| row.version == version) {
        return Err(Error::invalid(
            "version",
            "A version of that name is published already",
        ));
    }
    let text = super::parse(base)?;
    ahead(act, &text, from)?;
    let mut manuscript = Manuscript::read(&base.document)
        .map_err(|flaw| Error::broken(format!("a published document does not read: {flaw}")))?;
    manuscript.next(&version, from);
    let draft = PolicyDraft {
        id: PolicyDraftId::new(act.at),
        number: format!("V-{}", bump_counter(tx, "policy_draft")?),
        policy: policy.to_owned(),
        base_id: base.id.clone(),
        state: "open".to_owned(),
        seq: 1,
        begun_by: person.id.clone(),
        begun_at: act.at.into(),
    };
    rows::insert_policy_draft(tx, &draft)?;
    rows::insert_text(tx, &text_of(act, &draft, &person, manuscript.written()))?;
    let words = format!(
        "{} began {} from {policy} {}.",
        act.who.label(),
        draft.number,
        base.version
    );
    tell(
        tx,
        act,
        &draft.policy,
        "policy_draft_begun",
        &words,
        &draft.number,
    )?;
    Ok(draft)
}

fn text_of(act: &Act, draft: &PolicyDraft, person: &Person, document: String) -> Text {
    Text {
        id: PolicyTextId::new(act.at),
        draft_id: draft.id.clone(),
        seq: draft.seq,
        document,
        written_by: person.id.clone(),
        written_at: act.at.into(),
    }
}

/// A first day that lies ahead, on the policy's wall.
fn ahead(act: &Act, policy: &Policy, from: NaiveDate) -> Result<()> {
    if start_of_day(from, policy.time_zone) > act.at {
        return Ok(());
    }
    let today = local_day(act.at, policy.time_zone);
    Err(Error::invalid(
        "valid_from",
        format!("Choose a day after {today}: a text begins ahead of those whom it governs"),
    ))
}

/// Keeps a text as the newest one, whether it reads or not. The same text again changes nothing.
///
/// # Errors
/// `Stale` where somebody saved another text since `seen`; `TooLarge`; `Refused(AlreadyDone)` for a draft that is over; `Forbidden`.
pub fn save(
    tx: &mut Tx,
    act: &Act,
    id: &PolicyDraftId,
    seen: i64,
    document: &str,
) -> Result<PolicyDraft> {
    let (mut draft, person) = alive(tx, act, Verb::DraftPolicy, id)?;
    if document.len() > LONGEST {
        return Err(Error::TooLarge("200 kB a policy".to_owned()));
    }
    let document = document.replace("\r\n", "\n");
    if draft.seq == seen && rows::newest(tx, &draft)?.document == document {
        return Ok(draft);
    }
    let next = seen.saturating_add(1);
    if !rows::bump_policy_draft(tx, id, seen, next)? {
        return Err(Error::Stale);
    }
    draft.seq = next;
    rows::insert_text(tx, &text_of(act, &draft, &person, document))?;
    if let Some(open) = rows::open_proposal(tx, id)? {
        settle(tx, act, &draft, &open, ("overtaken", None), None)?;
        let words = format!(
            "{} changed {}, so its proposal is none any more.",
            act.who.label(),
            draft.number
        );
        tell(
            tx,
            act,
            &draft.policy,
            "policy_proposal_overtaken",
            &words,
            &draft.number,
        )?;
    }
    draft.state = "open".to_owned();
    Ok(draft)
}

fn alive(tx: &mut Tx, act: &Act, verb: Verb, id: &PolicyDraftId) -> Result<(PolicyDraft, Person)> {
    let draft = rows::find(tx, id)?;
    let (person, _) = allowed(tx, act, verb, &draft.policy)?;
    if draft.is_alive() {
        Ok((draft, person))
    } else {
        Err(Error::refused_because(
            Code::AlreadyDone,
            format!(
                "{} is over: it was {}. Begin another one.",
                draft.number, draft.state
            ),
        ))
    }
}

/// What stands in a draft's newest text, beside the version that it began as. A version that came since is a warning: what it
/// changed is not in a copy of the one before.
pub fn examine(conn: &mut Conn, draft: &PolicyDraft) -> Result<(Text, Checks)> {
    let text = rows::newest(conn, draft)?;
    let row = versions::find(conn, &draft.base_id)?;
    let mut checks = Checks::after(&text.document, &super::parse(&row)?);
    let newer = versions::versions(conn, &draft.policy)?;
    let newer = newer.iter().rfind(|it| it.published_at > row.published_at);
    let is_own = |it: &versions::Version| it.document == text.document;
    if let Some(newer) = newer.filter(|it| draft.is_alive() && !is_own(it)) {
        checks.remarks.push(Remark {
            grade: Grade::Warning,
            at: "version".to_owned(),
            message: format!(
                "began as {}, and {} is published since: what that one changed is not in here",
                row.version, newer.version
            ),
        });
    }
    Ok((text, checks))
}

/// Puts the newest text before a second person.
///
/// # Errors
/// `Refused(BrokenPolicy)` with everything that stands against it; `Invalid` for warnings that were not accepted, a day that is past
/// or a version that is published; `Stale` for a text that is not the newest; `Refused(AlreadyOpen)` while one waits.
pub fn propose(
    tx: &mut Tx,
    act: &Act,
    id: &PolicyDraftId,
    seen: i64,
    (words, accepted): (&str, bool),
) -> Result<Proposal> {
    let (draft, person) = alive(tx, act, Verb::PublishPolicy, id)?;
    if !rows::bump_policy_draft(tx, id, seen, seen)? {
        return Err(Error::Stale);
    }
    if rows::open_proposal(tx, id)?.is_some() {
        let words = "This text waits for a second person already.";
        return Err(Error::refused_because(Code::AlreadyOpen, words));
    }
    let (text, checks) = examine(tx, &draft)?;
    let blocks = checks.blocks();
    let policy = match &checks.policy {
        Some(policy) if blocks.is_empty() => policy,
        _ => return Err(super::broken(blocks)),
    };
    ahead(act, policy, policy.valid_from)?;
    let published = versions::versions(tx, &draft.policy)?;
    if published.iter().any(|row| row.version == policy.version) {
        return Err(Error::invalid(
            "version",
            "A version of that name is published already",
        ));
    }
    let first = start_of_day(policy.valid_from, policy.time_zone);
    if published.iter().any(|row| row.valid_from.utc() >= first) {
        return Err(Error::invalid(
            "valid_from",
            "A version that begins on that day or later is published already; let this one begin after it",
        ));
    }
    let warnings = checks.warnings();
    if !warnings.is_empty() && !accepted {
        return Err(Error::invalid(
            "accepted",
            "Read the warnings, and say that the text is meant so",
        ));
    }
    let row = Proposal {
        id: ProposalId::new(act.at),
        draft_id: draft.id.clone(),
        text_id: text.id.clone(),
        hash: policy.hash(),
        words: plain::block(words),
        warnings_json: serde_json::to_string(&warnings)?,
        proposed_by: person.id,
        proposed_at: act.at.into(),
        state: "open".to_owned(),
        settled_by: None,
        settled_at: None,
        settled_words: None,
        policy_id: None,
    };
    rows::insert_proposal(tx, &row)?;
    rows::set_draft_state(tx, id, "proposed")?;
    let words = format!(
        "{} proposed {} {} from {}; a second person decides.",
        act.who.label(),
        policy.id,
        policy.version,
        policy.valid_from
    );
    tell(
        tx,
        act,
        &draft.policy,
        "policy_proposed",
        &words,
        &draft.number,
    )?;
    told::proposed(tx, act, &draft, policy, &row)?;
    Ok(row)
}

/// The open proposal of the draft, which this person may settle as its second.
///
/// # Errors
/// `Refused`: `AlreadyDone` where none waits, `OwnClaim` for the proposer; `Stale` for a text that is not the newest.
fn to_settle(
    tx: &mut Tx,
    act: &Act,
    id: &PolicyDraftId,
    seen: i64,
) -> Result<(PolicyDraft, Proposal)> {
    let (draft, person) = alive(tx, act, Verb::PublishPolicy, id)?;
    if !rows::bump_policy_draft(tx, id, seen, seen)? {
        return Err(Error::Stale);
    }
    let open = rows::open_proposal(tx, id)?;
    let open = open.ok_or_else(|| Error::refused(Code::AlreadyDone))?;
    if open.proposed_by == person.id {
        let words = "You proposed this, so somebody else decides it.";
        return Err(Error::refused_because(Code::OwnClaim, words));
    }
    Ok((draft, open))
}

/// The second person agrees: the text is published, and governs from its first day on.
///
/// # Errors
/// As [`super::publish`], and where this person may not be the second.
pub fn agree(tx: &mut Tx, act: &Act, id: &PolicyDraftId, seen: i64) -> Result<versions::Version> {
    let (draft, open) = to_settle(tx, act, id, seen)?;
    let text = rows::text(tx, &open.text_id)?;
    let published = super::publish(tx, act, &text.document)?;
    settle(
        tx,
        act,
        &draft,
        &open,
        ("approved", None),
        Some(&published.id),
    )?;
    rows::set_draft_state(tx, id, "published")?;
    let words = format!("{} agreed to {}.", act.who.label(), draft.number);
    tell(
        tx,
        act,
        &draft.policy,
        "policy_agreed",
        &words,
        &draft.number,
    )?;
    let policy = super::parse(&published)?;
    told::settled(tx, act, &draft, &policy, &open, None)?;
    Ok(published)
}

/// The second person says no, and why; the draft is open again.
pub fn decline(tx: &mut Tx, act: &Act, id: &PolicyDraftId, seen: i64, words: &str) -> Result<()> {
    let (draft, open) = to_settle(tx, act, id, seen)?;
    let words = plain::block(words);
    if words.is_empty() {
        return Err(Error::invalid(
            "words",
            "Say why, for the one who proposed it",
        ));
    }
    settle(tx, act, &draft, &open, ("declined", Some(&words)), None)?;
    let line = format!("{} declined {}.", act.who.label(), draft.number);
    tell(
        tx,
        act,
        &draft.policy,
        "policy_declined",
        &line,
        &draft.number,
    )?;
    let text = rows::text(tx, &open.text_id)?;
    let policy = Policy::parse(&text.document)
        .map_err(|_| Error::broken("a text that was proposed no longer reads"))?;
    told::settled(tx, act, &draft, &policy, &open, Some(&words))
}

/// The proposer takes it back; the draft is open again.
pub fn take_back(tx: &mut Tx, act: &Act, id: &PolicyDraftId) -> Result<()> {
    let (draft, person) = alive(tx, act, Verb::PublishPolicy, id)?;
    let open = rows::open_proposal(tx, id)?;
    let open = open.ok_or_else(|| Error::refused(Code::AlreadyDone))?;
    if open.proposed_by != person.id {
        return Err(Error::Forbidden);
    }
    settle(tx, act, &draft, &open, ("withdrawn", None), None)?;
    let words = format!(
        "{} took the proposal of {} back.",
        act.who.label(),
        draft.number
    );
    tell(
        tx,
        act,
        &draft.policy,
        "policy_proposal_withdrawn",
        &words,
        &draft.number,
    )
}

/// Ends a draft. Its texts stay where they are.
pub fn discard(tx: &mut Tx, act: &Act, id: &PolicyDraftId) -> Result<()> {
    let (draft, _) = alive(tx, act, Verb::DraftPolicy, id)?;
    if let Some(open) = rows::open_proposal(tx, id)? {
        settle(tx, act, &draft, &open, ("overtaken", None), None)?;
    }
    rows::set_draft_state(tx, id, "dropped")?;
    let words = format!("{} dropped {}.", act.who.label(), draft.number);
    tell(
        tx,
        act,
        &draft.policy,
        "policy_draft_dropped",
        &words,
        &draft.number,
    )
}

fn settle(
    tx: &mut Tx,
    act: &Act,
    draft: &PolicyDraft,
    open: &Proposal,
    (state, words): (&str, Option<&str>),
    published: Option<&crate::ids::PolicyId>,
) -> Result<()> {
    let person = act.person().ok_or(Error::Forbidden)?;
    let end = End {
        state,
        by: &person.id,
        at: act.at,
        words,
        published,
    };
    if !rows::set_proposal_ended(tx, &open.id, end)? {
        return Err(Error::refused(Code::AlreadyDone));
    }
    rows::set_draft_state(tx, &draft.id, "open")?;
    Ok(())
}

/// One line in the story of every seller that the policy is about; `of` is the draft or the version that it speaks of.
pub(super) fn tell(
    tx: &mut Tx,
    act: &Act,
    policy: &str,
    kind: &'static str,
    words: &str,
    of: &str,
) -> Result<()> {
    for seller in sellers::all(tx)? {
        if seller.policy == policy {
            let happened = Happened::new(&seller.id, kind, words).with((of, policy))?;
            record(tx, act, happened)?;
        }
    }
    Ok(())
}
