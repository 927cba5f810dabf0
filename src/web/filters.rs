//! Numbers and times in words, and the few filters the templates use.
//!
//! Nothing here looks at a clock: whoever says "in 3 h" passes the moment it is said.

use askama::filters::Safe;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use chrono_tz::Tz;

use super::assets;

pub use crate::rules::display::{MINUS, count, figure, mark, money, money_split};

/// An icon of the sprite by its name; decoration, so a word always stands beside it.
#[askama::filter_fn]
pub fn icon(name: &str, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    let sprite = assets::asset("icons.svg");
    Ok(Safe(format!(
        "<svg class=\"icon\" aria-hidden=\"true\" width=\"24\" height=\"24\"><use href=\"{sprite}#{name}\"></use></svg>"
    )))
}

/// The address of a static file: `{{ "desk.css"|asset }}`.
#[askama::filter_fn]
pub fn asset(name: &str, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    Ok(Safe(assets::asset(name)))
}

/// A count beside a link, which never grows wide: `7`, `999+`.
pub fn badge_count(number: u64) -> String {
    if number > 999 {
        "999+".into()
    } else {
        number.to_string()
    }
}

/// `1 day`, `3 days`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A share in whole per cent, rounded half up, `96 %`; `–` where there is nothing to divide by. 100 is said of all alone.
pub fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".into(),
        whole => {
            let (part, all) = (u128::from(part), u128::from(whole));
            let nearest = (part * 200 + all) / (all * 2);
            let said = if part < all { nearest.min(99) } else { nearest };
            format!("{said}\u{a0}%")
        }
    }
}

/// `640 B`, `1.4 MB`.
pub fn file_size(bytes: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        if tenths % 10 == 0 || tenths >= 100 {
            format!("{} {name}", tenths / 10)
        } else {
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
    };
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => scaled(1_000, "kB"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "MB"),
        _ => scaled(1_000_000_000, "GB"),
    }
}

/// Two letters for a name, one for a single word, `?` for none.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    match (first, words.next_back()) {
        (Some(first), Some(last)) => first.to_uppercase().chain(last.to_uppercase()).collect(),
        (Some(only), None) => only.to_uppercase().collect(),
        _ => "?".into(),
    }
}

/// `24 November 2026`.
pub fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// `24 Nov 14:30` in the reader's zone, with the year where it is not this year.
pub fn moment(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let local = at.with_timezone(&zone);
    let pattern = if local.year() == now.with_timezone(&zone).year() {
        "%-d %b %H:%M"
    } else {
        "%-d %b %Y %H:%M"
    };
    local.format(pattern).to_string()
}

/// Everything about a moment, for a title: `Tuesday 24 November 2026, 14:30:00 GMT (Europe/London)`.
pub fn moment_in_full(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let full = local.format("%A %-d %B %Y, %H:%M:%S %Z").to_string();
    if zone == Tz::UTC {
        full
    } else {
        format!("{full} ({})", zone.name())
    }
}

/// RFC 3339 in UTC, for `datetime`.
pub fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A promise to a customer: `by 5pm on Tuesday 24 November`, `by the end of Friday 2 January 2027`.
pub fn by(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let local = at.with_timezone(&zone);
    let pattern = if local.year() == now.with_timezone(&zone).year() {
        "%A %-d %B"
    } else {
        "%A %-d %B %Y"
    };
    let day = local.format(pattern);
    match (local.hour(), local.minute()) {
        (23, 59) => format!("by the end of {day}"),
        (12, 0) => format!("by noon on {day}"),
        (_, 0) => format!("by {} on {day}", local.format("%-I%P")),
        _ => format!("by {} on {day}", local.format("%-I:%M%P")),
    }
}

/// Time left or overdue in words: `in 3 h 10 min`, `12 min late`.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let span = span(
        seconds.unsigned_abs(),
        [" d", " h", " min"],
        "less than a minute",
    );
    if seconds < 0 {
        format!("{span} late")
    } else {
        format!("in {span}")
    }
}

/// How long ago something was, in its largest unit: `9 min ago`, `just now`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - at).num_seconds() {
        ..60 => "just now".into(),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// Time left on a badge: `3h 10m`, `−15m`, `2d 4h`.
pub fn left(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let span = span(seconds.unsigned_abs(), ["d", "h", "m"], "<1m");
    if seconds < 0 {
        format!("{MINUS}{span}")
    } else {
        span
    }
}

/// A length of time in its two largest units: `2 d 4 h`.
pub fn duration(seconds: u64) -> String {
    span(seconds, [" d", " h", " min"], "under a minute")
}

fn span(seconds: u64, [d, h, m]: [&str; 3], tiny: &str) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => tiny.into(),
        (0, 0, _) => format!("{minutes}{m}"),
        (0, _, 0) => format!("{hours}{h}"),
        (0, _, _) => format!("{hours}{h} {minutes}{m}"),
        (_, 0, _) => format!("{days}{d}"),
        _ => format!("{days}{d} {hours}{h}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_promise_is_said_in_the_readers_zone() {
        let now = at("2026-11-20T10:00:00Z");
        let zone = chrono_tz::America::New_York;
        assert_eq!(
            by(at("2026-11-24T22:00:00Z"), zone, now),
            "by 5pm on Tuesday 24 November"
        );
        assert_eq!(
            by(at("2026-11-24T22:30:00Z"), zone, now),
            "by 5:30pm on Tuesday 24 November"
        );
        assert_eq!(
            by(at("2027-01-03T04:59:59Z"), zone, now),
            "by the end of Saturday 2 January 2027"
        );
        assert_eq!(
            moment(
                Utc.with_ymd_and_hms(2026, 11, 24, 3, 5, 0).unwrap(),
                zone,
                now
            ),
            "23 Nov 22:05"
        );
    }

    #[test]
    fn time_left_turns_into_time_late() {
        let now = at("2026-11-20T10:00:00Z");
        assert_eq!(relative(at("2026-11-20T13:10:00Z"), now), "in 3 h 10 min");
        assert_eq!(relative(at("2026-11-20T09:48:00Z"), now), "12 min late");
        assert_eq!(left(at("2026-11-20T09:45:00Z"), now), "−15m");
        assert_eq!(left(at("2026-11-22T14:00:00Z"), now), "2d 4h");
        assert_eq!(left(at("2026-11-20T10:00:30Z"), now), "<1m");
        assert_eq!(ago(at("2026-11-20T09:59:30Z"), now), "just now");
    }

    #[test]
    fn counts_sizes_and_names_are_short() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(badge_count(1_000), "999+");
        assert_eq!(percent(999, 1_000), "99\u{a0}%");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(file_size(1_440_000), "1.4 MB");
        assert_eq!(file_size(999), "999 B");
        assert_eq!(initials("maria de la rossi"), "MR");
        assert_eq!(initials("Łukasz"), "Ł");
        assert_eq!(initials("  "), "?");
        assert_eq!(plural(1, "day", "days"), "1 day");
    }
}
