//! A trial in words: what became of the answers, and what that comes to.

use std::collections::BTreeMap;

use crate::rules::trial::{self, Change, Money, Tally};
use crate::web::chart::{self, Chart, Column, Words};
use crate::web::filters;
use crate::web::parts::{Badge, Tile, Tiles, Tone};

/// What became of an answer, in one or two words.
pub fn change(change: Change) -> Badge {
    let (tone, word) = match change {
        Change::Same => (Tone::Neutral, "Unchanged"),
        Change::Granted => (Tone::Ok, "Newly granted"),
        Change::Denied => (Tone::Danger, "Newly refused"),
        Change::More => (Tone::Ok, "More"),
        Change::Less => (Tone::Warn, "Less"),
        Change::ToPerson => (Tone::Warn, "Now needs a person"),
        Change::FromPerson => (Tone::Neutral, "No person any more"),
        Change::Other => (Tone::Neutral, "Otherwise"),
    };
    Badge::new(tone, word)
}

/// "+$18.00", "−$4.00", "$0.00".
pub fn signed(e8: i64, currency: &str) -> String {
    let sign = if e8 > 0 { "+" } else { "" };
    format!("{sign}{}", filters::money(e8, currency))
}

/// How many of each.
pub fn tiles(tally: &Tally) -> Tiles {
    let judged = tally.judged();
    let tile = |of: Change, note: &str| {
        let badge = change(of);
        Tile {
            label: badge.word,
            figure: filters::count(tally.of(of)),
            delta: String::new(),
            tone: Tone::Neutral,
            note: note.to_owned(),
            href: None,
        }
    };
    let mut list = vec![Tile {
        note: format!(
            "of {}, {}",
            filters::plural(judged, "claim", "claims"),
            filters::percent(tally.of(Change::Same), judged)
        ),
        ..tile(Change::Same, "")
    }];
    for (of, note) in [
        (Change::Granted, "refused or undecided before"),
        (Change::Denied, "granted or undecided before"),
        (Change::More, "a larger amount"),
        (Change::Less, "a smaller amount"),
        (Change::ToPerson, "a person has to look"),
        (Change::FromPerson, "nobody has to look"),
        (Change::Other, "another step or another way"),
    ] {
        let often = matches!(
            of,
            Change::Granted | Change::Denied | Change::More | Change::Less | Change::ToPerson
        );
        if often || tally.of(of) > 0 {
            list.push(tile(of, note));
        }
    }
    Tiles { list }
}

/// The answer to "what would it have cost", in a sentence or two.
pub fn takeaway(tally: &Tally, days: &str) -> String {
    let judged = filters::plural(tally.judged(), "claim", "claims");
    if tally.judged() == 0 {
        return format!("There is no claim under this policy from {days}.");
    }
    if tally.changed() == 0 {
        return format!("All {judged} from {days} would have come out the same.");
    }
    let sums: Vec<String> = tally
        .money
        .iter()
        .filter_map(|(currency, sum)| cost(*sum, currency))
        .collect();
    let money = if sums.is_empty() {
        "No money would have moved otherwise.".to_owned()
    } else {
        format!("The text itself would have granted {}.", sums.join("; "))
    };
    format!(
        "{} of {judged} from {days} would have come out otherwise. {money}",
        filters::count(tally.changed())
    )
}

/// Of how many claims the text would have granted how much more or less: one chart a currency.
pub fn moves(tally: &Tally) -> Vec<Chart> {
    let drawn = |(currency, steps): (&String, &BTreeMap<i32, u64>)| {
        let (least, most) = (*steps.keys().next()?, *steps.keys().next_back()?);
        let column = |step: i32| {
            let count = steps.get(&step).copied().unwrap_or(0);
            let mut parts = vec![0; 3];
            parts[usize::from(step >= 0) + usize::from(step > 0)] = count;
            Column {
                label: reach(step, currency),
                parts,
                above: if count > 0 {
                    filters::count(count)
                } else {
                    String::new()
                },
                ..Column::default()
            }
        };
        let columns: Vec<Column> = (least..=most).map(column).collect();
        let of = |wanted: fn(i32) -> bool| -> u64 {
            let own = steps.iter().filter(|(step, _)| wanted(**step));
            own.map(|(_, count)| count).sum()
        };
        let words = Words {
            id: format!("moves-{currency}"),
            title: format!("By how much, in {currency}"),
            desc: "One column a step of the difference in what the text itself grants: how many of the changed claims lie in it.".to_owned(),
            takeaway: format!(
                "More for {}, less for {}, the same for {}.",
                filters::plural(of(|step| step > 0), "claim", "claims"),
                filters::count(of(|step| step < 0)),
                filters::count(of(|step| step == 0)),
            ),
            csv: None,
        };
        Some(chart::stacked(
            words,
            &["Less", "No money", "More"],
            &columns,
        ))
    };
    tally.moves.iter().filter_map(drawn).collect()
}

/// "−$5–$10", "no money", "under +$1".
fn reach(step: i32, currency: &str) -> String {
    let sign = if step < 0 { "\u{2212}" } else { "+" };
    let whole = |e8: u64| {
        let said = filters::money(i64::try_from(e8).unwrap_or(i64::MAX), currency);
        said.trim_end_matches(".00").to_owned()
    };
    match trial::bounds(step) {
        None => "0".to_owned(),
        Some((0, below)) => format!("under {sign}{}", whole(below)),
        Some((from, below)) => format!("{sign}{} to {}", whole(from), whole(below)),
    }
}

fn cost(sum: Money, currency: &str) -> Option<String> {
    let granted = sum.granted();
    let words = match granted {
        0 if sum.open() == 0 => return None,
        0 => format!("the same in {currency}"),
        more if more > 0 => format!("{} more", filters::money(more, currency)),
        less => format!("{} less", filters::money(less.saturating_neg(), currency)),
    };
    let open = match sum.open() {
        0 => return Some(words),
        open => signed(open, currency),
    };
    Some(format!(
        "{words}, and {open} would have hung on a person\u{2019}s decision"
    ))
}
