//! Instants as people type them into a form's date and time: in their own zone, to the minute.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::show::Wall;
use crate::error::Fields;
use crate::rules::calendar::at_local;

/// The instant of a `datetime-local` input; a problem beside the field where it is none.
pub fn read(text: &str, field: &str, wall: Wall, problems: &mut Fields) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let read = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    // Far from any year that a database keeps, a browser's slip of a digit is no date.
    let read = read.filter(|at| (2000..2200).contains(&chrono::Datelike::year(at)));
    if read.is_none() {
        problems.add(field, "Enter a date and a time, such as 2026-03-02 09:00");
    }
    read.map(|at| at_local(at, wall.zone))
}

/// The same, where the field may be left empty.
pub fn read_maybe(
    text: &str,
    field: &str,
    wall: Wall,
    problems: &mut Fields,
) -> Option<DateTime<Utc>> {
    if text.trim().is_empty() {
        return None;
    }
    read(text, field, wall, problems)
}

/// As such an input wants it back.
pub fn typed(at: DateTime<Utc>, wall: Wall) -> String {
    at.with_timezone(&wall.zone)
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_in_the_readers_zone_or_not_at_all() {
        let wall = Wall {
            zone: chrono_tz::America::New_York,
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
        };
        let mut problems = Fields::new();
        let at = read("2026-03-02T09:30", "at", wall, &mut problems);
        assert_eq!(at, Some("2026-03-02T14:30:00Z".parse().unwrap()));
        assert_eq!(typed(at.unwrap(), wall), "2026-03-02T09:30");
        assert!(problems.is_empty());
        for wrong in [
            "",
            "soon",
            "2026-02-30T09:00",
            "2026-03-02",
            "20260-03-02T09:00",
        ] {
            let mut problems = Fields::new();
            assert_eq!(read(wrong, "at", wall, &mut problems), None, "{wrong}");
            assert!(!problems.is_empty(), "{wrong}");
        }
        assert_eq!(read_maybe(" ", "at", wall, &mut problems), None);
        assert!(problems.is_empty());
    }
}
