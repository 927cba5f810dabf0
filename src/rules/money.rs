//! Exact money: whole numbers of the eighth decimal, a currency of ISO 4217, and rates at twelve decimals.
//! Nothing here is a float and nothing overflows silently; every rounding is named where it happens.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::{display, written};

/// How many parts of the eighth decimal make one.
pub const ONE_E8: i64 = 100_000_000;
const DECIMALS: u32 = 8;
const RATE_DECIMALS: u32 = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    #[error("must be a plain decimal such as \"12.50\"")]
    NotDecimal,
    #[error("must not be written with an exponent")]
    Exponent,
    #[error("must not be negative")]
    Negative,
    #[error("has more decimals than can be kept")]
    TooFine,
    #[error("is larger than can be kept")]
    TooLarge,
    #[error("must be a currency code of ISO 4217 such as \"USD\"")]
    NoCurrency,
}

/// An amount in units of 0.00000001, without its currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    pub const ZERO: Amount = Amount(0);
    pub const MAX: Amount = Amount(i64::MAX);

    pub const fn from_e8(e8: i64) -> Amount {
        Amount(e8)
    }

    pub const fn e8(self) -> i64 {
        self.0
    }

    /// Reads a non-negative decimal without sign, exponent or separators; at most eight decimals that count.
    pub fn parse(text: &str) -> Result<Amount, MoneyError> {
        decimal(text, DECIMALS).map(Amount)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }

    /// The difference, or zero where `other` is larger.
    pub fn less(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0).max(0))
    }

    /// The sum, held at the largest amount instead of overflowing.
    pub fn plus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0))
    }

    /// `self × part ÷ whole`, rounded once, half away from zero, to `digits` decimals.
    /// None where `whole` is zero or the result cannot be kept.
    pub fn share(self, part: i64, whole: i64, digits: u32) -> Option<Amount> {
        if whole == 0 {
            return None;
        }
        ratio(
            i128::from(self.0) * i128::from(part),
            i128::from(whole),
            step(digits),
            Rounding::HalfAway,
        )
    }

    /// `self × part ÷ whole` cut to `digits` decimals, as money paid out of a balance is.
    pub fn share_cut(self, part: Amount, whole: Amount, digits: u32) -> Option<Amount> {
        if whole.is_zero() {
            return None;
        }
        ratio(
            i128::from(self.0) * i128::from(part.0),
            i128::from(whole.0),
            step(digits),
            Rounding::TowardZero,
        )
    }

    /// Half away from zero to `digits` decimals.
    pub fn rounded(self, digits: u32) -> Amount {
        ratio(i128::from(self.0), 1, step(digits), Rounding::HalfAway).unwrap_or(self)
    }

    /// Toward zero to `digits` decimals.
    pub fn cut(self, digits: u32) -> Amount {
        Amount(self.0 - self.0 % step(digits))
    }

    /// What is left of `self` after `rate` of it and `flat`, rounded once half away from zero; never below zero.
    pub fn after_fee(self, rate: Rate, flat: Amount, digits: u32) -> Amount {
        let one = i128::from(10i64.pow(RATE_DECIMALS));
        let left = i128::from(self.0) * (one - i128::from(rate.0)) - i128::from(flat.0) * one;
        ratio(left.max(0), one, step(digits), Rounding::HalfAway).unwrap_or(Amount::ZERO)
    }

    /// Splits `self` in proportion to `weights`, each part to the nearest unit of `digits` decimals; what
    /// the rounding leaves over, or took too much, goes to the largest weight (the first of equals).
    /// The parts sum to `self`. Empty, or weights that sum to zero: no parts.
    pub fn allocate(self, weights: &[Amount], digits: u32) -> Vec<Amount> {
        let whole: i128 = weights.iter().map(|w| i128::from(w.0)).sum();
        let Some(largest) = (0..weights.len()).max_by_key(|&i| (weights[i], std::cmp::Reverse(i)))
        else {
            return Vec::new();
        };
        if whole <= 0 {
            return Vec::new();
        }
        let part = |w: &Amount| {
            ratio(
                i128::from(self.0) * i128::from(w.0),
                whole,
                step(digits),
                Rounding::HalfAway,
            )
        };
        let mut parts: Vec<Amount> = weights
            .iter()
            .map(|w| part(w).unwrap_or(Amount::ZERO))
            .collect();
        let others: i128 = parts
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != largest)
            .map(|(_, part)| i128::from(part.0))
            .sum();
        parts[largest] = Amount(i64::try_from(i128::from(self.0) - others).unwrap_or_default());
        parts
    }
}

#[derive(Clone, Copy)]
enum Rounding {
    HalfAway,
    TowardZero,
}

/// `top ÷ bottom` to a whole number of `step`; `bottom` and `step` positive.
fn ratio(top: i128, bottom: i128, step: i64, rounding: Rounding) -> Option<Amount> {
    let unit = bottom.checked_mul(i128::from(step))?;
    let (whole, rest) = (top / unit, top % unit);
    let away = matches!(rounding, Rounding::HalfAway)
        && rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2);
    let whole = if away { whole + top.signum() } else { whole };
    i64::try_from(whole.checked_mul(i128::from(step))?)
        .ok()
        .map(Amount)
}

/// The e8 value of one unit at `digits` decimals.
fn step(digits: u32) -> i64 {
    10i64.pow(DECIMALS.saturating_sub(digits))
}

fn decimal(text: &str, decimals: u32) -> Result<i64, MoneyError> {
    if text.starts_with('-') {
        return Err(MoneyError::Negative);
    }
    if text.bytes().any(|b| b == b'e' || b == b'E')
        && text.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(MoneyError::Exponent);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(MoneyError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals as usize {
        return Err(MoneyError::TooFine);
    }
    let mut value: i64 = 0;
    let padding = decimals as usize - fraction.len();
    for digit in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', padding))
    {
        let next = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i64::from(digit - b'0')));
        value = next.ok_or(MoneyError::TooLarge)?;
    }
    Ok(value)
}

fn write_decimal(f: &mut fmt::Formatter<'_>, value: i64, decimals: u32) -> fmt::Result {
    let sign = if value < 0 { "-" } else { "" };
    let one = 10u64.pow(decimals);
    let (whole, mut fraction) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
    let mut digits = decimals;
    while digits > 0 && fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    match digits {
        0 => write!(f, "{sign}{whole}"),
        _ => write!(
            f,
            "{sign}{whole}.{fraction:0width$}",
            width = digits as usize
        ),
    }
}

impl fmt::Display for Amount {
    /// The shortest exact decimal: "12.5", "0.00002", "7".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.0, DECIMALS)
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Amount, MoneyError> {
        Amount::parse(text)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, Amount::plus)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        written::value(deserializer, "an amount, as text", |text| {
            match text.strip_prefix('-') {
                Some(positive) => Amount::parse(positive).map(|a| Amount(-a.0)),
                None => Amount::parse(text),
            }
            .map_err(|why| format!("an amount {why}"))
        })
    }
}

/// A fraction of something, such as a fee of 0.05, at twelve decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

impl Rate {
    pub const ZERO: Rate = Rate(0);
    pub const WHOLE: Rate = Rate(10i64.pow(RATE_DECIMALS));

    /// Reads a non-negative decimal fraction; 0.05 is 5 %.
    pub fn parse(text: &str) -> Result<Rate, MoneyError> {
        decimal(text, RATE_DECIMALS).map(Rate)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// "5 %", "2.5 %".
    pub fn percent(self) -> String {
        struct Hundredfold(i64);
        impl fmt::Display for Hundredfold {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_decimal(f, self.0, RATE_DECIMALS - 2)
            }
        }
        format!("{} %", Hundredfold(self.0))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.0, RATE_DECIMALS)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        written::value(deserializer, "a rate, as text", |text| {
            Rate::parse(text).map_err(|why| format!("a rate {why}"))
        })
    }
}

/// A currency of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub fn parse(code: &str) -> Result<Currency, MoneyError> {
        iso_currency::Currency::from_code(code)
            .map(Currency)
            .ok_or(MoneyError::NoCurrency)
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of the minor unit: JPY 0, USD 2, KWD 3. Codes without one (gold, test codes) count as 2.
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(2, u32::from).min(DECIMALS)
    }

    /// An amount as a person reads it: "$10.00", "€23.00", "¥4,999".
    pub fn show(self, amount: Amount) -> String {
        display::money(amount.0, self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Currency, MoneyError> {
        Currency::parse(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        written::value(deserializer, "a currency, as text", |code| {
            Currency::parse(code).map_err(|why| format!("a currency {why}"))
        })
    }
}

/// An amount with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub amount: Amount,
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.currency.show(self.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn only_plain_decimals_are_amounts() {
        assert_eq!(amount("12.50").e8(), 1_250_000_000);
        assert_eq!(amount("0.000000010"), Amount::from_e8(1));
        for (text, why) in [
            ("-1", MoneyError::Negative),
            ("1e3", MoneyError::Exponent),
            ("1,200.00", MoneyError::NotDecimal),
            ("", MoneyError::NotDecimal),
            (".5", MoneyError::NotDecimal),
            ("5.", MoneyError::NotDecimal),
            ("+5", MoneyError::NotDecimal),
            ("0.000000001", MoneyError::TooFine),
            ("92233720368.54775808", MoneyError::TooLarge),
        ] {
            assert_eq!(Amount::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_share_rounds_once_and_half_away_from_zero() {
        assert_eq!(amount("10").share(1, 3, 8), Some(amount("3.33333333")));
        assert_eq!(amount("10").share(2, 3, 2), Some(amount("6.67")));
        assert_eq!(
            amount("0.00000009").share(2, 4, 8),
            Some(amount("0.00000005"))
        );
        assert_eq!(amount("1").share(1, 0, 8), None);
    }

    #[test]
    fn amounts_are_shown_with_the_decimals_of_their_currency() {
        let show = |code: &str, text: &str| Currency::parse(code).unwrap().show(amount(text));
        assert_eq!(show("USD", "10"), "$10.00");
        assert_eq!(show("USD", "0.00002"), "$0.00002");
        assert_eq!(show("JPY", "4999"), "¥4,999");
        assert_eq!(show("KWD", "8.765"), "KWD\u{a0}8.765");
        assert_eq!(Currency::parse("usd"), Err(MoneyError::NoCurrency));
    }
}
