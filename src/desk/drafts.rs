//! A claim while it is being written: a row that keeps the answers between two pages, so that nothing typed is lost and the back
//! button does no harm. Filing makes it a claim, once; what is asked comes from the policy that governs what it is about.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::claims::{self, New};
use super::files::{self, Upload};
use super::policies;
use crate::act::Act;
use crate::db::claims::{self as rows, Draft};
use crate::db::orders::{self, Order};
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, Tx, files as file_rows};
use crate::error::{Code, Error, Result};
use crate::ids::{ClaimId, DraftId, FileId, OrderId, PersonId, SellerId};
use crate::rules::facts::{EvidenceKind, Remedy};
use crate::rules::policy::{Ground, Policy};

/// How long a draft waits for its next answer.
pub const KEPT: Duration = Duration::days(7);

/// The longest reason, in characters.
pub const LONGEST: usize = 5_000;

/// What has been answered so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// Empty until it is chosen.
    pub ground: String,
    pub reason: String,
    /// None: everything.
    pub requested_e8: Option<i64>,
    pub remedy_choice: Option<String>,
    pub evidence: Vec<Exhibit>,
    /// The questions that were answered, or passed over where that is possible.
    pub settled: BTreeSet<String>,
}

/// A file and what it is evidence of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhibit {
    pub kind: String,
    pub file: FileId,
}

/// One answer.
#[derive(Debug, Clone)]
pub enum Answer {
    Ground(String),
    Reason(String),
    Requested(Option<i64>),
    Choice(String),
    /// Evidence of a kind; none of it passes the question over.
    Evidence(String, Vec<Upload>),
}

/// What a draft, or a claim that is not written yet, is about.
#[derive(Debug, Clone)]
pub struct Topic {
    pub seller: Seller,
    /// None: the balance.
    pub order: Option<Order>,
    /// The version that governs an order placed then, or a balance now.
    pub policy: Policy,
}

impl Topic {
    /// The customer's own order, or their balance with a seller.
    pub fn of(
        conn: &mut Conn,
        act: &Act,
        customer: &PersonId,
        seller: &SellerId,
        order: Option<&OrderId>,
    ) -> Result<Topic> {
        let seller = sellers::find(conn, seller)?;
        let order = match order {
            Some(id) => Some(orders::for_customer_by_id(conn, customer, id)?),
            None => None,
        };
        let placed = order.as_ref().and_then(|order| order.placed_at);
        let at = placed.map_or(act.at, |at| at.utc());
        let shelf = policies::shelf(conn, &seller.policy)?;
        let policy = shelf
            .nearest(&seller.policy, at, seller.own_zone())
            .cloned();
        Ok(Topic {
            policy: policy.ok_or(Error::NotFound)?,
            seller,
            order,
        })
    }

    /// The zone in which the seller's days are counted.
    pub fn zone(&self) -> Tz {
        self.seller.own_zone().unwrap_or(self.policy.time_zone)
    }

    /// The grounds on which something can be asked here.
    pub fn grounds(&self) -> impl Iterator<Item = &Ground> {
        let grounds = self.policy.grounds.iter();
        grounds.filter(|ground| ground.needs_order() == self.order.is_some())
    }

    pub fn ground(&self, id: &str) -> Option<&Ground> {
        self.grounds().find(|ground| ground.id == id)
    }

    /// The questions of a ground, in its own order. An order that is before us needs no number.
    pub fn asks<'a>(&self, ground: &'a Ground) -> Vec<&'a str> {
        let number = EvidenceKind::OrderNumber.word();
        let asks = ground.asks.iter().map(String::as_str);
        asks.filter(|ask| self.order.is_none() || *ask != number)
            .collect()
    }
}

impl Answers {
    pub fn of(draft: &Draft) -> Result<Answers> {
        Ok(serde_json::from_str(&draft.answers_json)?)
    }

    pub fn files_of<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a FileId> {
        let exhibits = self.evidence.iter();
        exhibits
            .filter(move |exhibit| exhibit.kind == kind)
            .map(|exhibit| &exhibit.file)
    }

    /// The claim that these answers make.
    pub fn claim(&self, draft: &Draft) -> New {
        let exhibit = |exhibit: &Exhibit| (exhibit.kind.clone(), Some(exhibit.file.clone()));
        New {
            seller: draft.seller_id.clone(),
            customer: draft.person_id.clone(),
            order: draft.order_id.clone(),
            ground: self.ground.clone(),
            reason: self.reason.clone(),
            requested_e8: self.requested_e8,
            remedy_choice: self.remedy_choice.clone(),
            evidence: self.evidence.iter().map(exhibit).collect(),
            draft: Some(draft.id.clone()),
        }
    }
}

/// Begins a draft on a ground, or goes on with the unfinished one about the same thing.
///
/// # Errors
/// `NotFound` for an order that is not theirs; `Invalid` on `ground` for one that the policy does not know.
pub fn begin(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
    order: Option<&OrderId>,
    ground: &str,
) -> Result<DraftId> {
    let person = act.person().ok_or(Error::SignIn)?.id.clone();
    let topic = Topic::of(tx, act, &person, seller, order)?;
    let unfinished = rows::drafts_of(tx, &person, act.at - KEPT)?.into_iter();
    let same = |draft: &Draft| draft.seller_id == *seller && draft.order_id.as_ref() == order;
    let draft = match unfinished.into_iter().find(same) {
        Some(draft) => draft,
        None => {
            let draft = Draft {
                id: DraftId::new(act.at),
                person_id: person,
                seller_id: seller.clone(),
                order_id: order.cloned(),
                answers_json: serde_json::to_string(&Answers::default())?,
                changed_at: act.at.into(),
                filed_as: None,
            };
            rows::insert_draft(tx, &draft)?;
            draft
        }
    };
    keep(tx, act, &draft, &topic, Answer::Ground(ground.to_owned()))?;
    Ok(draft.id)
}

/// Keeps one answer, or what was wrong with it.
///
/// # Errors
/// `Invalid` under the question's own name; `Refused(AlreadyDone)` once the draft is a claim.
pub fn answer(tx: &mut Tx, act: &Act, id: &DraftId, answer: Answer) -> Result<()> {
    let draft = unfinished(tx, act, id)?;
    let topic = topic(tx, act, &draft)?;
    keep(tx, act, &draft, &topic, answer)
}

fn keep(tx: &mut Tx, act: &Act, draft: &Draft, topic: &Topic, answer: Answer) -> Result<()> {
    let mut answers = Answers::of(draft)?;
    let question = match answer {
        Answer::Ground(ground) => {
            if topic.ground(&ground).is_none() {
                return Err(Error::invalid("ground", "Select what happened"));
            }
            answers.ground = ground;
            "ground".to_owned()
        }
        Answer::Reason(reason) => {
            answers.reason = worth_reading(&reason)?;
            "reason".to_owned()
        }
        Answer::Requested(requested_e8) => {
            answers.requested_e8 = requested_e8;
            "requested".to_owned()
        }
        Answer::Choice(choice) => {
            if Remedy::from_word(&choice).is_none() {
                return Err(Error::invalid(
                    "remedy_choice",
                    "Select what you would like",
                ));
            }
            answers.remedy_choice = Some(choice);
            "remedy_choice".to_owned()
        }
        Answer::Evidence(kind, uploads) => {
            if EvidenceKind::from_word(&kind).is_none() {
                return Err(Error::NotFound);
            }
            attach(tx, act, draft, &mut answers, &kind, &uploads)?;
            kind
        }
    };
    answers.settled.insert(question);
    save(tx, act, draft, &answers)
}

fn attach(
    tx: &mut Tx,
    act: &Act,
    draft: &Draft,
    answers: &mut Answers,
    kind: &str,
    uploads: &[Upload],
) -> Result<()> {
    let there = file_rows::of_draft(tx, &draft.id)?.len();
    if there + uploads.len() > files::MOST {
        let words = format!(
            "A request takes {} files; remove one first, or send the others in the conversation",
            files::MOST
        );
        return Err(Error::invalid(kind, words));
    }
    for upload in uploads {
        let file = files::keep(tx, act, upload, Some(&draft.id))?;
        answers.evidence.push(Exhibit {
            kind: kind.to_owned(),
            file,
        });
    }
    Ok(())
}

fn worth_reading(reason: &str) -> Result<String> {
    let reason = crate::plain::block(reason).trim().to_owned();
    if reason.is_empty() {
        return Err(Error::invalid(
            "reason",
            "Tell us what happened, in your own words",
        ));
    }
    if reason.chars().count() > LONGEST {
        let words = format!("Keep it under {LONGEST} characters, or attach it as a file");
        return Err(Error::invalid("reason", words));
    }
    Ok(reason)
}

/// Takes a file off the draft again.
pub fn remove(tx: &mut Tx, act: &Act, id: &DraftId, file: &FileId) -> Result<()> {
    let draft = unfinished(tx, act, id)?;
    files::detach(tx, act, &draft.id, file)?;
    let mut answers = Answers::of(&draft)?;
    answers.evidence.retain(|exhibit| &exhibit.file != file);
    save(tx, act, &draft, &answers)
}

/// Throws an unfinished draft away, with its files.
pub fn discard(tx: &mut Tx, act: &Act, id: &DraftId) -> Result<()> {
    let draft = unfinished(tx, act, id)?;
    rows::delete_draft(tx, &draft.id, act.at)?;
    Ok(())
}

/// Makes the draft a claim. One that is a claim already stays the claim it is.
///
/// # Errors
/// `Refused(IllegalStep)` while a question is open; what `claims::file` refuses.
pub fn file(tx: &mut Tx, act: &Act, id: &DraftId) -> Result<ClaimId> {
    let draft = own(tx, act, id)?;
    if let Some(claim) = draft.filed_as {
        return Ok(claim);
    }
    let answers = Answers::of(&draft)?;
    let topic = topic(tx, act, &draft)?;
    if open_question(&topic, &answers).is_some() {
        let words = "A question of this request is still open. Go back and answer it.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    let standing = claims::file(tx, act, &answers.claim(&draft))?;
    Ok(standing.claim.id)
}

/// The first question that was neither answered nor passed over.
pub fn open_question(topic: &Topic, answers: &Answers) -> Option<String> {
    let Some(ground) = topic.ground(&answers.ground) else {
        return Some("ground".to_owned());
    };
    let asks = topic.asks(ground).into_iter();
    asks.map(str::to_owned)
        .find(|ask| !answers.settled.contains(ask))
}

/// What the draft is about, as it stands now.
pub fn topic(conn: &mut Conn, act: &Act, draft: &Draft) -> Result<Topic> {
    let (seller, order) = (&draft.seller_id, draft.order_id.as_ref());
    Topic::of(conn, act, &draft.person_id, seller, order)
}

/// Until when the draft is kept if nothing more is answered.
pub fn kept_until(draft: &Draft) -> DateTime<Utc> {
    draft.changed_at.utc() + KEPT
}

/// The person's own draft.
///
/// # Errors
/// `NotFound` for another's, and for one that waited too long.
pub fn own(conn: &mut Conn, act: &Act, id: &DraftId) -> Result<Draft> {
    let person = act.person().ok_or(Error::SignIn)?;
    let draft = rows::draft_for(conn, &person.id, id)?;
    if draft.filed_as.is_none() && kept_until(&draft) <= act.at {
        return Err(Error::NotFound);
    }
    Ok(draft)
}

/// Throws away what waited too long; how many there were, at most `limit`.
pub fn sweep(tx: &mut Tx, act: &Act, limit: i64) -> Result<usize> {
    let old = rows::drafts_before(tx, act.at - KEPT, limit)?;
    for id in &old {
        rows::delete_draft(tx, id, act.at)?;
    }
    Ok(old.len())
}

fn unfinished(conn: &mut Conn, act: &Act, id: &DraftId) -> Result<Draft> {
    let draft = own(conn, act, id)?;
    if draft.filed_as.is_some() {
        let words = "This request was sent already; nothing was sent twice.";
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    Ok(draft)
}

fn save(tx: &mut Tx, act: &Act, draft: &Draft, answers: &Answers) -> Result<()> {
    let json = serde_json::to_string(answers)?;
    Ok(rows::set_draft(tx, &draft.id, &json, act.at)?)
}
