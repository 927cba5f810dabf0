//! What a seller hands in as a calendar: a document of its own with zone, holidays and hours, or an iCalendar file, which names
//! holidays alone and leaves the rest as it is.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;

use super::ics::{self, Refusal};
use super::{Calendar, Holidays, Hours};

/// What is not said stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub time_zone: Option<Tz>,
    pub holidays: Option<Holidays>,
    pub hours: Option<Hours>,
    /// What the holidays are called, where the file says it.
    #[serde(skip)]
    pub names: BTreeMap<NaiveDate, String>,
}

impl Document {
    /// Reads a file by the end of its name: `.ics` or `.toml`. The holidays of an iCalendar file are taken from the first to the last
    /// of these days.
    ///
    /// # Errors
    /// Each thing that is not understood, or that no clock could run by, with its line.
    pub fn read(
        file: &str,
        text: &str,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Document, Vec<Refusal>> {
        let refuse = |line: usize, reason: String| vec![Refusal { line, reason }];
        match file
            .rsplit_once('.')
            .map(|(_, end)| end.to_lowercase())
            .as_deref()
        {
            Some("ics") => {
                let names = ics::holidays(text, first, last)?;
                Ok(Document {
                    holidays: Some(Holidays::Dates(names.keys().copied().collect())),
                    names,
                    ..Document::default()
                })
            }
            Some("toml") => {
                let document: Document = toml::from_str(text).map_err(|why| {
                    let before = why.span().map_or(0, |span| span.start);
                    let line = text
                        .bytes()
                        .take(before)
                        .filter(|byte| *byte == b'\n')
                        .count()
                        + 1;
                    refuse(line, why.message().to_owned())
                })?;
                let flaws = document.hours.iter().flat_map(Hours::flaws);
                let flaws: Vec<Refusal> = flaws.map(|reason| Refusal { line: 1, reason }).collect();
                if flaws.is_empty() {
                    Ok(document)
                } else {
                    Err(flaws)
                }
            }
            _ => Err(refuse(1, format!("{file} is neither .ics nor .toml"))),
        }
    }

    /// The calendar that it makes of the one before.
    pub fn over(&self, before: &Calendar) -> Calendar {
        Calendar {
            zone: self.time_zone.unwrap_or(before.zone),
            holidays: self
                .holidays
                .clone()
                .unwrap_or_else(|| before.holidays.clone()),
            hours: self.hours.clone().or_else(|| before.hours.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, text: &str) -> Result<Document, Vec<String>> {
        let day = |text: &str| text.parse().unwrap();
        Document::read(file, text, day("2026-01-01"), day("2030-12-31"))
            .map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_a_document_does_not_say_stays() {
        let text = "time_zone = \"Europe/Berlin\"\nholidays = \"united-states-federal\"\n[hours]\nmon = [\"09:00-12:00\", \"13:00-17:00\"]\n[hours.special]\n\"2026-12-24\" = []\n";
        let whole = read("a.toml", text).unwrap();
        let before = Calendar {
            zone: chrono_tz::UTC,
            holidays: Holidays::default(),
            hours: None,
        };
        let calendar = whole.over(&before);
        assert_eq!(calendar.zone, chrono_tz::Europe::Berlin);
        assert_eq!(calendar.hours.as_ref().unwrap().mon.len(), 2);
        let ics = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nSUMMARY:Christmas\nEND:VEVENT\nEND:VCALENDAR\n";
        let holidays = read("b.ics", ics).unwrap();
        let both = holidays.over(&calendar);
        assert_eq!((both.zone, &both.hours), (calendar.zone, &calendar.hours));
        assert_eq!(
            both.holidays,
            Holidays::Dates(vec!["2026-12-25".parse().unwrap()])
        );
    }

    #[test]
    fn what_no_clock_could_run_by_is_refused() {
        assert!(read("a.toml", "[hours]\n").unwrap_err()[0].contains("nothing would ever be due"));
        let wrong = read(
            "a.toml",
            "time_zone = \"UTC\"\n[hours]\nmon = [\"9 to 5\"]\n",
        )
        .unwrap_err();
        assert!(
            wrong[0].starts_with("line 3: 9 to 5 is no opening"),
            "{wrong:?}"
        );
        assert!(read("a.toml", "zone = \"UTC\"").is_err() && read("a.csv", "").is_err());
    }
}
