//! Tries are counted against guessing: per account and per address, in the database, so that two servers count together. Counted
//! before the secret is compared; a try that succeeds is taken back. Nobody is locked out for good: the wait ends by itself.

use chrono::{DateTime, Duration, Utc};

use crate::act::Act;
use crate::db::people::{attempts_since, delete_attempt, delete_attempts, insert_attempt};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{digest, fresh};

/// So many tries within the window are free; each one more costs a wait that doubles from one minute up to the longest.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub name: &'static str,
    pub free: usize,
    pub window_minutes: i64,
    /// Zero: no more tries until the window has passed.
    pub longest_minutes: i64,
}

/// Every door that compares a password shares these two.
pub const PASSWORD: Limit = limit("password", 10, 60, 15);
pub const PASSWORD_FROM: Limit = limit("password from", 10, 60, 15);
pub const RESET: Limit = limit("reset", 3, 60, 0);
pub const RESET_FROM: Limit = limit("reset from", 10, 60, 0);
pub const SIGN_UP: Limit = limit("sign-up", 1, 60, 0);
pub const SIGN_UP_FROM: Limit = limit("sign-up from", 5, 60, 0);
/// Letters to one address that anybody can have us write: by every way together, so that none adds to another.
pub const UNASKED: Limit = limit("unasked", 3, 60, 0);
/// Links from mails: guessed tokens.
pub const LINK_FROM: Limit = limit("link from", 20, 60, 15);

pub(super) const fn limit(name: &'static str, free: usize, window: i64, longest: i64) -> Limit {
    Limit {
        name,
        free,
        window_minutes: window,
        longest_minutes: longest,
    }
}

/// One counted try, to be taken back when it succeeds.
#[derive(Debug, Clone)]
pub struct Try {
    id: String,
    subject: String,
}

/// Counts a try of `whom` (an address, an IP), or refuses it with the instant from which the next is welcome.
pub fn count(tx: &mut Tx, act: &Act, limit: Limit, whom: &str) -> Result<Try> {
    if let Some(until) = closed_until(tx, limit, whom, act.at)? {
        return Err(Error::Throttled(until));
    }
    let counted = Try {
        id: fresh(act.at),
        subject: subject(limit, whom),
    };
    insert_attempt(tx, &counted.id, &counted.subject, act.at)?;
    Ok(counted)
}

/// Whether a try would be refused, and until when.
pub fn closed_until(
    conn: &mut Conn,
    limit: Limit,
    whom: &str,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let since = now - Duration::minutes(limit.window_minutes);
    let tries = attempts_since(conn, &subject(limit, whom), since)?;
    let tries = tries.into_iter().map(|at| at.utc()).collect::<Vec<_>>();
    Ok(next_try(limit, &tries).filter(|until| *until > now))
}

/// The try was a good one: it does not count.
pub fn take_back(tx: &mut Tx, counted: &Try) -> Result<()> {
    delete_attempt(tx, &counted.id)?;
    Ok(())
}

/// All is forgiven: what an account's owner gets for the right password.
pub fn forgive(tx: &mut Tx, counted: &Try) -> Result<()> {
    delete_attempts(tx, &counted.subject)?;
    Ok(())
}

/// Hashed: the table is no list of who tried to sign in.
fn subject(limit: Limit, whom: &str) -> String {
    digest(&format!("{}\n{whom}", limit.name))
}

/// When the next try is welcome, given the tries of the window, oldest first.
fn next_try(limit: Limit, tries: &[DateTime<Utc>]) -> Option<DateTime<Utc>> {
    let over = tries.len().checked_sub(limit.free)?;
    let last = *tries.last()?;
    if limit.longest_minutes == 0 {
        let frees = tries.get(over)?;
        return Some(*frees + Duration::minutes(limit.window_minutes));
    }
    let doubled = 1_i64
        .checked_shl(u32::try_from(over).ok()?)
        .unwrap_or(i64::MAX);
    Some(last + Duration::minutes(doubled.clamp(1, limit.longest_minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, 9, minute, 0).unwrap()
    }

    #[test]
    fn the_first_tries_are_free_then_the_wait_doubles_to_its_longest() {
        let limit = limit("t", 3, 60, 4);
        assert_eq!(next_try(limit, &[]), None);
        assert_eq!(next_try(limit, &[at(0), at(0)]), None);
        for (tries, wait) in [(3, 1), (4, 2), (5, 4), (6, 4), (40, 4)] {
            assert_eq!(
                next_try(limit, &vec![at(0); tries]),
                Some(at(wait)),
                "{tries}"
            );
        }
    }

    #[test]
    fn an_hourly_limit_frees_a_place_as_its_oldest_try_leaves_the_window() {
        let limit = limit("t", 2, 30, 0);
        assert_eq!(next_try(limit, &[at(0)]), None);
        assert_eq!(next_try(limit, &[at(0), at(5)]), Some(at(30)));
        assert_eq!(next_try(limit, &[at(0), at(5), at(6)]), Some(at(35)));
    }
}
