//! Asking the customer: what is missing, ticked, and the agent's own words. The clocks that allow it stand still until the answer.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use super::claim::{again, refuse};
use super::seen::Seen;
use super::stale::{self, Draft};
use super::{Looker, Typed};
use crate::app::App;
use crate::db;
use crate::desk::claims::{self, asked_for};
use crate::desk::forms::Done;
use crate::error::{Error, Fields, Result};
use crate::web::form::Form;
use crate::web::gate::Agent;

/// What a ticked box is called: `item.screenshot`.
const ITEM: &str = "item.";
const WORDS: &str = "words";
const SEEN: &str = "seen";

type Sent = BTreeMap<String, String>;

pub async fn ask(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Sent>,
) -> Result<HttpResponse> {
    let (looker, number) = (Looker::of(&visit.person, &visit), number.into_inner());
    let seen = seen(&form.fields)?;
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Sent| {
            let claim = db::claims::for_staff(tx, &scope, &asked)?;
            let words = question(sent)?;
            claims::ask(tx, act, &claim.id, seen.ticket, &words)?;
            Ok(Done::new(
                format!("/queue/claims/{asked}"),
                "The customer is asked; the decision's clock stands still.",
            ))
        })
        .await;
    match outcome {
        Err(Error::Invalid(problems)) => {
            let typed = Typed {
                ask: Some(form.again(&problems)),
                ..Typed::default()
            };
            refuse(&app, &visit, &looker, number, typed).await
        }
        Err(Error::Stale) => {
            let mut hidden: Vec<(String, String)> = form.fields.clone().into_iter().collect();
            hidden.retain(|(name, _)| name != SEEN && name != WORDS);
            let draft = Draft {
                action: format!("/queue/claims/{number}/question"),
                button: "Ask all the same",
                body: Some((WORDS, form.fields.get(WORDS).cloned().unwrap_or_default())),
                hidden,
                what: Vec::new(),
            };
            stale::of_claim(&app, &visit, &looker, number, seen, draft).await
        }
        other => {
            let typed = Typed {
                ask: Some(form.again(&Fields::new())),
                ..Typed::default()
            };
            again(&app, &visit, &looker, number, typed, other).await
        }
    }
}

fn seen(sent: &Sent) -> Result<Seen> {
    let text = sent.get(SEEN).cloned().unwrap_or_default();
    Seen::try_from(text).map_err(|_| Error::Malformed("a form without what its page had shown"))
}

/// The agent's words, then the list of what is asked for.
fn question(sent: &Sent) -> Result<String> {
    let known = |name: &str| [SEEN, WORDS].contains(&name) || name.starts_with(ITEM);
    if sent.keys().any(|name| !known(name)) {
        return Err(Error::Malformed("not the fields of this form"));
    }
    let items: Vec<String> = sent
        .keys()
        .filter_map(|name| name.strip_prefix(ITEM))
        .map(|item| format!("– {}", asked_for(item)))
        .collect();
    let words = sent.get(WORDS).map_or("", |words| words.trim());
    match (words, items.as_slice()) {
        ("", []) => Err(Error::invalid(
            WORDS,
            "Tick what is missing, or write what you need to know",
        )),
        (words, []) => Ok(words.to_owned()),
        ("", items) => Ok(format!("Please send us:\n{}", items.join("\n"))),
        (words, items) => Ok(format!("{words}\n\nPlease send us:\n{}", items.join("\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Result<String> {
        let sent = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        question(&sent)
    }

    #[test]
    fn a_question_is_the_agents_words_and_a_list() {
        let both = asked(&[
            ("words", " Hello. "),
            ("item.screenshot", "yes"),
            ("seen", "1.1"),
        ])
        .unwrap();
        assert_eq!(
            both,
            "Hello.\n\nPlease send us:\n– a screenshot that shows the problem"
        );
        assert_eq!(asked(&[("words", "Which page?")]).unwrap(), "Which page?");
        assert!(
            asked(&[("item.reason", "yes")])
                .unwrap()
                .starts_with("Please send us:\n– ")
        );
        assert!(matches!(asked(&[("words", " \n")]), Err(Error::Invalid(_))));
        assert!(matches!(
            asked(&[("words", "x"), ("amount", "5")]),
            Err(Error::Malformed(_))
        ));
    }
}
