//! Replays every stored assessment: the facts and the policy version that were kept with it must give the same answer again, to
//! the letter. What does not is a change of history, or of the rules without a new engine version.

use crate::db::claims::{self as rows, Assessment as Row};
use crate::db::{Conn, maybe};
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::rules::adjudicate::adjudicate_under;
use crate::rules::assessment::Assessment;
use crate::rules::facts;

const SLICE: i64 = 500;

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    pub equal: usize,
    /// The claim and the number of its assessment, with what differs.
    pub differing: Vec<(String, i64, String)>,
}

pub fn replay(conn: &mut Conn) -> Result<Replayed> {
    let mut found = Replayed::default();
    let mut after = String::new();
    loop {
        let slice = rows::assessments_after(conn, &after, SLICE)?;
        let Some(last) = slice.last() else {
            return Ok(found);
        };
        after = last.id.to_string();
        for row in &slice {
            match difference(conn, row)? {
                None => found.equal += 1,
                Some(what) => {
                    let number = rows::find(conn, &row.claim_id)?.number;
                    found.differing.push((number, row.seq, what));
                }
            }
        }
    }
}

/// Why this assessment does not come out again as it was stored; nothing where it does.
pub fn difference(conn: &mut Conn, row: &Row) -> Result<Option<String>> {
    let Ok(stored) = serde_json::from_str::<Assessment>(&row.result_json) else {
        return Ok(Some("the stored answer does not read".to_owned()));
    };
    let Some(claim) = maybe(rows::find(conn, &row.claim_id))? else {
        return Ok(Some("its claim is not there".to_owned()));
    };
    let shelf = match policies::shelf_at(conn, &stored.policy.id, claim.received_at.utc()) {
        Err(Error::NotFound) => None,
        shelf => Some(shelf?),
    };
    let shelf = shelf.unwrap_or_default();
    let Some(policy) = shelf.get(&stored.policy.id, &stored.policy.version) else {
        return Ok(Some(format!(
            "{} {} is not published",
            stored.policy.id, stored.policy.version
        )));
    };
    if policy.hash() != row.policy_hash || stored.policy.hash != row.policy_hash {
        return Ok(Some(
            "the policy's text is not the one that was judged by".to_owned(),
        ));
    }
    let facts = match facts::read_on(&shelf, &row.facts_json) {
        Ok(facts) => facts,
        Err(refusal) => {
            return Ok(Some(format!(
                "the stored facts do not read: {} {}",
                refusal.field, refusal.message
            )));
        }
    };
    let again = adjudicate_under(policy, &facts);
    let columns = (again.outcome.word(), again.amount.map(|amount| amount.e8()));
    if again != stored || columns != (row.outcome.as_str(), row.amount_e8) {
        return Ok(Some(format!(
            "{} was stored, {} comes out",
            row.outcome, again.outcome
        )));
    }
    Ok(None)
}
