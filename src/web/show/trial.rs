//! A trial in words: what became of the answers, and what that comes to.

use crate::rules::trial::{Change, Money, Tally};
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
