//! When to try a letter again. Quickly at first, since most trouble passes in minutes; then at least half an hour apart; given
//! up after four to five days, as RFC 5321 (4.5.4.1) advises.

use chrono::Duration;

/// Waits before the second, third … attempt, in minutes.
const WAITS: [i64; 11] = [
    1,
    5,
    15,
    30,
    60,
    2 * 60,
    6 * 60,
    12 * 60,
    24 * 60,
    24 * 60,
    36 * 60,
];

/// No wait is longer: the last one, with the tenth that may be added.
pub const LONGEST: Duration = Duration::hours(40);

/// How often a letter is tried in all.
pub const ATTEMPTS: i64 = WAITS.len() as i64 + 1;

/// How long to wait after the `attempt`th try failed (the first is 1); `None` when it was the last. Up to a tenth is added by
/// the letter's id, so that an outage is not followed by a rush, and the same letter always waits the same.
pub fn backoff(attempt: i64, letter: &str) -> Option<Duration> {
    let index = usize::try_from(attempt.max(1) - 1).ok()?;
    let seconds = WAITS.get(index)? * 60;
    let spread = letter
        .bytes()
        .chain([index as u8])
        .fold(7, |hash: i64, byte| (hash * 31 + i64::from(byte)) % 1009);
    Some(Duration::seconds(seconds + seconds * spread / 1009 / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(letter: &str) -> Vec<Duration> {
        (1..)
            .map_while(|attempt| backoff(attempt, letter))
            .collect()
    }

    #[test]
    fn a_letter_is_tried_twelve_times_over_four_to_five_days() {
        for n in 0..500 {
            let waits = waits(&format!("letter {n}"));
            assert_eq!(waits.len() as i64 + 1, ATTEMPTS);
            assert!(waits.iter().all(|wait| *wait < LONGEST));
            assert_eq!(ATTEMPTS, 12);
            let total = waits
                .into_iter()
                .fold(Duration::zero(), |sum, wait| sum + wait);
            assert!(
                (Duration::days(4)..=Duration::days(5)).contains(&total),
                "{total}"
            );
        }
    }

    #[test]
    fn the_first_tries_are_quick_and_the_later_ones_half_an_hour_apart_or_more() {
        let waits = waits("018f");
        assert!(waits[0] < Duration::minutes(2));
        assert!(waits[..3].iter().all(|wait| *wait < Duration::minutes(30)));
        assert!(waits[3..].iter().all(|wait| *wait >= Duration::minutes(30)));
    }

    #[test]
    fn the_spread_is_the_letters_own_and_never_more_than_a_tenth() {
        assert_eq!(waits("018f"), waits("018f"));
        let distinct = (0..100)
            .map(|n| backoff(9, &format!("letter {n}")))
            .collect::<std::collections::BTreeSet<_>>();
        assert!(
            distinct.len() > 50,
            "{} of 100 letters wait apart",
            distinct.len()
        );
        for (wait, minutes) in waits("018f").into_iter().zip(WAITS) {
            let least = Duration::minutes(minutes);
            assert!(wait >= least && wait <= least + least / 10);
        }
    }

    #[test]
    fn no_count_of_attempts_is_out_of_bounds() {
        assert_eq!(backoff(0, ""), backoff(1, ""));
        assert_eq!(backoff(i64::MIN, ""), backoff(1, ""));
        assert_eq!(backoff(12, "x"), None);
        assert_eq!(backoff(i64::MAX, "x"), None);
    }
}
