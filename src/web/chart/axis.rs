//! Where an axis ends and what its figures are called: round numbers, few steps, one unit.

/// The rounded end of an axis, its steps, and its unit.
pub(super) struct Ceiling {
    pub top: f64,
    pub steps: u32,
    unit: f64,
    name: &'static str,
}

impl Ceiling {
    pub fn counts(most: u64) -> Ceiling {
        let (top, steps) = rounded(most as f64, true);
        Ceiling {
            top,
            steps,
            unit: 1.0,
            name: "",
        }
    }

    pub fn seconds(most: u64) -> Ceiling {
        let (unit, name) = match most {
            0..7_200 => (60.0, " min"),
            7_200..259_200 => (3_600.0, " h"),
            _ => (86_400.0, " d"),
        };
        let (top, steps) = rounded(most as f64 / unit, false);
        Ceiling {
            top: top * unit,
            steps,
            unit,
            name,
        }
    }

    pub fn said(&self, value: f64) -> String {
        let figure = (value / self.unit * 10.0).round() / 10.0;
        if figure == 0.0 {
            "0".into()
        } else {
            format!("{figure}{}", self.name)
        }
    }
}

/// The next number that divides into a few even steps, with those steps. `whole` keeps every step a whole number.
fn rounded(most: f64, whole: bool) -> (f64, u32) {
    let least = if whole { 4.0 } else { 1.0 };
    let most = most.max(least);
    let scale = 10f64.powf(most.log10().floor());
    let tops = [
        (1.0, 4),
        (1.2, 4),
        (1.6, 4),
        (2.0, 4),
        (3.0, 3),
        (4.0, 4),
        (5.0, 5),
        (6.0, 3),
        (8.0, 4),
        (10.0, 4),
    ];
    let fits = tops
        .into_iter()
        .map(|(top, steps)| (top * scale, steps))
        .find(|(top, steps)| *top >= most && (!whole || (top / f64::from(*steps)).fract() == 0.0));
    fits.unwrap_or((10.0 * scale, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers_above_the_highest_value() {
        for (most, whole, top) in [
            (0.0, true, 4.0),
            (5.0, true, 5.0),
            (41.0, true, 50.0),
            (97.0, true, 100.0),
            (1_221.0, true, 1_600.0),
            (0.2, false, 1.0),
            (26.0, false, 30.0),
        ] {
            assert_eq!(rounded(most, whole).0, top, "{most}");
        }
    }
}
