//! What holds for the customer because of a chargeback: what it is, since when and until when, under which clause and why, and how
//! to object. What is over stays readable.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::Viewer;
use crate::app::App;
use crate::db::sanctions::Kept;
use crate::db::{self, Conn};
use crate::desk::policies;
use crate::error::Result;
use crate::web::filters;
use crate::web::gate::Customer;
use crate::web::page::{Crumb, Frame, render};
use crate::web::parts::{Badge, Link};
use crate::web::queue::sanctions::{badge, comes_to, span, what};

#[derive(Template)]
#[template(path = "portal/standing.html")]
struct Show {
    frame: Frame,
    rows: Vec<Line>,
}

struct Line {
    number: String,
    seller: String,
    what: String,
    effect: &'static str,
    badge: Badge,
    span: String,
    clause: Link,
    words: String,
    reason: String,
    /// When and why it was lifted; empty while it was not.
    lifted: String,
    /// It holds or is to come: there is something to object to.
    open: bool,
}

pub async fn show(app: Data<App>, visit: Customer) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let mut frame = visit.frame("What holds for your account");
    frame.crumbs.push(Crumb {
        label: "Home".to_owned(),
        href: "/portal".to_owned(),
    });
    let page = app
        .read(move |conn| {
            let all = db::sanctions::of_customer(conn, &viewer.person.id, None)?;
            let mut rows = Vec::new();
            for kept in all.iter().rev() {
                rows.push(line(conn, kept, &viewer)?);
            }
            Ok(Show { frame, rows })
        })
        .await?;
    Ok(render(&page))
}

fn line(conn: &mut Conn, kept: &Kept, viewer: &Viewer) -> Result<Line> {
    let sanction = &kept.sanction;
    let version = db::policies::find(conn, &sanction.policy_id)?;
    let shelf = policies::shelf(conn, &version.policy)?;
    let policy = shelf.get(&version.policy, &version.version);
    let clause = policy.and_then(|policy| policy.clause(&sanction.clause));
    let lifted = kept.lift.as_ref().map(|lift| {
        let at = viewer.wall.stamp(lift.at.utc());
        format!("Lifted on {at}: {}", lift.reason)
    });
    Ok(Line {
        number: sanction.number.clone(),
        seller: db::sellers::find(conn, &sanction.seller_id)?.name,
        what: what(kept),
        effect: comes_to(kept),
        badge: badge(kept, viewer.wall),
        span: span(kept, viewer.wall),
        clause: Link {
            label: format!("Clause {} of version {}", sanction.clause, version.version),
            href: format!(
                "/policies/{}/{}#{}",
                version.policy, version.version, sanction.clause
            ),
        },
        words: clause.map_or(String::new(), |clause| clause.words.clone()),
        reason: sanction.reason.clone(),
        lifted: lifted.unwrap_or_default(),
        open: !kept.is_over(viewer.wall.now),
    })
}

/// What the first page says of what holds now, by seller.
pub(super) fn notices(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    for kept in db::sanctions::of_customer(conn, &viewer.person.id, None)? {
        if !kept.is_over(viewer.wall.now) {
            let seller = db::sellers::find(conn, &kept.sanction.seller_id)?;
            let (what, span) = (what(&kept), span(&kept, viewer.wall));
            notices.push(format!("{}: {what}, {span}.", seller.name));
        }
    }
    Ok(notices)
}
