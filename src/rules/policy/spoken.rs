//! Lengths of time in a clause's words: "within seven days", "72 hours", "three to five business days", "one week". Only what is
//! plainly said is found; a word that is not understood is passed over.

/// A length in its own measure: hours (a day is 24, a week 168), minutes in which the seller is open, business days, or months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Hours(u32),
    WorkingMinutes(u32),
    BusinessDays(u32),
    Months(u32),
}

impl Span {
    pub fn number(self) -> u32 {
        let (Span::Hours(number)
        | Span::WorkingMinutes(number)
        | Span::BusinessDays(number)
        | Span::Months(number)) = self;
        number
    }

    /// Whether the two can be compared at all.
    pub fn is_like(self, other: Span) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// Every length that the text names, in order.
pub fn spans(text: &str) -> Vec<Span> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let business = at > 0 && matches!(words[at - 1], "business" | "working");
        let Some(measure) = measure(word, business) else {
            continue;
        };
        let adjective =
            at > 0 && matches!(words[at - 1], "business" | "working" | "calendar" | "full");
        let end = if adjective { at - 1 } else { at };
        let Some((last, rest)) = number(&words[..end]) else {
            continue;
        };
        // "three to five", "one or two", "24-48".
        let linked = matches!(rest.last(), Some(&"to" | &"or"));
        let before = if linked {
            &rest[..rest.len() - 1]
        } else {
            rest
        };
        let is_range = linked || before.last().is_some_and(|word| is_digits(word));
        if let Some((first, _)) = number(before).filter(|_| is_range) {
            found.extend(measure(first));
        }
        found.extend(measure(last));
    }
    found
}

fn measure(word: &str, business: bool) -> Option<impl Fn(u32) -> Option<Span>> {
    let hours = match word {
        "hour" | "hours" => 1,
        "day" | "days" => 24,
        "week" | "weeks" => 168,
        "month" | "months" => 0,
        _ => return None,
    };
    Some(move |number: u32| match hours {
        0 => Some(Span::Months(number)),
        24 if business => Some(Span::BusinessDays(number)),
        1 if business => number.checked_mul(60).map(Span::WorkingMinutes),
        hours => number.checked_mul(hours).map(Span::Hours),
    })
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number with which these words end, and the words before it.
fn number<'a, 'w>(words: &'a [&'w str]) -> Option<(u32, &'a [&'w str])> {
    let (word, rest) = words.split_last()?;
    if is_digits(word) {
        return Some((word.parse().ok()?, rest));
    }
    if matches!(*word, "a" | "an") {
        return Some((1, rest));
    }
    let tens = |word: &str| {
        let at = TENS.iter().position(|tens| *tens == word)?;
        u32::try_from(at).ok().map(|at| (at + 2) * 10)
    };
    if let Some(tens) = tens(word) {
        return Some((tens, rest));
    }
    let one = ONES.iter().position(|one| one == word)?;
    let one = u32::try_from(one).ok()?;
    match rest.split_last() {
        Some((before, rest)) if (1..10).contains(&one) => match tens(before) {
            Some(tens) => Some((tens + one, rest)),
            None => Some((one, words.split_last()?.1)),
        },
        _ => Some((one, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::Span::*;
    use super::*;

    #[test]
    fn lengths_are_found_as_people_write_them() {
        for (text, found) in [
            ("within seven days from the day", vec![Hours(168)]),
            ("One week, in writing", vec![Hours(168)]),
            ("fix it within 72 hours of the first", vec![Hours(72)]),
            (
                "three to five business days",
                vec![BusinessDays(3), BusinessDays(5)],
            ),
            ("24-48 hours", vec![Hours(24), Hours(48)]),
            (
                "one or two working days after",
                vec![BusinessDays(1), BusinessDays(2)],
            ),
            ("ninety-six hours", vec![Hours(96)]),
            ("within two working hours", vec![WorkingMinutes(120)]),
            ("within six months of the deposit", vec![Months(6)]),
            ("answered in a day", vec![Hours(24)]),
            ("on the last day of the plan, and for days", vec![]),
            ("at once", vec![]),
            ("99999999999 days", vec![]),
        ] {
            assert_eq!(spans(text), found, "{text}");
        }
    }
}
