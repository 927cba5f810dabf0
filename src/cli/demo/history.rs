//! The three months before: requests as they come to a desk, most of them on working days, most of them answered in time. The
//! same arithmetic gives the same months every time.

use chrono::{DateTime, Datelike, Duration, Utc, Weekday};

use super::script::Script;
use super::{credits, downloads, guarantee, numbers, plans};

/// How far back the story goes, and how far the improvised part of it comes up to today.
const FROM: i64 = 92;
const TO: i64 = 4;

/// One request of the past, to be told by its seller.
#[derive(Debug, Clone)]
pub struct Past {
    pub label: String,
    pub at: DateTime<Utc>,
    /// Chooses among what happens at that seller, and among its customers.
    pub pick: usize,
    pub turn: usize,
    pub by: &'static str,
    /// Somebody at the desk was slow.
    pub slow: bool,
}

impl Past {
    /// When the desk gets to it: in `usual` hours and a bit, or after `late` ones.
    pub fn after(&self, usual: i64, late: i64) -> DateTime<Utc> {
        let hours = if self.slow { late } else { usual };
        let minutes = (self.turn * 37 % 60) as i64;
        self.at + Duration::hours(hours) + Duration::minutes(minutes)
    }

    pub fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[self.turn % all.len()]
    }
}

/// A small generator of numbers that look accidental (Knuth's MMIX constants); the story is the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

pub fn write(script: &mut Script) {
    let mut dice = Dice(2_026);
    let sellers: [fn(&mut Script, &Past); 5] = [
        credits::past,
        guarantee::past,
        plans::past,
        numbers::past,
        downloads::past,
    ];
    // Of every ten requests: who gets them.
    let shares = [0, 0, 0, 1, 1, 1, 2, 3, 3, 4];
    let mut turns = [0_usize; 5];
    let midnight = script
        .now
        .date_naive()
        .and_hms_opt(0, 0, 0)
        .unwrap_or_default()
        .and_utc();
    for back in (TO..FROM).rev() {
        let day = midnight - Duration::days(back);
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let busy = if is_weekend { 1 } else { 2 + dice.roll(2) };
        for _ in 0..busy {
            let seller = shares[dice.roll(shares.len())];
            let at = day + Duration::minutes((7 * 60 + dice.roll(12 * 60)) as i64);
            turns[seller] += 1;
            let past = Past {
                label: format!("past-{seller}-{}", turns[seller]),
                at,
                pick: dice.roll(100),
                turn: turns[seller],
                by: ["omar", "omar", "lena", "priya"][dice.roll(4)],
                slow: dice.roll(12) == 0,
            };
            sellers[seller](script, &past);
        }
    }
}
