//! A draft tried on the past. `begin` notes what is asked, the worker calls `slice` and `keep` until it is done, and `try_all` does the
//! same at the command line, on every core, without noting anything. Stored facts are judged by the draft as if it had stood in the place of the
//! version that judged them; claims, money and events are read and never touched.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use crate::act::Act;
use crate::db::claims::Claim;
use crate::db::policies::{self as versions, Version};
use crate::db::policy_drafts as drafts;
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Scope;
use crate::db::trials::{self as rows, Before, Flip, Judgement, Past, Trial, Tried};
use crate::db::{Conn, Pool, Tx, already, people};
use crate::error::{Code, Error, Result};
use crate::ids::{ClaimId, PolicyDraftId, SellerId, TrialId, fresh};
use crate::rules::adjudicate::{adjudicate_under, brief_under};
use crate::rules::assessment::Assessment;
use crate::rules::facts;
use crate::rules::policy::{Policy, Shelf};
use crate::rules::rights::Verb;
use crate::rules::trial::{Change, Compared, Tally, compare, compare_briefly};

/// With so many claims a slice ends, at the end of a day.
const SLICE: usize = 1_000;

/// What to try a draft on.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub draft: PolicyDraftId,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub seller: Option<SellerId>,
}

/// Notes a trial of the draft's newest text; the worker carries it out.
///
/// # Errors
/// `Refused(BrokenPolicy)` for a text that does not read; `Refused(AlreadyOpen)` while another trial of this person runs; `NotFound`
/// for a seller that the person does not serve; `Forbidden`.
pub fn begin(tx: &mut Tx, act: &Act, wanted: &Wanted) -> Result<Trial> {
    let draft = drafts::find(tx, &wanted.draft)?;
    let (person, under) = super::allowed(tx, act, Verb::DraftPolicy, &draft.policy)?;
    let is_under = |id: &SellerId| under.iter().any(|seller| seller.id == *id);
    if wanted.seller.as_ref().is_some_and(|id| !is_under(id)) {
        return Err(Error::NotFound);
    }
    let text = drafts::newest(tx, &draft)?;
    if let Err(flaws) = Policy::parse(&text.document) {
        return Err(super::broken(
            flaws.iter().map(ToString::to_string).collect(),
        ));
    }
    let past = Past {
        policy: draft.policy.clone(),
        from: wanted.from,
        to: wanted.to,
        scope: Scope(person.sellers.clone()),
        seller: wanted.seller.clone(),
    };
    let trial = Trial {
        id: TrialId::new(act.at),
        draft_id: draft.id,
        text_id: text.id,
        person_id: person.id,
        seller_id: wanted.seller.clone(),
        from_on: wanted.from,
        to_on: wanted.to,
        state: "running".to_owned(),
        total: rows::count(tx, &past)?,
        judged: 0,
        after_day: String::new(),
        tally_json: serde_json::to_string(&Tally::default())?,
        started_at: act.at.into(),
        ended_at: None,
    };
    let inserted = rows::insert_trial(tx, &trial);
    if already(&inserted) {
        let words = "Another trial of yours is running. Wait for it, or stop it first.";
        return Err(Error::refused_because(Code::AlreadyOpen, words));
    }
    inserted?;
    Ok(trial)
}

/// Ends a trial before it is done; what it found so far stays.
///
/// # Errors
/// `Refused(AlreadyDone)` for one that has ended; `Forbidden`.
pub fn stop(tx: &mut Tx, act: &Act, id: &TrialId) -> Result<()> {
    let trial = rows::find(tx, id)?;
    let draft = drafts::find(tx, &trial.draft_id)?;
    super::allowed(tx, act, Verb::DraftPolicy, &draft.policy)?;
    if rows::set_trial_ended(tx, id, "stopped", act.at)? {
        Ok(())
    } else {
        Err(Error::refused(Code::AlreadyDone))
    }
}

/// One claim, judged again. None: its facts no longer read.
#[derive(Debug, Clone)]
pub struct Judged {
    pub claim: Tried,
    pub compared: Option<Compared>,
}

impl Judged {
    fn is_changed(&self) -> bool {
        let compared = self.compared.as_ref();
        compared.is_some_and(|compared| compared.change != Change::Same)
    }
}

/// What a trial looks at, and by which text.
#[derive(Debug, Clone)]
pub struct Ground {
    pub past: Past,
    pub policy: Policy,
}

impl Ground {
    /// The ground of a trial that was noted.
    pub fn of(conn: &mut Conn, trial: &Trial) -> Result<Ground> {
        let draft = drafts::find(conn, &trial.draft_id)?;
        let text = drafts::text(conn, &trial.text_id)?;
        let policy = Policy::parse(&text.document)
            .map_err(|_| Error::broken("a text that was tried no longer reads"))?;
        Ok(Ground {
            past: Past {
                policy: draft.policy,
                from: trial.from_on,
                to: trial.to_on,
                scope: Scope(people::sellers_of(conn, &trial.person_id)?),
                seller: trial.seller_id.clone(),
            },
            policy,
        })
    }
}

/// Some of the past, judged.
#[derive(Debug, Clone)]
pub struct Slice {
    pub judged: Vec<Judged>,
    /// The last of the sellers' days in it; None says that there are no more.
    pub upto: Option<String>,
}

/// Judges the sellers' days after that one, until there are [`SLICE`] claims.
pub fn slice(conn: &mut Conn, ground: &Ground, after: &str) -> Result<Slice> {
    let mut slice = Slice {
        judged: Vec::new(),
        upto: None,
    };
    let mut judge = Judge::of(conn, ground)?;
    for stretch in stretches(conn, &ground.past)? {
        let place = stretch.place();
        if place.as_str() <= after {
            continue;
        }
        slice.judged.extend(judge.judges(conn, &stretch)?);
        slice.upto = Some(place);
        if slice.judged.len() >= SLICE {
            break;
        }
    }
    Ok(slice)
}

/// Who judges: the versions that were published, and the draft in the place of each. Made once for many claims.
struct Judge<'a> {
    ground: &'a Ground,
    /// Oldest publication first.
    published: Vec<Version>,
    /// By how many versions were published then.
    shelves: HashMap<usize, Arc<Shelf>>,
    /// By that number and the version that it stands in for.
    placed: HashMap<usize, HashMap<String, Policy>>,
}

impl<'a> Judge<'a> {
    fn of(conn: &mut Conn, ground: &'a Ground) -> Result<Judge<'a>> {
        let mut published = versions::versions(conn, &ground.past.policy)?;
        published.sort_by_key(|version| version.published_at);
        Ok(Judge {
            ground,
            published,
            shelves: HashMap::new(),
            placed: HashMap::new(),
        })
    }

    fn judges(&mut self, conn: &mut Conn, stretch: &Stretch) -> Result<Vec<Judged>> {
        let policy = &self.ground.past.policy;
        let claims = rows::on_day(conn, policy, &stretch.seller, stretch.day)?;
        let mut judged = Vec::with_capacity(claims.len());
        let mut wordy = Vec::new();
        for (claim, before) in claims {
            let mut compared = None;
            if let Some(before) = before
                && let Some(draft) = self.in_place_of(&claim, &before.brief.version)?
            {
                compared = compare_briefly(&before.brief, &brief_under(draft, &before.facts));
                if compared.is_none() {
                    wordy.push((judged.len(), before));
                }
            }
            judged.push(Judged { claim, compared });
        }
        self.in_words(conn, &mut judged, &wordy)?;
        Ok(judged)
    }

    /// Compares those at these places by all that was said of them.
    fn in_words(
        &mut self,
        conn: &mut Conn,
        judged: &mut [Judged],
        wordy: &[(usize, Box<Before>)],
    ) -> Result<()> {
        if wordy.is_empty() {
            return Ok(());
        }
        let ids: Vec<ClaimId> = wordy
            .iter()
            .map(|(place, _)| judged[*place].claim.id.clone())
            .collect();
        let stored = rows::judged_by(conn, &ids)?;
        let stored: HashMap<&ClaimId, &Judgement> =
            stored.iter().map(|row| (&row.claim_id, row)).collect();
        for (place, before) in wordy {
            let one = &mut judged[*place];
            let Some(draft) = self.in_place_of(&one.claim, &before.brief.version)? else {
                continue;
            };
            let row = stored.get(&one.claim.id);
            let stored = row.and_then(|row| serde_json::from_str(&row.result_json).ok());
            let drafted = adjudicate_under(draft, &before.facts);
            one.compared = stored.map(|stored: Assessment| compare(&stored, &drafted));
        }
        Ok(())
    }

    /// The draft as if it had stood where that version stood when the claim came in.
    fn in_place_of(&mut self, claim: &Tried, governed: &str) -> Result<Option<&Policy>> {
        let received = claim.received_at;
        let count = self
            .published
            .partition_point(|version| version.published_at.utc() <= received);
        let placed = self.placed.entry(count).or_default();
        if !placed.contains_key(governed) {
            let shelf = match self.shelves.get(&count) {
                Some(shelf) => shelf.clone(),
                None => super::shelf_then(&self.published, received)?,
            };
            let Some(policy) = shelf.get(&self.ground.past.policy, governed) else {
                return Ok(None);
            };
            let policy = self.ground.policy.in_place_of(policy);
            placed.insert(governed.to_owned(), policy);
            self.shelves.insert(count, shelf);
        }
        Ok(placed.get(governed))
    }
}

/// One claim as both texts judge it, with all that they say.
#[derive(Debug, Clone)]
pub struct Twice {
    pub facts_json: String,
    pub governed: Policy,
    pub before: Assessment,
    pub drafted: Policy,
    pub after: Assessment,
}

/// What became of one claim of a trial. None: its facts no longer read.
///
/// # Errors
/// `NotFound` for a claim that the trial does not look at.
pub fn one(conn: &mut Conn, ground: &Ground, claim: &Claim) -> Result<Option<Twice>> {
    if !rows::holds(conn, &ground.past, &claim.id)? {
        return Err(Error::NotFound);
    }
    let stored = rows::judged_by(conn, std::slice::from_ref(&claim.id))?;
    let published = versions::versions(conn, &ground.past.policy)?;
    let Some(row) = stored.into_iter().next() else {
        return Ok(None);
    };
    let Ok(before) = serde_json::from_str::<Assessment>(&row.result_json) else {
        return Ok(None);
    };
    let shelf = super::shelf_then(&published, claim.received_at.utc())?;
    let governed = shelf.get(&before.policy.id, &before.policy.version);
    let (Some(governed), Ok(facts)) = (governed, facts::read(&row.facts_json)) else {
        return Ok(None);
    };
    Ok(Some(Twice {
        after: adjudicate_under(&ground.policy.in_place_of(governed), &facts),
        facts_json: row.facts_json,
        governed: governed.clone(),
        before,
        drafted: ground.policy.clone(),
    }))
}

/// Adds a slice to a trial: its tally, its flips, how far it has come. `false` where somebody else moved or stopped it meanwhile.
pub fn keep(tx: &mut Tx, act: &Act, trial: &Trial, slice: &Slice) -> Result<bool> {
    let Some(upto) = &slice.upto else {
        return Ok(rows::set_trial_ended(tx, &trial.id, "done", act.at)?);
    };
    let mut tally: Tally = serde_json::from_str(&trial.tally_json)?;
    let judged = trial.judged + i64::try_from(slice.judged.len()).unwrap_or(i64::MAX);
    slice.judged.iter().for_each(|one| count(&mut tally, one));
    let tally = serde_json::to_string(&tally)?;
    if !rows::set_progress(tx, trial, (judged, upto), &tally)? {
        return Ok(false);
    }
    for one in slice.judged.iter().filter(|one| one.is_changed()) {
        if let Some(compared) = &one.compared {
            rows::insert_flip(tx, &flip(act, trial, &one.claim, compared))?;
        }
    }
    Ok(true)
}

/// Something broke on the way: said, and not tried for ever.
pub fn give_up(tx: &mut Tx, act: &Act, trial: &TrialId) -> Result<()> {
    rows::set_trial_ended(tx, trial, "failed", act.at)?;
    Ok(())
}

fn count(tally: &mut Tally, one: &Judged) {
    match &one.compared {
        Some(compared) => tally.add(&one.claim.currency, compared),
        None => tally.unread += 1,
    }
}

fn flip(act: &Act, trial: &Trial, claim: &Tried, compared: &Compared) -> Flip {
    Flip {
        id: fresh(act.at),
        trial_id: trial.id.clone(),
        claim_id: claim.id.clone(),
        change: compared.change.word().to_owned(),
        old_outcome: compared.before.outcome.word().to_owned(),
        new_outcome: compared.after.outcome.word().to_owned(),
        currency: claim.currency.clone(),
        old_e8: compared.before.amount_e8,
        new_e8: compared.after.amount_e8,
        granted_e8: claim.granted_e8,
        clauses: compared.clauses.join(" "),
    }
}

/// The whole past at once on every core, each changed claim shown on the way: by seller, then as they came in. Writes nothing at all.
///
/// Each core reads a moment of its own; what is decided while it runs may be seen by one and not by another.
///
/// # Errors
/// As [`ground`]; what `each` gives.
pub fn try_all(
    pool: &Pool,
    policy: Policy,
    days: (NaiveDate, NaiveDate),
    seller: Option<&str>,
    mut each: impl FnMut(&Tried, &Compared) -> Result<()>,
) -> Result<Tally> {
    let (ground, stretches) = pool.read(|conn| {
        let ground = ground(conn, policy, days, seller)?;
        let stretches = stretches(conn, &ground.past)?;
        Ok((ground, stretches))
    })?;
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(CORES));
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::sync_channel(AHEAD);
        for _ in 0..cores {
            let (tell, ground, stretches, next) = (tell.clone(), &ground, &stretches, &next);
            scope.spawn(move || {
                let outcome = pool.snapshot(|conn| {
                    let mut judge = Judge::of(conn, ground)?;
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(stretch) = stretches.get(place) else {
                            return Ok(());
                        };
                        let mut judged = judge.judges(conn, stretch)?;
                        let mut part = Tally::default();
                        judged.iter().for_each(|one| count(&mut part, one));
                        judged.retain(Judged::is_changed);
                        // Nobody listens any more: the other end has given up.
                        if tell.send(Ok((place, part, judged))).is_err() {
                            return Ok(());
                        }
                    }
                });
                if let Err(error) = outcome {
                    let _ = tell.send(Err(error));
                }
            });
        }
        drop(tell);
        let mut early: BTreeMap<usize, Vec<Judged>> = BTreeMap::new();
        let mut turn = 0;
        for outcome in told {
            let (place, part, changed) = outcome?;
            tally.join(part);
            early.insert(place, changed);
            while let Some(changed) = early.remove(&turn) {
                turn += 1;
                for one in &changed {
                    if let Some(compared) = &one.compared {
                        each(&one.claim, compared)?;
                    }
                }
            }
        }
        Ok::<(), Error>(())
    })?;
    Ok(tally)
}

/// As many cores as have a reader each.
const CORES: usize = 4;
/// Stretches that are judged and not yet shown.
const AHEAD: usize = 8;

/// One day of one seller.
struct Stretch {
    seller: SellerId,
    day: NaiveDate,
}

impl Stretch {
    /// Its place among all of them.
    fn place(&self) -> String {
        format!("{} {}", self.seller, self.day)
    }
}

/// The past by seller and day, in the order of their places.
fn stretches(conn: &mut Conn, past: &Past) -> Result<Vec<Stretch>> {
    let own = |seller: &Seller| {
        seller.policy == past.policy && past.seller.as_ref().is_none_or(|only| *only == seller.id)
    };
    let mut sellers: Vec<SellerId> = sellers::within(conn, &past.scope)?
        .into_iter()
        .filter(own)
        .map(|seller| seller.id)
        .collect();
    sellers.sort();
    let mut stretches = Vec::new();
    for seller in sellers {
        let Some((first, last)) = rows::reach(conn, &seller)? else {
            continue;
        };
        let (from, to) = (past.from.max(first), past.to.min(last));
        let days = from.iter_days().take_while(|day| *day <= to);
        stretches.extend(days.map(|day| Stretch {
            seller: seller.clone(),
            day,
        }));
    }
    Ok(stretches)
}

/// What a document is tried on at the command line: everything of its policy in these days, or one seller's part of it.
///
/// # Errors
/// `NotFound` for a seller that there is not, and for a policy of which nothing is published.
pub fn ground(
    conn: &mut Conn,
    policy: Policy,
    (from, to): (NaiveDate, NaiveDate),
    seller: Option<&str>,
) -> Result<Ground> {
    if versions::versions(conn, &policy.id)?.is_empty() {
        return Err(Error::NotFound);
    }
    let seller = match seller {
        Some(slug) => Some(sellers::by_slug(conn, slug)?.ok_or(Error::NotFound)?.id),
        None => None,
    };
    let past = Past {
        policy: policy.id.clone(),
        from,
        to,
        scope: Scope(Vec::new()),
        seller,
    };
    Ok(Ground { past, policy })
}
