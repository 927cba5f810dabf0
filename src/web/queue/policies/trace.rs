//! One claim of a trial, twice: how the version in force judged it and how the draft does, clause beside clause. What differs is
//! marked in words.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::trial::opened;
use super::{ROOM, crumb};
use crate::act::Act;
use crate::app::App;
use crate::db::claims::Claim;
use crate::db::{self, Conn};
use crate::desk::policies::trials::{self, Twice};
use crate::error::{Error, Result};
use crate::rules::assessment::{Assessment, Finding, is_standing};
use crate::rules::policy::Policy;
use crate::rules::trial::compare;
use crate::web::filters;
use crate::web::gate::Manager;
use crate::web::page::{Frame, render};
use crate::web::parts::{Amount, Badge, Sum};
use crate::web::queue::Looker;
use crate::web::show::claim::{self as words, outcome_badge};
use crate::web::show::order::as_judged;
use crate::web::show::trial::change;

#[derive(Template)]
#[template(path = "queue/trace.html")]
struct Show {
    frame: Frame,
    claim: String,
    draft: String,
    day: String,
    change: Badge,
    sides: [Side; 2],
    steps: Vec<Step>,
    differing: String,
}

/// The answer of one text.
struct Side {
    text: String,
    outcome: Badge,
    amount: Option<Amount>,
    sentences: Vec<String>,
    sum: Option<Sum>,
}

/// What each text says of one clause; None where it has no such clause, or it is not asked.
struct Step {
    id: String,
    heading: String,
    then: Option<Said>,
    now: Option<Said>,
    /// "Changed"; empty where both say the same.
    compared: &'static str,
}

struct Said {
    answer: Badge,
    detail: String,
    due: Option<String>,
}

pub async fn show(
    app: Data<App>,
    visit: Manager,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (frame, act) = (visit.frame("Judged twice"), visit.act(&app));
    let (trial, number) = path.into_inner();
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &act, (&trial, &number)))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    act: &Act,
    (id, number): (&str, &str),
) -> Result<Show> {
    let (trial, draft) = opened(conn, act, id)?;
    let claim = db::claims::for_staff(conn, &looker.scope, number)?;
    let ground = trials::Ground::of(conn, &trial)?;
    let twice = trials::one(conn, &ground, &claim)?.ok_or(Error::NotFound)?;
    frame.crumbs = vec![
        crumb("Policies", ROOM.to_owned()),
        crumb(&draft.number, format!("/queue/drafts/{}", draft.number)),
        crumb("Tried on history", format!("/queue/trials/{id}")),
    ];
    let steps = steps(&twice, looker);
    let differing = steps
        .iter()
        .filter(|step| step.compared == "Changed")
        .count() as u64;
    let sides = [
        side(conn, &claim, &twice, (&twice.governed, &twice.before))?,
        side(conn, &claim, &twice, (&twice.drafted, &twice.after))?,
    ];
    Ok(Show {
        frame,
        draft: draft.number,
        day: filters::day(claim.received_on),
        change: change(compare(&twice.before, &twice.after).change),
        differing: match differing {
            0 => "Every clause finds the same.".to_owned(),
            some => format!(
                "{} otherwise.",
                filters::plural(some, "clause finds", "clauses find")
            ),
        },
        claim: claim.number,
        sides,
        steps,
    })
}

fn side(
    conn: &mut Conn,
    claim: &Claim,
    twice: &Twice,
    (policy, judged): (&Policy, &Assessment),
) -> Result<Side> {
    let order = match &claim.order_id {
        Some(id) => Some(as_judged(db::orders::find(conn, id)?, &twice.facts_json)?),
        None => None,
    };
    // What a person granted is no part of what a text computes.
    let undecided = Claim {
        granted_e8: None,
        approved_at: None,
        ..claim.clone()
    };
    Ok(Side {
        text: format!("version {}", policy.version),
        outcome: outcome_badge(judged.outcome),
        amount: judged
            .amount
            .map(|amount| Amount::new(amount.e8(), &claim.currency)),
        sentences: judged.explanation.clone(),
        sum: words::sum(policy, &undecided, order.as_ref(), judged),
    })
}

/// In the draft's order; what only the other text has stands last.
fn steps(twice: &Twice, looker: &Looker) -> Vec<Step> {
    let of = |judged: &Assessment, id: &str| {
        let mut all = judged.clauses.iter();
        all.find(|finding| finding.id == id).cloned()
    };
    let (before, after) = (&twice.before, &twice.after);
    let mut ids: Vec<&str> = after.clauses.iter().map(|it| it.id.as_str()).collect();
    for finding in &before.clauses {
        if !ids.contains(&finding.id.as_str()) {
            ids.push(&finding.id);
        }
    }
    let said = |policy: &Policy, finding: &Finding| Said {
        answer: words::answer(policy, finding).badge(),
        detail: finding.detail.clone(),
        due: finding
            .due_at
            .map(|due| filters::moment(due, looker.wall.zone, looker.wall.now)),
    };
    let step = |id: &str| {
        let (then, now) = (of(before, id), of(after, id));
        let headed = twice.drafted.clause(id).or(twice.governed.clause(id));
        Step {
            id: id.to_owned(),
            heading: headed.map_or_else(String::new, |clause| clause.heading.clone()),
            compared: match then == now {
                true => "",
                // What stands outside every text says which one it was, and adds up what the others found.
                false if is_standing(id) => "Follows",
                false => "Changed",
            },
            then: then.map(|finding| said(&twice.governed, &finding)),
            now: now.map(|finding| said(&twice.drafted, &finding)),
        }
    };
    ids.into_iter().map(step).collect()
}
