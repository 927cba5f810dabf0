//! Which ground a mail speaks of. Each of the policy's grounds is a handful of ideas, taken from its own title and hint; a mail is the
//! ideas of its words. An idea that few grounds have says much, one that all have says nothing. Nothing is learned and nothing is
//! hidden: every proposal names the words that spoke for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::policy::Ground;

/// A ground with what speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub ground: String,
    pub score: u32,
    /// The words of the mail, as they were written, in alphabetical order.
    pub because: Vec<String>,
}

/// Every claim is about these.
const SAYS_NOTHING: [&str; 4] = ["refund", "money", "claim", "want"];
/// What an idea is worth that one ground alone has; half of it where two have it, and so on.
const WHOLE: u32 = 12;
/// A title says what a ground is; the hint explains it.
const TITLE: u32 = 2;
/// Below this nothing is proposed.
const ENOUGH: u32 = 12;
/// What says as much as this means a claim, also where it asks for nothing in so many words.
const PLENTY: u32 = 2 * ENOUGH;

/// The grounds that a text speaks of, the likeliest first; those of which no word speaks are left out.
pub fn proposals<'a>(grounds: impl Iterator<Item = &'a Ground>, text: &str) -> Vec<Proposal> {
    let known: Vec<(&Ground, BTreeMap<String, u32>)> =
        grounds.map(|ground| (ground, ideas_of(ground))).collect();
    let sharing = |idea: &str| {
        let having = known.iter().filter(|(_, ideas)| ideas.contains_key(idea));
        u32::try_from(having.count()).unwrap_or(u32::MAX).max(1)
    };
    let said = ideas(text);
    let mut found: Vec<Proposal> = known
        .iter()
        .map(|(ground, ideas)| {
            let mut because = BTreeSet::new();
            let mut score = 0;
            for (idea, words) in said
                .iter()
                .filter(|(idea, _)| !SAYS_NOTHING.contains(&idea.as_str()))
            {
                if let Some(weight) = ideas.get(idea) {
                    score += weight * WHOLE / sharing(idea);
                    because.extend(words.iter().cloned());
                }
            }
            Proposal {
                ground: ground.id.clone(),
                score,
                because: because.into_iter().collect(),
            }
        })
        .filter(|proposal| proposal.score > 0)
        .collect();
    // As the policy lists them where two are alike.
    found.sort_by_key(|proposal| std::cmp::Reverse(proposal.score));
    found
}

impl Proposal {
    /// Whether it tells of trouble so clearly that it need not ask for anything.
    pub fn is_plain(&self) -> bool {
        self.score >= PLENTY
    }
}

/// The one that stands out: said clearly enough, and half as much again as any other.
pub fn clear(proposals: &[Proposal]) -> Option<&Proposal> {
    let first = proposals.first().filter(|first| first.score >= ENOUGH)?;
    let second = proposals.get(1).map_or(0, |second| second.score);
    (first.score * 2 >= second * 3).then_some(first)
}

/// Whether a text asks for money, for an end, or for another thing in its place; a question does not.
pub fn asks(text: &str) -> bool {
    let said = ideas(text);
    let wants = [
        "refund", "money", "cancel", "withdraw", "return", "replace", "claim", "twice",
    ];
    wants.iter().any(|idea| said.contains_key(*idea))
}

/// What the customer would like, where the words say one and not the other.
pub fn choice(text: &str) -> Option<&'static str> {
    let said = ideas(text);
    let wants_money = said.contains_key("refund") || said.contains_key("money");
    match (said.contains_key("replace"), wants_money) {
        (true, false) => Some("replacement"),
        (false, true) => Some("refund"),
        _ => None,
    }
}

/// The ideas of a ground, each with its weight.
fn ideas_of(ground: &Ground) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for (text, weight) in [(&ground.title, TITLE), (&ground.hint, 1)] {
        for idea in ideas(text).into_keys() {
            let kept = found.entry(idea).or_insert(0);
            *kept = weight.max(*kept);
        }
    }
    found
}

/// The ideas of a text, each with the words that carry it. A denied idea is another one: `came` is not `never came`.
fn ideas(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sentence in text.split(['.', ',', ';', ':', '!', '?', '\n', '(', ')']) {
        let words: Vec<&str> = sentence
            .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
            .map(|word| word.trim_matches(['\'', '’']))
            .filter(|word| !word.is_empty())
            .collect();
        // How many words ago somebody denied something.
        let mut denied = usize::MAX;
        let mut before = String::new();
        for word in words {
            let lower = word.to_lowercase().replace('’', "'");
            let previous = std::mem::replace(&mut before, lower.clone());
            // What was done to an order is another matter than what somebody wants done.
            if is_past(&previous) && matches!(lower.as_str(), "cancelled" | "canceled") {
                found
                    .entry("was cancelled".to_owned())
                    .or_default()
                    .push(lower);
                continue;
            }
            if is_denial(&lower) {
                denied = 0;
                continue;
            }
            let Some((idea, can_be_denied)) = idea(&lower) else {
                denied = denied.saturating_add(1);
                continue;
            };
            let idea = if can_be_denied && denied <= REACH {
                format!("not {}", idea.trim_start_matches("not "))
            } else {
                idea.to_owned()
            };
            let carried = found.entry(idea).or_default();
            if !carried.contains(&lower) {
                carried.push(lower);
            }
            denied = denied.saturating_add(1);
        }
    }
    found
}

fn is_past(word: &str) -> bool {
    matches!(
        word,
        "was" | "were" | "been" | "got" | "is" | "automatically"
    )
}

/// As far as a denial reaches, in words.
const REACH: usize = 4;

fn is_denial(word: &str) -> bool {
    word.ends_with("n't")
        || matches!(
            word,
            "not"
                | "no"
                | "never"
                | "nothing"
                | "cannot"
                | "without"
                | "neither"
                | "nobody"
                | "cant"
                | "didnt"
                | "doesnt"
                | "dont"
                | "hasnt"
                | "isnt"
                | "wont"
                | "havent"
        )
}

/// The idea behind a word, and whether denying it makes another one. Longer beginnings stand before shorter ones.
fn idea(word: &str) -> Option<(&'static str, bool)> {
    let found = WORDS
        .iter()
        .find(|(_, beginnings, _)| beginnings.iter().any(|beginning| fits(word, beginning)));
    found.map(|(idea, _, can_be_denied)| (*idea, *can_be_denied))
}

/// `cancel*` fits every word that begins so; a word without a star fits itself alone.
fn fits(word: &str, beginning: &str) -> bool {
    match beginning.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == beginning,
    }
}

/// Everyday words by the idea that they carry; whether `not` before them says something of its own.
type Idea = (&'static str, &'static [&'static str], bool);
const WORDS: &[Idea] = &[
    ("not available", &["unavailable", "undeliverable"], true),
    (
        "not valid",
        &[
            "invalid",
            "refus*",
            "reject*",
            "blocked",
            "banned",
            "unaccept*",
        ],
        true,
    ),
    (
        "not describe",
        &[
            "differ*",
            "mislead*",
            "misrepresent*",
            "misdescrib*",
            "unlike",
        ],
        false,
    ),
    ("fits", &["compatib*"], true),
    ("not fits", &["incompatib*"], false),
    (
        "unspent",
        &["unused", "unspent", "leftover", "remaining"],
        false,
    ),
    ("twice", &["twice", "double*", "duplicat*", "two"], false),
    ("charge", &["charg*", "bill*", "debit*", "invoic*"], false),
    (
        "refund",
        &["refund*", "reimburs*", "moneyback", "compensat*"],
        false,
    ),
    ("money", &["money"], false),
    ("replace", &["replac*", "exchang*", "substitut*"], false),
    ("discontinue", &["discontinu*", "retired", "shut"], false),
    ("cancel", &["cancel*", "abort*", "terminat*"], false),
    ("withdraw", &["withdraw*", "payout", "cash"], false),
    ("return", &["return*"], false),
    ("balance", &["balanc*", "funds", "credit*", "wallet"], false),
    ("membership", &["membership*", "subscri*"], false),
    ("plan", &["plan", "plans", "subscri*"], false),
    ("claim", &["claim*", "complain*", "dispute"], false),
    (
        "mistake",
        &["mistak*", "accident*", "inadvert*", "wrongly"],
        false,
    ),
    ("mind", &["mind", "reconsider*", "regret*"], false),
    ("want", &["want*", "need*"], true),
    ("deliver", &["deliver*", "fulfil*"], true),
    (
        "come",
        &[
            "came", "come", "comes", "coming", "arriv*", "receiv*", "got", "get",
        ],
        true,
    ),
    (
        "message",
        &["messag*", "sms", "text", "texts", "code", "codes", "otp"],
        false,
    ),
    ("number", &["number*", "phone"], false),
    ("spam", &["spam", "junk"], false),
    ("mail", &["mail*", "email*"], false),
    (
        "drop",
        &[
            "drop*",
            "gone",
            "fell",
            "decreas*",
            "disappear*",
            "vanish*",
            "unfollow*",
            "lost",
        ],
        false,
    ),
    (
        "part",
        &["part*", "half", "incomplete", "halfway", "rest"],
        false,
    ),
    (
        "halt",
        &["halt*", "stuck", "stall*", "stopped", "stops"],
        false,
    ),
    ("complete", &["complet*", "finish*"], true),
    (
        "system",
        &["system*", "technical*", "automatic*", "itself"],
        false,
    ),
    ("site", &["site", "website", "panel", "page*"], false),
    ("error", &["error*", "bug", "bugs", "glitch*"], false),
    (
        "fault",
        &[
            "fault*", "defect*", "broken", "corrupt*", "useless", "damag*",
        ],
        false,
    ),
    ("work", &["work*", "function*"], true),
    ("open", &["open*", "unzip*", "extract*", "launch*"], true),
    (
        "software",
        &["software", "program*", "app", "apps", "plugin*"],
        false,
    ),
    (
        "describe",
        &["describ*", "descri*", "advertis*", "promis*", "picture*"],
        true,
    ),
    ("available", &["availab*"], true),
    ("valid", &["valid*", "accept*"], true),
    (
        "target",
        &["target*", "account", "profile", "video", "channel"],
        false,
    ),
    (
        "private",
        &["private", "removed", "deleted", "suspended"],
        false,
    ),
    ("install", &["install*", "setup", "configure"], true),
    ("know", &["know*", "understand*", "how"], true),
    ("use", &["use", "uses", "using"], true),
    ("member", &["member*"], false),
    ("sent", &["sent", "sending", "send", "ship*"], true),
    ("before", &["before", "yet", "early"], false),
    ("place", &["placed", "places", "placing"], false),
    ("end", &["ended", "ends", "expire*"], false),
    ("spend", &["spent", "spend"], true),
    (
        "happy",
        &["happy", "satisf*", "pleased", "disappoint*", "unhappy"],
        true,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::policy::Shelf;

    fn proposed(policy: &str, text: &str) -> Option<String> {
        let shelf = Shelf::built_in();
        let policy = &shelf.versions(policy)[0];
        let found = proposals(policy.grounds.iter(), text);
        clear(&found).map(|proposal| proposal.ground.clone())
    }

    /// As customers write, and what each policy calls it; none where a person must ask.
    const MAILS: &[(&str, &str, &str)] = &[
        (
            "panel-credits",
            "Please cancel order O-1001, I no longer need it.",
            "order_cancellation",
        ),
        (
            "panel-credits",
            "I'd like to abort my order",
            "order_cancellation",
        ),
        (
            "panel-credits",
            "You charged me twice for the same order!",
            "duplicate_charge",
        ),
        (
            "panel-credits",
            "There is a duplicate charge on my card.",
            "duplicate_charge",
        ),
        (
            "panel-credits",
            "The followers dropped after a week, 300 are gone.",
            "delivery_drop",
        ),
        (
            "panel-credits",
            "Half of the likes have disappeared again",
            "delivery_drop",
        ),
        (
            "panel-credits",
            "Please pay the unused balance of my account back to my card.",
            "unused_balance",
        ),
        (
            "panel-credits",
            "I want my remaining funds back",
            "unused_balance",
        ),
        (
            "panel-credits",
            "My order was cancelled by your system, why?",
            "system_cancellation",
        ),
        (
            "panel-guarantee",
            "I want to withdraw my balance of $40",
            "balance_withdrawal",
        ),
        (
            "panel-guarantee",
            "Only half was delivered and then it got stuck.",
            "partial_delivery",
        ),
        (
            "panel-guarantee",
            "the service was discontinued while my order was running",
            "service_discontinued",
        ),
        (
            "panel-guarantee",
            "The service is unavailable, nothing can be delivered.",
            "service_unavailable",
        ),
        (
            "panel-guarantee",
            "An error on your site placed my order twice",
            "system_error",
        ),
        (
            "panel-guarantee",
            "My account went private, so the target is gone",
            "target_unavailable",
        ),
        (
            "virtual-numbers",
            "The SMS never arrived.",
            "sms_not_received",
        ),
        (
            "virtual-numbers",
            "I did not receive any code, I tried three times",
            "sms_not_received",
        ),
        (
            "virtual-numbers",
            "The number was rejected as invalid by the app",
            "invalid_number",
        ),
        (
            "virtual-numbers",
            "It does not work at all, it is completely useless.",
            "major_defect",
        ),
        (
            "virtual-numbers",
            "Your tool is incompatible with my software",
            "incompatible_software",
        ),
        (
            "digital-downloads",
            "I never got the delivery mail, nothing in spam either.",
            "non_delivery",
        ),
        (
            "digital-downloads",
            "The file is corrupt and cannot be opened",
            "major_defect",
        ),
        (
            "digital-downloads",
            "It differs from the description on the page",
            "not_as_described",
        ),
        (
            "digital-downloads",
            "Sorry, I changed my mind.",
            "change_of_mind",
        ),
        (
            "digital-downloads",
            "I bought this by accident",
            "bought_by_mistake",
        ),
        (
            "digital-downloads",
            "I don't know how to install it",
            "lack_of_expertise",
        ),
        (
            "digital-downloads",
            "Please cancel my membership",
            "plan_cancellation",
        ),
        (
            "api-plans",
            "I'm not happy with the plan and want to return it",
            "plan_refund",
        ),
        (
            "api-plans",
            "My card was charged twice for invoice 7",
            "duplicate_charge",
        ),
        // Nothing, or nothing clear.
        ("panel-credits", "Hello, are you there?", ""),
        ("panel-credits", "I want my money back.", ""),
        ("virtual-numbers", "", ""),
    ];

    #[test]
    fn what_customers_write_is_proposed_as_what_the_policy_calls_it() {
        let wrong: Vec<String> = MAILS
            .iter()
            .filter_map(|(policy, text, expected)| {
                let found = proposed(policy, text).unwrap_or_default();
                (found != *expected)
                    .then(|| format!("{policy}: {text:?}: {found:?}, not {expected:?}"))
            })
            .collect();
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }

    #[test]
    fn every_ground_speaks_for_itself_in_its_own_words() {
        let shelf = Shelf::built_in();
        for policy in shelf.policies() {
            for ground in &policy.grounds {
                let text = format!("{}. {}", ground.title, ground.hint);
                let found = proposals(policy.grounds.iter(), &text);
                assert_eq!(
                    found[0].ground, ground.id,
                    "{} {text}: {found:?}",
                    policy.id
                );
            }
        }
    }

    #[test]
    fn a_proposal_names_the_words_that_spoke_for_it() {
        let shelf = Shelf::built_in();
        let policy = &shelf.versions("panel-credits")[0];
        let found = proposals(policy.grounds.iter(), "You CHARGED me Twice, twice!");
        assert_eq!(found[0].because, ["charged", "twice"]);
    }

    #[test]
    fn a_denied_word_is_another_idea_and_a_question_asks_for_nothing() {
        assert!(ideas("it never came").contains_key("not come"));
        assert!(ideas("it came. Not that I mind").contains_key("come"));
        assert!(asks("I want a refund") && asks("please cancel it"));
        assert!(!asks("How long does delivery take?"));
        assert_eq!(choice("a replacement please"), Some("replacement"));
        assert_eq!(choice("my money back"), Some("refund"));
        assert_eq!(choice("a refund or a replacement"), None);
    }
}
