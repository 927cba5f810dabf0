//! Amounts are exact: parts sum to the whole, shares are fair to the last unit, and nothing is lost in writing.

use proptest::collection::vec;
use proptest::prelude::*;
use redress::rules::money::{Amount, Rate};

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![0i64..=i64::MAX, 0i64..100_000_000_000].prop_map(Amount::from_e8)
}

proptest! {
    #![proptest_config(crate::claims::cases(2000))]

    #[test]
    fn an_amount_reads_back_as_it_was_written(amount in amount()) {
        prop_assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
        prop_assert_eq!(serde_json::from_str::<Amount>(&serde_json::to_string(&amount).unwrap()).unwrap(), amount);
    }

    #[test]
    fn the_parts_of_an_allocation_sum_to_the_whole(e8 in 0i64..1_000_000_000_000, weights in vec(0i64..10_000_000_000, 1..7), digits in 0u32..=8) {
        let total = Amount::from_e8(e8).cut(digits);
        let weights: Vec<Amount> = weights.into_iter().map(Amount::from_e8).collect();
        let whole: i128 = weights.iter().map(|weight| i128::from(weight.e8())).sum();
        let parts = total.allocate(&weights, digits);
        prop_assume!(whole > 0);
        prop_assert_eq!(parts.iter().map(|part| i128::from(part.e8())).sum::<i128>(), i128::from(total.e8()));
        let unit = 10i128.pow(8 - digits);
        let largest = weights.iter().max().unwrap();
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert_eq!(i128::from(part.e8()) % unit, 0);
            let exact = i128::from(total.e8()) * i128::from(weight.e8());
            let off = (i128::from(part.e8()) * whole - exact).abs();
            let most = if weight == largest { unit * whole * weights.len() as i128 } else { unit * whole };
            prop_assert!(off * 2 <= most, "{part} of {total} is off by more than its rounding");
        }
    }

    #[test]
    fn the_order_of_unequal_parts_does_not_matter(e8 in 0i64..1_000_000_000_000, weights in prop::collection::hash_set(1i64..10_000_000_000, 1..6), digits in 0u32..=8) {
        let total = Amount::from_e8(e8).cut(digits);
        let mut weights: Vec<Amount> = weights.into_iter().map(Amount::from_e8).collect();
        let mut there = total.allocate(&weights, digits);
        weights.reverse();
        let back = total.allocate(&weights, digits);
        there.reverse();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn successive_shares_of_one_charge_sum_to_the_charge(e8 in 1i64..1_000_000_000_000, quantity in 1i64..5_000, steps in vec(1i64..400, 1..8)) {
        let charge = Amount::from_e8(e8);
        let (mut remains, mut refunded) = (0, Amount::ZERO);
        for step in steps.into_iter().chain([quantity]) {
            remains = (remains + step).min(quantity);
            let entitled = charge.share(remains, quantity, 8).unwrap();
            prop_assert!(entitled >= refunded && entitled <= charge);
            refunded = refunded.plus(entitled.less(refunded));
        }
        prop_assert_eq!(refunded, charge);
    }

    #[test]
    fn a_share_is_the_nearest_unit(amount in amount(), part in 0i64..=1_000_000, over in 0i64..1_000_000, digits in 0u32..=8) {
        let whole = part + over;
        prop_assume!(whole > 0);
        if let Some(share) = amount.share(part, whole, digits) {
            let unit = 10i128.pow(8 - digits);
            let off = (i128::from(share.e8()) * i128::from(whole) - i128::from(amount.e8()) * i128::from(part)).abs();
            prop_assert!(off * 2 <= unit * i128::from(whole));
            let cut = amount.share_cut(Amount::from_e8(part), Amount::from_e8(whole), digits).unwrap();
            prop_assert!(cut <= share && i128::from(share.e8()) - i128::from(cut.e8()) <= unit);
        }
    }

    #[test]
    fn a_fee_never_adds_and_never_takes_more_than_there_is(amount in amount(), rate in 0i64..=1_000, flat in amount(), digits in 0u32..=8) {
        let rate = Rate::parse(&format!("{}.{:03}", rate / 1_000, rate % 1_000)).unwrap();
        let left = amount.after_fee(rate, flat, digits);
        prop_assert!(left >= Amount::ZERO);
        prop_assert!(left <= amount.rounded(digits));
        prop_assert_eq!(amount.after_fee(Rate::ZERO, Amount::ZERO, 8), amount);
    }
}
