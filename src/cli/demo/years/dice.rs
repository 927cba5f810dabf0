//! Numbers and ids that look accidental and are the same every time (SplitMix64). What is rolled here decides no rule and no amount
//! that a rule computes.

use chrono::{DateTime, Duration, Utc};

pub struct Dice {
    state: u64,
    /// Ids of one millisecond sort as they were made.
    made: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice {
            state: seed,
            made: 0,
        }
    }

    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but not including that.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    /// Both ends included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = to.saturating_sub(from).unsigned_abs().saturating_add(1);
        from.saturating_add(i64::try_from(self.below(width)).unwrap_or(0))
    }

    /// In so many of a thousand cases.
    pub fn happens(&mut self, of_a_thousand: u64) -> bool {
        self.below(1000) < of_a_thousand
    }

    pub fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let place = usize::try_from(self.below(all.len() as u64)).unwrap_or(0);
        &all[place]
    }

    /// A place in a list of shares, each as likely as it is large.
    pub fn share(&mut self, shares: &[u64]) -> usize {
        let mut left = self.below(shares.iter().sum());
        for (place, share) in shares.iter().enumerate() {
            match left.checked_sub(*share) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    pub fn minutes(&mut self, from: i64, to: i64) -> Duration {
        Duration::seconds(self.between(from * 60, to * 60))
    }

    /// How long the desk takes: most of the time somewhere up to `usual` hours, now and then up to `late`.
    pub fn wait(&mut self, usual: i64, late: i64) -> Duration {
        match self.below(100) {
            0..7 => self.minutes(usual * 60, late * 60),
            7..30 => self.minutes(usual * 30, usual * 60),
            _ => self.minutes(6, usual * 30),
        }
    }

    /// A UUIDv7 of that instant.
    pub fn id(&mut self, at: DateTime<Utc>) -> String {
        self.made = self.made.wrapping_add(1);
        let mut bytes = [0_u8; 10];
        // 4 + 8 + 6 + 8 bits of these are kept in order: that many ids of one millisecond.
        let count = self.made.to_be_bytes();
        bytes[0] = (count[4] << 6 | count[5] >> 2) & 0x0F;
        bytes[1] = count[5] << 6 | count[6] >> 2;
        bytes[2] = (count[6] & 0x03) << 4 | count[7] >> 4;
        bytes[3] = count[7] << 4;
        bytes[4..].copy_from_slice(&self.roll().to_be_bytes()[..6]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes)
            .into_uuid()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same_and_ids_of_one_instant_sort_as_they_were_made() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let ids = |seed: u64| {
            let mut dice = Dice::new(seed);
            (0..5_000).map(|_| dice.id(at)).collect::<Vec<_>>()
        };
        let made = ids(7);
        let mut sorted = made.clone();
        sorted.sort();
        assert_eq!(made, sorted);
        assert_eq!(made, ids(7));
        assert_ne!(made, ids(8));
    }
}
