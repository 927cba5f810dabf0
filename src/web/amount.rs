//! Amounts as people type them, read strictly: what could mean two things is asked about, never guessed.

use crate::rules::money::{Amount, Currency};

/// Digits, with a point before the decimals: no sign, no separator, no exponent, no more decimals than the currency has.
///
/// # Errors
/// What is wrong with it, for the person who typed it.
pub fn read(text: &str, currency: &str) -> Result<Amount, String> {
    let digits = Currency::parse(currency).map_or(2, Currency::digits);
    read_to(text, currency, digits)
}

/// The same with this many decimals: a balance holds more of them than a payment can have.
///
/// # Errors
/// As `read`.
pub fn read_to(text: &str, currency: &str, digits: u32) -> Result<Amount, String> {
    let text = text.trim();
    let example = match digits {
        0 => "12".to_owned(),
        digits => format!("12.{:0<width$}", 5, width = digits as usize),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        return Err(format!("Enter an amount in figures, such as {example}"));
    }
    if text.contains('.') && fraction.len() > digits as usize {
        return Err(match digits {
            0 => format!("{currency} has no decimals: enter an amount such as {example}"),
            _ => format!("{currency} has {digits} decimals: enter an amount such as {example}"),
        });
    }
    let amount = Amount::parse(text).map_err(|_| "That amount is too large".to_owned())?;
    if amount.is_positive() {
        Ok(amount)
    } else {
        Err("Enter an amount above zero".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_one_way_or_not_at_all() {
        for (text, currency, e8) in [
            ("12", "USD", 1_200_000_000),
            ("12.5", "USD", 1_250_000_000),
            (" 12.50 ", "EUR", 1_250_000_000),
            ("0.01", "EUR", 1_000_000),
            ("1200", "JPY", 120_000_000_000),
            ("1.234", "KWD", 123_400_000),
        ] {
            assert_eq!(read(text, currency), Ok(Amount::from_e8(e8)), "{text}");
        }
        for (text, currency) in [
            ("", "USD"),
            ("0", "USD"),
            ("0.00", "USD"),
            ("-1", "USD"),
            ("-0", "USD"),
            ("+5", "USD"),
            ("1e3", "USD"),
            ("NaN", "USD"),
            ("inf", "USD"),
            ("0x10", "USD"),
            ("10,00", "USD"),
            ("1.000,00", "USD"),
            ("1,000", "USD"),
            ("1 000", "USD"),
            ("١٢", "USD"),
            ("１２", "USD"),
            ("$5", "USD"),
            (".5", "USD"),
            ("5.", "USD"),
            ("1.2.3", "USD"),
            ("10.005", "EUR"),
            ("0.001", "EUR"),
            ("10.5", "JPY"),
            ("10.0", "JPY"),
            ("92233720368547758.08", "USD"),
        ] {
            assert!(read(text, currency).is_err(), "{text} {currency}");
        }
        assert!(read(&"9".repeat(400), "USD").is_err());
    }

    #[test]
    fn what_is_wrong_is_said_with_an_example_in_that_currency() {
        assert_eq!(
            read("10.5", "JPY"),
            Err("JPY has no decimals: enter an amount such as 12".to_owned())
        );
        assert_eq!(
            read("10.005", "EUR"),
            Err("EUR has 2 decimals: enter an amount such as 12.50".to_owned())
        );
        assert_eq!(
            read("ten", "KWD"),
            Err("Enter an amount in figures, such as 12.500".to_owned())
        );
    }
}
