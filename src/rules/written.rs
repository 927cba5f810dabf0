//! Values that JSON holds as text, read where they stand: judging a million stored claims again would copy each of them otherwise.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Reads a text by `read`, whose error becomes the reader's.
pub fn value<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    read: fn(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text {
        expecting,
        read,
        value: PhantomData,
    })
}

struct Text<T> {
    expecting: &'static str,
    read: fn(&str) -> Result<T, String>,
    value: PhantomData<T>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}

/// An instant with its offset (RFC 3339), as UTC.
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    value(deserializer, "an instant", |text| match plain(text) {
        Some(at) => Ok(at),
        None => DateTime::parse_from_rfc3339(text)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|why| why.to_string()),
    })
}

pub fn maybe_instant<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    struct Instant(DateTime<Utc>);

    impl<'de> Deserialize<'de> for Instant {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
            instant(deserializer).map(Instant)
        }
    }

    Ok(Option::<Instant>::deserialize(deserializer)?.map(|read| read.0))
}

/// As this program writes it, `2025-06-05T12:00:00Z`: the general reader took a twentieth of a judgement's time.
fn plain(text: &str) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let marks = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'Z'),
    ];
    if marks.iter().any(|(place, mark)| bytes[*place] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let time = day.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    Some(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_instant_is_what_the_general_reader_reads_and_others_are_left_to_it() {
        for text in ["2025-06-05T12:00:00Z", "2024-02-29T23:59:59Z"] {
            let general = DateTime::parse_from_rfc3339(text).unwrap();
            assert_eq!(plain(text), Some(general.with_timezone(&Utc)));
        }
        for text in [
            "2025-06-05T14:00:00+02:00",
            "2025-06-05 12:00:00Z",
            "2025-02-29T12:00:00Z",
            "2025-06-05T25:00:00Z",
            "2025-06-05T12:00:+1Z",
            "",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_text_or_no_instant_is_refused() {
        for json in ["7", "\"yesterday\"", "\"2025-02-29T12:00:00Z\""] {
            let mut reader = serde_json::Deserializer::from_str(json);
            assert!(instant(&mut reader).is_err(), "{json}");
        }
        let mut reader = serde_json::Deserializer::from_str("null");
        assert_eq!(maybe_instant(&mut reader).unwrap(), None);
    }
}
