//! Amounts and counts as people read them. Pages and letters take them from here, so that the same sum looks the same in both.

use chrono::NaiveDate;
use iso_currency::Currency;

/// Digits of an amount: whole currency amounts at 8 decimals.
const E8: u64 = 100_000_000;
pub const MINUS: char = '\u{2212}';

/// An amount in its currency: `$1,234.50`, `−£12.00`, `¥1,200`, `CHF 5.00`; digits below the minor unit show only
/// where there are any (`$0.00012`).
pub fn money(e8: i64, currency: &str) -> String {
    let (figure, rest) = money_split(e8, currency);
    format!("{figure}{rest}")
}

/// As `money`, cut at the minor unit, so that a page can set the digits below it apart.
pub fn money_split(e8: i64, currency: &str) -> (String, String) {
    let sign = if e8 < 0 {
        MINUS.to_string()
    } else {
        String::new()
    };
    let units = e8.unsigned_abs();
    let minor = minor_digits(currency);
    let fraction = format!("{:08}", units % E8);
    let (head, tail) = fraction.split_at(minor);
    let tail = tail.trim_end_matches('0');
    let point = if minor > 0 { "." } else { "" };
    let figure = format!("{sign}{}{}{point}{head}", mark(currency), count(units / E8));
    let rest = if minor == 0 && !tail.is_empty() {
        format!(".{tail}")
    } else {
        tail.to_owned()
    };
    (figure, rest)
}

/// An amount without its currency, as it is typed and as spreadsheets add it up: `1234.50`, `-12.00`, `0.00012`.
pub fn figure(e8: i64, currency: &str) -> String {
    let fraction = format!("{:08}", e8.unsigned_abs() % E8);
    let (minor, finer) = fraction.split_at(minor_digits(currency));
    let fraction = format!("{minor}{}", finer.trim_end_matches('0'));
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if e8 < 0 { "-" } else { "" };
    format!("{sign}{}{point}{fraction}", e8.unsigned_abs() / E8)
}

fn minor_digits(currency: &str) -> usize {
    Currency::from_code(currency)
        .and_then(|found| found.exponent())
        .map_or(2, usize::from)
        .min(8)
}

/// What stands before the figure. A sign that several currencies share is kept for the most usual one; the others
/// show their code.
pub fn mark(currency: &str) -> String {
    match currency {
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        "JPY" => "¥".into(),
        "INR" => "₹".into(),
        other => format!("{other}\u{a0}"),
    }
}

/// "1–30 November 2026", "30 October – 5 November 2026".
pub fn days(from: NaiveDate, to: NaiveDate) -> String {
    let first = |pattern: &str| from.format(pattern).to_string();
    let last = to.format("%-d %B %Y");
    if from == to {
        return last.to_string();
    }
    let same = |pattern: &str| first(pattern) == to.format(pattern).to_string();
    if same("%Y %m") {
        format!("{}–{last}", first("%-d"))
    } else if same("%Y") {
        format!("{} – {last}", first("%-d %B"))
    } else {
        format!("{} – {last}", first("%-d %B %Y"))
    }
}

/// `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_shows_its_currency_its_sign_and_only_the_digits_it_has() {
        for (e8, currency, shown) in [
            (400_000_000, "USD", "$4.00"),
            (123_450_000_000, "GBP", "£1,234.50"),
            (-1_200_000_000, "GBP", "−£12.00"),
            (12_345, "USD", "$0.00012345"),
            (400_012_000, "USD", "$4.00012"),
            (120_000_000_000, "JPY", "¥1,200"),
            (50_000_000, "JPY", "¥0.5"),
            (123_400_000, "KWD", "KWD\u{a0}1.234"),
            (0, "EUR", "€0.00"),
            (i64::MIN, "USD", "−$92,233,720,368.54775808"),
        ] {
            assert_eq!(money(e8, currency), shown, "{e8} {currency}");
        }
    }
}
