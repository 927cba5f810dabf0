//! The managers' reports: promises kept, and refunds by the policy and beyond it. Each page has a CSV twin made of the same figures.
//! Whoever is limited to some sellers sees those alone. `period` reads what an address asks for.

pub mod calendars;
pub(in crate::web) mod period;
pub mod refunds;
mod sheets;
pub mod sla;

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use self::period::Asked;
use super::filters;
use super::gate::Manager;
use super::page::{Choice, Filled, Frame, render_as};
use super::parts::ClauseRef;
use crate::db::sellers::Seller;
use crate::db::tickets::Scope;
use crate::desk::clocks::HOUSE;
use crate::error::Fields;

/// The sellers that a manager answers for, by their short names.
struct Shops(HashMap<String, Seller>);

impl Shops {
    fn new(sellers: Vec<Seller>) -> Shops {
        let named = sellers
            .into_iter()
            .map(|seller| (seller.slug.clone(), seller));
        Shops(named.collect())
    }

    fn name<'a>(&'a self, slug: &'a str) -> &'a str {
        self.0.get(slug).map_or(slug, |seller| seller.name.as_str())
    }

    /// A clause of the seller's policy as it stands today.
    fn clause(&self, slug: &str, clause: &str) -> Option<ClauseRef> {
        clause_of(&self.0.get(slug)?.policy, clause)
    }
}

/// None for a house target, which no policy promises.
fn clause_of(policy: &str, clause: &str) -> Option<ClauseRef> {
    if clause == HOUSE {
        return None;
    }
    let anchor = clause.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    Some(ClauseRef {
        id: clause.to_owned(),
        href: format!("/policies/{policy}#{anchor}"),
    })
}

fn scope(visit: &Manager) -> Scope {
    Scope(visit.person.sellers.clone())
}

/// The filters alone, where the address asks for a period that there is not.
#[derive(Template)]
#[template(path = "reports/refused.html")]
struct Refused {
    frame: Frame,
    heading: &'static str,
    action: &'static str,
    form: Filled,
    sellers: Vec<Choice>,
}

fn refused(
    visit: &Manager,
    (heading, action): (&'static str, &'static str),
    asked: &Asked,
    sellers: &[Seller],
    problems: &Fields,
) -> HttpResponse {
    let mut frame = visit.frame(heading);
    frame.refused = true;
    let page = Refused {
        frame,
        heading,
        action,
        form: asked.form(problems),
        sellers: period::choices(sellers),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
