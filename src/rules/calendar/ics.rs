//! Reads the holidays of an iCalendar file (RFC 5545): whole-day events, once or every year. A strict little reader of that subset:
//! what it does not understand it refuses, with line and reason, because a holiday that is silently lost is a promise broken.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use thiserror::Error;

/// Why a file was refused; the line is where the property begins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct Refusal {
    pub line: usize,
    pub reason: String,
}

/// The longest file, in bytes, and the most days that one may name.
pub const LARGEST: usize = 1_000_000;
const MOST_DAYS: usize = 5_000;

/// A property with its parameters, unfolded.
struct Line<'a> {
    number: usize,
    name: String,
    parameters: Vec<String>,
    value: &'a str,
}

/// What an event says.
#[derive(Default)]
struct Event {
    line: usize,
    name: String,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    days: Option<u64>,
    rule: Option<Rule>,
    except: BTreeSet<NaiveDate>,
    also: BTreeSet<NaiveDate>,
    cancelled: bool,
    /// Something in it was refused already.
    refused: bool,
}

/// `RRULE:FREQ=YEARLY`, with what may stand beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    line: usize,
    interval: u32,
    count: Option<usize>,
    until: Option<NaiveDate>,
    month: Option<u32>,
    month_day: Option<u32>,
    /// The nth of a weekday in its month; from the end where it is negative.
    nth: Option<(i8, Weekday)>,
}

/// The holidays from the first to the last of these days, each with its name.
///
/// # Errors
/// Everything that is not understood, in the order of the file.
pub fn holidays(
    text: &str,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<BTreeMap<NaiveDate, String>, Vec<Refusal>> {
    if text.len() > LARGEST {
        return Err(vec![refused(
            1,
            format!("the file is larger than {LARGEST} bytes"),
        )]);
    }
    let unfolded = unfold(text)?;
    let mut refusals = Vec::new();
    let events = events(&unfolded, &mut refusals);
    let mut found = BTreeMap::new();
    let told = events
        .iter()
        .filter(|event| !event.cancelled && !event.refused);
    for event in told {
        match event.occurs(last) {
            Ok(days) => {
                for day in days.into_iter().filter(|day| (first..=last).contains(day)) {
                    found.entry(day).or_insert_with(|| event.name.clone());
                }
            }
            Err(refusal) => refusals.push(refusal),
        }
        if found.len() > MOST_DAYS {
            refusals.push(refused(event.line, format!("more than {MOST_DAYS} days")));
            break;
        }
    }
    if refusals.is_empty() && events.is_empty() {
        refusals.push(refused(1, "there is no event in it"));
    }
    if refusals.is_empty() {
        Ok(found)
    } else {
        refusals.sort_by_key(|refusal| refusal.line);
        Err(refusals)
    }
}

fn refused(line: usize, reason: impl Into<String>) -> Refusal {
    Refusal {
        line,
        reason: reason.into(),
    }
}

/// Lines with those that a space continues put together, under the number of the first.
fn unfold(text: &str) -> Result<Vec<(usize, String)>, Vec<Refusal>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, before))) => before.push_str(more),
            (Some(_), None) => {
                return Err(vec![refused(1, "the file begins in the middle of a line")]);
            }
            (None, _) if line.trim().is_empty() => {}
            (None, _) => lines.push((index + 1, line.to_owned())),
        }
    }
    Ok(lines)
}

fn parsed<'a>(number: usize, line: &'a str) -> Result<Line<'a>, Refusal> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == ':' && !quoted
    });
    let Some((colon, _)) = colon else {
        return Err(refused(number, format!("no property: {}", short(line))));
    };
    let mut head = line[..colon]
        .split(';')
        .map(|part| part.trim().to_uppercase());
    Ok(Line {
        number,
        name: head.next().unwrap_or_default(),
        parameters: head.collect(),
        value: line[colon + 1..].trim(),
    })
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What says nothing about which days are meant.
const IDLE: [&str; 24] = [
    "UID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "CLASS",
    "CATEGORIES",
    "DESCRIPTION",
    "LOCATION",
    "URL",
    "TRANSP",
    "COMMENT",
    "CONTACT",
    "ORGANIZER",
    "PRIORITY",
    "GEO",
    "ATTACH",
    "RELATED-TO",
    "RESOURCES",
    "COLOR",
    "IMAGE",
    "CONFERENCE",
    "REFRESH-INTERVAL",
    "SOURCE",
];

fn events(lines: &[(usize, String)], refusals: &mut Vec<Refusal>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for (number, text) in lines {
        let line = match parsed(*number, text) {
            Ok(line) => line,
            Err(refusal) => {
                if let Some(event) = events.last_mut() {
                    event.refused = true;
                }
                refusals.push(refusal);
                continue;
            }
        };
        let outcome = match (line.name.as_str(), open.last().map(String::as_str)) {
            ("BEGIN", _) => {
                open.push(line.value.to_uppercase());
                begin(&line, &open, &mut events)
            }
            ("END", Some(inner)) if inner == line.value.to_uppercase() => {
                open.pop();
                Ok(())
            }
            ("END", _) => Err(refused(
                *number,
                format!("ends {}, which is not open", short(line.value)),
            )),
            (_, Some("VEVENT")) => match events.last_mut() {
                Some(event) => event.reads(&line),
                None => Ok(()),
            },
            (_, Some(_)) => Ok(()),
            (_, None) => Err(refused(*number, "stands outside of the calendar")),
        };
        if let Err(refusal) = outcome {
            if let Some(event) = events.last_mut() {
                event.refused = true;
            }
            refusals.push(refusal);
        }
    }
    if let (Some(left), Some((number, _))) = (open.last(), lines.last()) {
        refusals.push(refused(*number, format!("{left} does not end")));
    }
    events
}

fn begin(line: &Line, open: &[String], events: &mut Vec<Event>) -> Result<(), Refusal> {
    let path: Vec<&str> = open.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["VCALENDAR"] => Ok(()),
        ["VCALENDAR", "VEVENT"] => {
            events.push(Event {
                line: line.number,
                ..Event::default()
            });
            Ok(())
        }
        ["VCALENDAR", "VTIMEZONE", ..] | ["VCALENDAR", "VEVENT", "VALARM"] => Ok(()),
        _ => Err(refused(
            line.number,
            format!(
                "{} is no event: only whole-day events are holidays",
                short(line.value)
            ),
        )),
    }
}

impl Event {
    fn reads(&mut self, line: &Line) -> Result<(), Refusal> {
        match line.name.as_str() {
            "DTSTART" => self.start = Some(day(line, line.value)?),
            "DTEND" => self.end = Some(day(line, line.value)?),
            "DURATION" => self.days = Some(whole_days(line)?),
            "SUMMARY" => self.name = plain(line.value),
            "RRULE" if self.rule.is_some() => {
                return Err(refused(line.number, "a second rule of repetition"));
            }
            "RRULE" => self.rule = Some(rule(line)?),
            "EXDATE" => self.except.extend(days(line)?),
            "RDATE" => self.also.extend(days(line)?),
            "STATUS" => self.cancelled = line.value.eq_ignore_ascii_case("CANCELLED"),
            name if IDLE.contains(&name) || name.starts_with("X-") => {}
            name => {
                return Err(refused(
                    line.number,
                    format!("{name} is not understood here"),
                ));
            }
        }
        Ok(())
    }

    /// Every day of the event until `last`.
    fn occurs(&self, last: NaiveDate) -> Result<BTreeSet<NaiveDate>, Refusal> {
        let start = self
            .start
            .ok_or_else(|| refused(self.line, "an event without its day (DTSTART)"))?;
        let length = match (self.end, self.days) {
            (Some(_), Some(_)) => return Err(refused(self.line, "both an end and a duration")),
            (Some(end), None) if end <= start => {
                return Err(refused(self.line, "ends before it begins"));
            }
            (Some(end), None) => (end - start).num_days().unsigned_abs(),
            (None, days) => days.unwrap_or(1),
        };
        if length > 60 {
            return Err(refused(
                self.line,
                format!("{length} days in a row are no holiday"),
            ));
        }
        let mut starts = match &self.rule {
            Some(rule) => rule.from(start, last)?,
            None => BTreeSet::from([start]),
        };
        starts.extend(&self.also);
        let starts = starts.difference(&self.except);
        let days = starts.flat_map(|start| {
            (0..length).filter_map(|ahead| start.checked_add_days(Days::new(ahead)))
        });
        Ok(days.collect())
    }
}

impl Rule {
    /// The days on which it begins anew, `start` the first, until `last`.
    fn from(&self, start: NaiveDate, last: NaiveDate) -> Result<BTreeSet<NaiveDate>, Refusal> {
        let until = self.until.map_or(last, |until| until.min(last));
        let years = (start.year()..=until.year()).step_by(self.interval as usize);
        let mut days = BTreeSet::new();
        let mut count = 0;
        for day in years.filter_map(|year| self.of(year, start)) {
            if day < start || day > until || self.count.is_some_and(|most| count >= most) {
                continue;
            }
            days.insert(day);
            count += 1;
        }
        if self.of(start.year(), start) != Some(start) {
            let reason = format!("the rule does not begin on the event's own day, {start}");
            return Err(refused(self.line, reason));
        }
        Ok(days)
    }

    fn of(&self, year: i32, start: NaiveDate) -> Option<NaiveDate> {
        let month = self.month.unwrap_or(start.month());
        match self.nth {
            None => NaiveDate::from_ymd_opt(year, month, self.month_day.unwrap_or(start.day())),
            Some((nth, weekday)) if nth > 0 => {
                NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth.unsigned_abs())
            }
            Some((nth, weekday)) => {
                let next =
                    NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(Months::new(1))?;
                let ends = next
                    .iter_days()
                    .rev()
                    .skip(1)
                    .take_while(|day| day.month() == month);
                ends.filter(|day| day.weekday() == weekday)
                    .nth(usize::from(nth.unsigned_abs()) - 1)
            }
        }
    }
}

/// `20261225`, or `VALUE=DATE:20261225`: a day, and no time of day.
fn day(line: &Line, text: &str) -> Result<NaiveDate, Refusal> {
    let refuse = |reason: &str| {
        let reason = format!("{} {}: {reason}", line.name, short(text));
        Err(refused(line.number, reason))
    };
    if text.contains(['T', 't']) {
        return refuse(
            "a time of day; a holiday is a whole day, and a shorter opening is set with the hours",
        );
    }
    if let Some(other) = line.parameters.iter().find(|one| *one != "VALUE=DATE") {
        return refuse(&format!("{other} is not understood with a day"));
    }
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("no day; write 20261225");
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap_or(0);
    let year = i32::try_from(part(0, 4)).unwrap_or(0);
    match NaiveDate::from_ymd_opt(year, part(4, 6), part(6, 8)) {
        Some(day) => Ok(day),
        None => refuse("no day of the calendar"),
    }
}

fn days(line: &Line) -> Result<Vec<NaiveDate>, Refusal> {
    line.value
        .split(',')
        .map(|text| day(line, text.trim()))
        .collect()
}

/// `P1D`, `P1W`.
fn whole_days(line: &Line) -> Result<u64, Refusal> {
    let refuse = || {
        refused(
            line.number,
            format!("DURATION {}: only whole days, as in P1D", short(line.value)),
        )
    };
    let rest = line.value.strip_prefix('P').ok_or_else(refuse)?;
    let (number, each) = match (rest.strip_suffix('D'), rest.strip_suffix('W')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(refuse()),
    };
    let number: u64 = number.parse().map_err(|_| refuse())?;
    (1..=60)
        .contains(&number)
        .then_some(number * each)
        .ok_or_else(refuse)
}

fn rule(line: &Line) -> Result<Rule, Refusal> {
    let refuse = |reason: String| refused(line.number, format!("RRULE: {reason}"));
    let mut rule = Rule {
        line: line.number,
        interval: 1,
        count: None,
        until: None,
        month: None,
        month_day: None,
        nth: None,
    };
    let mut yearly = false;
    for part in line.value.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| refuse(format!("{} says nothing", short(part))))?;
        let number = |most: u32| {
            let number = value
                .parse::<u32>()
                .ok()
                .filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| {
                refuse(format!(
                    "{} is not one number from 1 to {most}",
                    short(part)
                ))
            })
        };
        match name.to_uppercase().as_str() {
            "FREQ" if value.eq_ignore_ascii_case("YEARLY") => yearly = true,
            "FREQ" => {
                return Err(refuse(format!(
                    "FREQ={} repeats more often than a year; list its days",
                    short(value)
                )));
            }
            "INTERVAL" => rule.interval = number(100)?,
            "COUNT" => rule.count = Some(number(1_000)? as usize),
            "UNTIL" => {
                let date = value.get(..8).unwrap_or(value);
                rule.until = Some(day(
                    &Line {
                        number: line.number,
                        name: "UNTIL".to_owned(),
                        parameters: Vec::new(),
                        value: date,
                    },
                    date,
                )?);
            }
            "BYMONTH" => rule.month = Some(number(12)?),
            "BYMONTHDAY" => rule.month_day = Some(number(31)?),
            "BYDAY" => {
                rule.nth = Some(nth(value).ok_or_else(|| {
                    refuse(format!(
                        "BYDAY={} is not one weekday of a month, as in 4TH or -1MO",
                        short(value)
                    ))
                })?)
            }
            "WKST" => {}
            other => return Err(refuse(format!("{other} is not understood"))),
        }
    }
    match rule {
        _ if !yearly => Err(refuse("only FREQ=YEARLY is understood".to_owned())),
        Rule {
            nth: Some(_),
            month: None,
            ..
        } => Err(refuse("BYDAY needs its BYMONTH".to_owned())),
        Rule {
            nth: Some(_),
            month_day: Some(_),
            ..
        } => Err(refuse(
            "BYDAY and BYMONTHDAY together are not understood".to_owned(),
        )),
        Rule {
            until: Some(_),
            count: Some(_),
            ..
        } => Err(refuse("UNTIL and COUNT exclude each other".to_owned())),
        rule => Ok(rule),
    }
}

/// `4TH`, `-1MO`.
fn nth(text: &str) -> Option<(i8, Weekday)> {
    let (number, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match day.to_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    let number: i8 = number.parse().ok()?;
    (number != 0 && (-5..=5).contains(&number)).then_some((number, weekday))
}

/// A text without its escapes and line breaks.
fn plain(text: &str) -> String {
    let text = text.replace("\\n", " ").replace("\\N", " ");
    let text = text
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\");
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(120)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &str) -> Result<Vec<String>, Vec<String>> {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{events}END:VCALENDAR\r\n"
        );
        whole(&text)
    }

    fn whole(text: &str) -> Result<Vec<String>, Vec<String>> {
        let day = |text: &str| text.parse().unwrap();
        let read = holidays(text, day("2026-01-01"), day("2029-12-31"));
        read.map(|days| {
            days.iter()
                .map(|(day, name)| format!("{day} {name}"))
                .collect()
        })
        .map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:1\r\n{lines}END:VEVENT\r\n")
    }

    #[test]
    fn whole_days_are_holidays_once_and_every_year() {
        let once = event(
            "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, all\r\n  of it\r\n",
        );
        assert_eq!(
            read(&once).unwrap(),
            [
                "2026-12-24 Christmas, all of it",
                "2026-12-25 Christmas, all of it",
                "2026-12-26 Christmas, all of it"
            ]
        );
        let yearly = event(
            "DTSTART;VALUE=DATE:20240101\r\nSUMMARY:New Year\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270101\r\n",
        );
        assert_eq!(
            read(&yearly).unwrap(),
            [
                "2026-01-01 New Year",
                "2028-01-01 New Year",
                "2029-01-01 New Year"
            ]
        );
        let fourth = event(
            "DTSTART;VALUE=DATE:20251127\r\nSUMMARY:Thanks\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\r\n",
        );
        assert_eq!(
            read(&fourth).unwrap(),
            ["2026-11-26 Thanks", "2027-11-25 Thanks"]
        );
        let last = event(
            "DTSTART;VALUE=DATE:20260525\r\nSUMMARY:M\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20280101T000000Z\r\n",
        );
        assert_eq!(read(&last).unwrap(), ["2026-05-25 M", "2027-05-31 M"]);
        let leap = event("DTSTART:20240229\r\nDURATION:P1D\r\nSUMMARY:L\r\nRRULE:FREQ=YEARLY\r\n");
        assert_eq!(read(&leap).unwrap(), ["2028-02-29 L"]);
        let gone = event("DTSTART:20260229\r\n").replace("20260229", "20260301")
            + &event("DTSTART:20260302\r\nSTATUS:CANCELLED\r\n");
        assert_eq!(read(&gone).unwrap(), ["2026-03-01 "]);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (lines, reason) in [
            (
                "DTSTART:20261225T090000Z\r\n",
                "line 6: DTSTART 20261225T090000Z: a time of day",
            ),
            (
                "DTSTART;TZID=Europe/Berlin:20261225\r\n",
                "line 6: DTSTART 20261225: TZID=EUROPE/BERLIN",
            ),
            (
                "DTSTART:20261325\r\n",
                "line 6: DTSTART 20261325: no day of the calendar",
            ),
            (
                "DTSTART:20261225\r\nDTEND:20261225\r\n",
                "line 4: ends before it begins",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=WEEKLY\r\n",
                "line 7: RRULE: FREQ=WEEKLY",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYEASTER=1\r\n",
                "line 7: RRULE: BYEASTER is not understood",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n",
                "line 7: the rule does not begin on",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYDAY=1MO,2TU;BYMONTH=1\r\n",
                "line 7: RRULE: BYDAY=1MO,2TU",
            ),
            (
                "DTSTART:20261225\r\nRECURRENCE-ID:20261225\r\n",
                "line 7: RECURRENCE-ID is not understood",
            ),
            ("SUMMARY:No day\r\n", "line 4: an event without its day"),
            (
                "DTSTART:20260101\r\nDURATION:PT8H\r\n",
                "line 7: DURATION PT8H",
            ),
            (
                "nonsense\r\nDTSTART:20260101\r\n",
                "line 6: no property: nonsense",
            ),
        ] {
            let refusals = read(&event(lines)).unwrap_err();
            assert!(refusals[0].starts_with(reason), "{lines:?}: {refusals:?}");
        }
        assert!(read("").unwrap_err()[0].contains("no event"));
        assert!(read("BEGIN:VTODO\r\nEND:VTODO\r\n").unwrap_err()[0].contains("VTODO is no event"));
        assert!(whole("DTSTART:20260101").unwrap_err()[0].contains("outside of the calendar"));
        assert!(whole("BEGIN:VCALENDAR\r\n").unwrap_err()[0].contains("does not end"));
        assert!(whole(" x").is_err() && whole("").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(BEGIN:|END:|VCALENDAR|VEVENT|DTSTART|:2026|0101|RRULE:FREQ=YEARLY|;|BYDAY=|é|\\PC|\r?\n ?){0,60}") {
            let _ = whole(&text);
        }
    }
}
