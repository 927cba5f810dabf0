//! The letters around a proposal: to everybody who may be its second person, and to whoever proposed it.

use crate::act::Act;
use crate::db::policy_drafts::{PolicyDraft, Proposal};
use crate::db::{Tx, people, sellers};
use crate::desk::mailroom::{self, Envelope};
use crate::error::Result;
use crate::letters::Letter;
use crate::letters::parts::{Prose, Signature};
use crate::letters::policies::{PolicyProposed, PolicySettled};
use crate::rules::policy::Policy;
use crate::rules::rights::{Verb, may};

/// Tells everybody who may agree to it, in their own time: whoever may publish this policy for all of its sellers, but for the
/// one who proposed it.
pub fn proposed(
    tx: &mut Tx,
    act: &Act,
    draft: &PolicyDraft,
    policy: &Policy,
    proposal: &Proposal,
) -> Result<()> {
    let mut under = sellers::all(tx)?;
    under.retain(|seller| seller.policy == draft.policy);
    let limits = people::limits(tx)?;
    let serves = |person: &people::Person| {
        let mut own = limits.iter().filter(|(id, _)| *id == person.id).peekable();
        own.peek().is_none()
            || under
                .iter()
                .all(|seller| own.clone().any(|(_, id)| *id == seller.id))
    };
    let staff = people::staff(tx)?.into_iter().filter(|person| {
        person.id != proposal.proposed_by
            && person.is_usable()
            && may(person.role, Verb::PublishPolicy)
            && serves(person)
    });
    let readers: Vec<people::Person> = staff.collect();
    for reader in readers {
        let letter = PolicyProposed {
            signature: signature(act),
            draft: draft.number.clone(),
            policy: policy.title.clone(),
            version: policy.version.clone(),
            from: policy.valid_from,
            by: act.who.label().to_owned(),
            words: (!proposal.words.is_empty()).then(|| Prose::new(&proposal.words)),
            warnings: serde_json::from_str(&proposal.warnings_json)?,
        };
        let key = format!("policy:{}:proposed:{}", proposal.id, reader.id);
        send(
            tx,
            act,
            (key, "policy_proposed"),
            &reader.email,
            letter.letter()?,
        )?;
    }
    Ok(())
}

/// Tells the proposer what came of it; `declined` says why not.
pub fn settled(
    tx: &mut Tx,
    act: &Act,
    draft: &PolicyDraft,
    policy: &Policy,
    proposal: &Proposal,
    declined: Option<&str>,
) -> Result<()> {
    let proposer = people::find(tx, &proposal.proposed_by)?;
    let letter = PolicySettled {
        signature: signature(act),
        draft: draft.number.clone(),
        policy: policy.title.clone(),
        version: policy.version.clone(),
        from: policy.valid_from,
        by: act.who.label().to_owned(),
        declined: declined.map(Prose::new),
    };
    let key = format!("policy:{}:settled", proposal.id);
    send(
        tx,
        act,
        (key, "policy_settled"),
        &proposer.email,
        letter.letter()?,
    )
}

fn signature(act: &Act) -> Signature {
    Signature {
        name: "Redress".to_owned(),
        site: act.site.clone(),
        is_read: false,
    }
}

fn send(
    tx: &mut Tx,
    act: &Act,
    (key, kind): (String, &'static str),
    to: &str,
    letter: Letter,
) -> Result<()> {
    let envelope = Envelope {
        key,
        kind,
        seller: None,
        ticket: None,
        claim: None,
        from_name: "Redress",
        to,
    };
    mailroom::queue(tx, act, &envelope, letter).map(|_| ())
}
