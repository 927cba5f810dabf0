//! The demo company: it comes out whole on either database and at any hour of the year, its books prove, its judgements replay, and
//! each page of the sitemap has something to show in it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use redress::act::{Door, Who};
use redress::cli::demo::build;
use redress::clock::Clock;
use redress::config::Config;
use redress::db::claims::Claim;
use redress::db::files::File;
use redress::db::orders::Order;
use redress::db::reports::{self, Period};
use redress::db::tickets::{Scope, Ticket};
use redress::db::{self, Conn};
use redress::desk::{claims, drafts, ledger, policies};
use redress::error::Result;
use redress::ids::{DraftId, PersonId};
use redress::rules::sla::Sample;
use redress::web::routes::ALL;
use reqwest::Method;

use crate::support::app::Desk;
use crate::support::page::{Browser, Page};

/// Everybody's in the demo.
const PASSWORD: &str = "open-sesame-demo";

fn built() -> Desk {
    built_at("2026-03-02T09:00:00Z")
}

fn built_at(moment: &str) -> Desk {
    let now: DateTime<Utc> = moment.parse().unwrap();
    let demo = |config: Config| Config {
        demo: true,
        ..config
    };
    let desk = Desk::built(demo, |mut app| {
        app.clock = Clock::fixed(now);
        app
    });
    if let Err(why) = build(&desk.app) {
        panic!("no demo at {moment}: {why}");
    }
    desk
}

fn orders(conn: &mut Conn) -> Result<Vec<Order>> {
    let mut orders = Vec::new();
    for seller in db::sellers::all(conn)? {
        orders.extend(db::orders::after(conn, &seller.id, None, 100_000)?);
    }
    Ok(orders)
}

/// Everything of the demo that an address can name.
struct Company {
    claims: Vec<Claim>,
    tickets: Vec<Ticket>,
    orders: Vec<Order>,
    files: Vec<File>,
    /// By id: the address that somebody signs in with.
    emails: BTreeMap<PersonId, String>,
}

impl Company {
    fn of(desk: &Desk) -> Company {
        desk.app.pool.read(Company::read).unwrap()
    }

    fn read(conn: &mut Conn) -> Result<Company> {
        let assessed = db::claims::assessments_after(conn, "", 100_000)?;
        let ids = assessed.iter().map(|row| row.claim_id.clone());
        let mut company = Company {
            claims: Vec::new(),
            tickets: Vec::new(),
            orders: Vec::new(),
            files: Vec::new(),
            emails: BTreeMap::new(),
        };
        for id in ids.collect::<BTreeSet<_>>() {
            company.claims.push(db::claims::find(conn, &id)?);
        }
        let customers = company.claims.iter().map(|claim| claim.customer_id.clone());
        let customers = customers.collect::<BTreeSet<_>>();
        for id in &customers {
            let email = db::people::find(conn, id)?.email;
            company.emails.insert(id.clone(), email);
            let tickets = db::tickets::of_customer(conn, id)?;
            for ticket in &tickets {
                company
                    .files
                    .extend(db::files::of_ticket(conn, &ticket.id)?);
            }
            company.tickets.extend(tickets);
        }
        company.orders = orders(conn)?;
        Ok(company)
    }

    /// One of each sort: the pages of a hundred requests in the same state are one page.
    fn sampled(mut self) -> Company {
        let mut sorts = BTreeSet::new();
        self.claims.retain(|claim| {
            let sort = (claim.state.clone(), claim.ground.clone());
            sorts.insert((claim.seller_id.to_string(), sort))
        });
        let claims = &self.claims;
        self.tickets.retain(|ticket| {
            let of_a_claim = claims.iter().any(|claim| claim.ticket_id == ticket.id);
            let sort = (ticket.state.clone(), ticket.subject.clone());
            of_a_claim || sorts.insert((ticket.seller_id.to_string(), sort))
        });
        self.orders
            .sort_by_key(|order| std::cmp::Reverse(order.placed_at));
        self.orders.retain(|order| {
            let sort = (format!("{:?}", order.status), String::new());
            sorts.insert((order.seller_id.to_string(), sort))
        });
        self.files.truncate(5);
        self
    }
}

#[test]
fn its_books_prove_its_judgements_replay_and_building_it_again_changes_nothing() {
    let desk = built();
    let counts = |desk: &Desk| {
        desk.app
            .pool
            .read(|conn| {
                let assessed = db::claims::assessments_after(conn, "", 100_000)?.len();
                let letters = db::mail::list(conn, None, 100_000)?.len();
                let orders = orders(conn)?.len();
                Ok((assessed, letters, orders, db::sellers::all(conn)?.len()))
            })
            .unwrap()
    };
    let first = counts(&desk);
    assert!(first.0 > 200 && first.1 > 200 && first.3 == 5, "{first:?}");
    let report = desk.app.pool.snapshot(ledger::verify).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let replayed = desk.app.pool.read(claims::replay).unwrap();
    assert_eq!((replayed.equal, replayed.differing), (first.0, Vec::new()));
    build(&desk.app).unwrap();
    desk.advance(Duration::days(1));
    build(&desk.app).unwrap();
    assert_eq!(counts(&desk), first);
}

#[test]
fn it_can_be_built_at_any_hour_of_the_year() {
    // A weekend's night, a clock change on either side of the ocean, the ends of a month and of a leap year's February.
    for moment in [
        "2026-03-08T10:30:00Z",
        "2026-03-12T02:00:00Z",
        "2026-10-25T01:15:00Z",
        "2027-01-01T00:00:00Z",
        "2028-02-29T23:59:59Z",
    ] {
        let desk = built_at(moment);
        let replayed = desk.app.pool.read(claims::replay).unwrap();
        assert!(replayed.equal > 200, "{moment}");
        assert_eq!(replayed.differing, Vec::new(), "{moment}");
    }
}

#[test]
fn each_seller_has_requests_in_every_state_that_a_desk_knows() {
    let desk = built();
    let company = Company::of(&desk);
    let sellers = desk
        .app
        .pool
        .read(|conn| Ok(db::sellers::all(conn)?))
        .unwrap();
    let mut lacking = Vec::new();
    for seller in &sellers {
        let own = || {
            company
                .claims
                .iter()
                .filter(|claim| claim.seller_id == seller.id)
        };
        let states: [(&str, bool); 6] = [
            ("open", own().any(|claim| claim.state == "in_review")),
            ("asked", own().any(|claim| claim.state == "needs_evidence")),
            ("approved", own().any(|claim| claim.state == "approved")),
            ("rejected", own().any(|claim| claim.state == "rejected")),
            ("withdrawn", own().any(|claim| claim.state == "withdrawn")),
            ("appealed", own().any(|claim| claim.appealed_at.is_some())),
        ];
        for (state, there) in states {
            if !there {
                lacking.push(format!("{}: {state}", seller.slug));
            }
        }
    }
    assert!(lacking.is_empty(), "nothing is\n{}", lacking.join("\n"));
    let held = company
        .claims
        .iter()
        .filter(|claim| claim.state == "on_hold");
    assert!(held.count() >= 1, "nothing waits for the dispute");
    let disputes = desk
        .app
        .pool
        .read(|conn| {
            let all = company.emails.keys();
            let of = |id| Ok(db::disputes::of_customer(conn, id)?.len());
            all.map(of).sum::<Result<usize>>()
        })
        .unwrap();
    assert_eq!(disputes, 2);
    let sanctions = desk
        .app
        .pool
        .read(|conn| {
            let quinn = db::people::by_email(conn, "quinn@example.net")?.unwrap();
            Ok(db::sanctions::of_customer(conn, &quinn.id, None)?)
        })
        .unwrap();
    assert_eq!(sanctions.len(), 1);
    assert!(sanctions[0].lift.is_some(), "dated, and lifted");
}

#[test]
fn each_of_three_months_has_promises_kept_and_promises_missed() {
    let desk = built();
    let now = desk.app.now();
    for month in 0..3 {
        let to = (now - Duration::days(month * 30)).date_naive();
        let period = Period {
            from: to - Duration::days(29),
            to,
            seller: None,
        };
        let samples = desk
            .app
            .pool
            .read(|conn| Ok(reports::samples(conn, &Scope(Vec::new()), &period, now)?))
            .unwrap();
        let count = |of: fn(&Sample) -> usize| samples.iter().map(of).sum::<usize>();
        let (kept, missed) = (count(|it| it.kept), count(|it| it.missed));
        assert!(kept > missed && missed >= 2, "{period:?}: {kept}, {missed}");
    }
}

/// A page that an address leads to, and who looks at it.
struct Visit {
    email: Option<String>,
    path: String,
    /// 200, or 303 for one that leads on.
    expects: &'static [u16],
}

fn visits(desk: &Desk, company: &Company, style: &str, route: &str) -> Vec<Visit> {
    let staff = "priya@redress.example";
    let of = |id: &PersonId| company.emails.get(id).cloned();
    let fill = |part: &str, value: &str| route.replace(&format!("{{{part}}}"), value);
    let one = |email: Option<&str>, path: String| {
        vec![Visit {
            email: email.map(str::to_owned),
            path,
            expects: &[200],
        }]
    };
    let anna = Some("anna@example.net");
    match route {
        // A page that a decided request or a started order has not leads back to where it was asked for.
        "/portal/claims/{number}"
        | "/portal/claims/{number}/answer"
        | "/portal/tickets/{number}"
        | "/portal/tickets/{number}/withdrawal" => {
            let is_claim = route.contains("claims");
            let numbers = company.tickets.iter().filter_map(|ticket| {
                let claim = company.claims.iter().find(|it| it.ticket_id == ticket.id);
                match (is_claim, claim) {
                    (true, claim) => Some((claim?.number.clone(), &ticket.customer_id)),
                    (false, _) => Some((ticket.number.clone(), &ticket.customer_id)),
                }
            });
            let visit = |(number, customer): (String, &PersonId)| Visit {
                email: of(customer),
                path: fill("number", &number),
                expects: match route {
                    "/portal/tickets/{number}" => &[200],
                    _ => &[200, 303],
                },
            };
            numbers.map(visit).collect()
        }
        "/portal/orders/{number}"
        | "/portal/orders/{number}/cancel"
        | "/portal/orders/{number}/claims/new" => {
            let visit = |order: &Order| Visit {
                email: of(&order.customer_id),
                path: fill("number", &order.number),
                expects: match route {
                    "/portal/orders/{number}" => &[200],
                    _ => &[200, 303],
                },
            };
            let owned = |order: &&Order| company.emails.contains_key(&order.customer_id);
            company.orders.iter().filter(owned).map(visit).collect()
        }
        "/queue/claims/{number}" | "/queue/tickets/{number}" | "/queue/orders/{number}" => {
            let numbers: Vec<&String> = match route {
                "/queue/claims/{number}" => company.claims.iter().map(|it| &it.number).collect(),
                "/queue/tickets/{number}" => company.tickets.iter().map(|it| &it.number).collect(),
                _ => company.orders.iter().map(|it| &it.number).collect(),
            };
            let visit = |number: &String| Visit {
                email: Some(staff.to_owned()),
                path: fill("number", number),
                // The ticket of a claim is shown on the claim's own page.
                expects: if route.contains("tickets") {
                    &[200, 303]
                } else {
                    &[200]
                },
            };
            numbers.into_iter().map(visit).collect()
        }
        "/queue/payouts/batches/{number}" | "/queue/payouts/batches/{number}.csv" => {
            one(Some(staff), fill("number", "B-1001"))
        }
        "/queue/policies/{id}/{version}" => {
            let path = fill("id", "virtual-numbers").replace("{version}", "2024-04-02");
            one(Some(staff), path)
        }
        "/queue/mail/leaving" => one(
            Some(staff),
            "/queue/mail/leaving?to=https%3A%2F%2Fshop.example%2F".to_owned(),
        ),
        // The one that has HTML.
        mail if mail.starts_with("/queue/mail/{number}") => {
            one(Some(staff), fill("number", "M-1002"))
        }
        draft if draft.starts_with("/queue/drafts/{number}") => one(
            Some(staff),
            fill("number", "V-1001").replace("{clause}", "D4"),
        ),
        "/queue/trials/{trial}/claims/{number}" => {
            let trial = tried(desk);
            let judged = |conn: &mut Conn| {
                let row = db::trials::find(conn, &trial.as_str().into())?;
                let ground = policies::trials::Ground::of(conn, &row)?;
                let slice = policies::trials::slice(conn, &ground, "")?;
                Ok(slice.judged[0].claim.number.clone())
            };
            let number = desk.app.pool.read(judged).unwrap();
            let path = fill("trial", &trial).replace("{number}", &number);
            one(Some("ruth@redress.example"), path)
        }
        trial if trial.starts_with("/queue/trials/{trial}") => {
            one(Some("ruth@redress.example"), fill("trial", &tried(desk)))
        }
        "/files/{id}" => {
            let visits = company.files.iter().flat_map(|file| {
                let path = fill("id", file.id.as_str());
                [of(&file.owner_id), Some(staff.to_owned())].map(|email| Visit {
                    email,
                    path: path.clone(),
                    expects: &[200],
                })
            });
            visits.collect()
        }
        "/demo/mail/{letter}" | "/demo/mail/{letter}/html" => {
            let letters = desk.letters();
            let kinds: BTreeMap<&str, &str> = letters
                .iter()
                .map(|letter| (letter.kind.as_str(), letter.id.as_str()))
                .collect();
            let visits = kinds.values().flat_map(|id| one(None, fill("letter", id)));
            visits.collect()
        }
        "/policies/{id}" | "/policies/{id}/{version}" => {
            let versions = desk
                .app
                .pool
                .read(|conn| Ok(db::policies::all(conn)?))
                .unwrap();
            let page = |row: &db::policies::Version| {
                let path = fill("id", &row.policy).replace("{version}", &row.version);
                one(None, path)
            };
            versions.iter().flat_map(page).collect()
        }
        disputed if disputed.starts_with("/queue/disputes/{number}") => {
            let everywhere = db::tickets::Scope(Vec::new());
            let disputes = [true, false].into_iter().flat_map(|open| {
                let pool = &desk.app.pool;
                pool.read(|conn| Ok(db::disputes::list(conn, &everywhere, open, 0, 10)?))
                    .unwrap()
            });
            disputes
                .flat_map(|dispute| one(Some(staff), fill("number", &dispute.number)))
                .collect()
        }
        "/portal/balance/{seller}/claims/new" => one(anna, fill("seller", "panel-guarantee")),
        "/portal/drafts/{draft}" | "/portal/drafts/{draft}/{question}" => {
            let draft = begun(desk, company);
            let path = fill("draft", draft.as_str()).replace("{question}", "reason");
            one(anna, path)
        }
        "/kept/{id}" => one(anna, fill("id", &late(desk))),
        // A link that nobody was sent: said in the same words whatever it was for.
        "/confirm/{token}" | "/reset/{token}" | "/invitation/{token}" => vec![Visit {
            email: None,
            path: fill("token", "absent"),
            expects: &[410],
        }],
        "/static/{file:.*}" => one(None, style.to_owned()),
        plain if plain.starts_with("/portal") => one(anna, plain.to_owned()),
        plain if plain.starts_with("/queue") => one(Some(staff), plain.to_owned()),
        plain if plain.starts_with("/reports") => {
            one(Some("ruth@redress.example"), plain.to_owned())
        }
        "/account" => one(anna, "/account".to_owned()),
        plain => one(None, plain.to_owned()),
    }
}

/// The draft that waits in the demo, tried on the last quarter.
fn tried(desk: &Desk) -> String {
    let pool = &desk.app.pool;
    let wanted = |conn: &mut db::Conn| {
        let (from, to) = redress::rules::period::last_quarter(desk.app.now().date_naive());
        let draft = db::policy_drafts::by_number(conn, "V-1001")?.id;
        Ok(policies::trials::Wanted {
            draft,
            from,
            to,
            seller: None,
        })
    };
    let wanted = pool.read(wanted).unwrap();
    let ruth = pool.read(|conn| {
        let ruth = db::people::by_email(conn, "ruth@redress.example")?.unwrap();
        Ok(db::people::actor(conn, &ruth)?)
    });
    let act = desk.app.act(Who::Person(ruth.unwrap()), Door::Queue, "");
    let begun = pool.read(|conn| Ok(db::trials::of_draft(conn, &wanted.draft, 1)?));
    let begun = begun.unwrap().into_iter().next();
    let trial = begun.unwrap_or_else(|| {
        pool.write(|tx| policies::trials::begin(tx, &act, &wanted))
            .unwrap()
    });
    trial.id.to_string()
}

/// A request of Anna's that she has not sent yet.
fn begun(desk: &Desk, company: &Company) -> DraftId {
    let pool = &desk.app.pool;
    let found = pool.read(|conn| {
        let anna = db::people::by_email(conn, "anna@example.net")?.unwrap();
        Ok(db::people::actor(conn, &anna)?)
    });
    let anna = found.unwrap();
    let own = |order: &&Order| order.customer_id == anna.id;
    let order = company.orders.iter().find(own).unwrap();
    let act = desk
        .app
        .act(Who::Person(anna.clone()), Door::Portal, "story");
    pool.write(|tx| {
        let id = Some(&order.id);
        let draft = drafts::begin(tx, &act, &order.seller_id, id, "order_cancellation")?;
        let reason = drafts::Answer::Reason("I changed my mind.".to_owned());
        drafts::answer(tx, &act, &draft, reason)?;
        Ok(draft)
    })
    .unwrap()
}

/// A form of Anna's that came after her session had ended.
fn late(desk: &Desk) -> String {
    let act = desk.operator();
    let form = redress::desk::forms::Late {
        path: "/account".to_owned(),
        page: "/account".to_owned(),
        with_files: false,
        fields: vec![("name".to_owned(), "Anna".to_owned())],
    };
    let kept = desk.app.pool.write(|tx| {
        let anna = db::people::by_email(tx, "anna@example.net")?.unwrap();
        redress::desk::forms::keep(tx, &act, &anna.id, &form)
    });
    kept.unwrap().unwrap()
}

#[tokio::test]
async fn every_page_of_the_sitemap_has_something_to_show() {
    let desk = built();
    let company = Company::of(&desk).sampled();
    let mut browsers: BTreeMap<Option<String>, Browser> = BTreeMap::new();
    let mut wrong = Vec::new();
    let front = desk.visitor().opens("/").await.body;
    let style = front.split('"').find(|it| it.starts_with("/static/"));
    let style = style.unwrap().to_owned();
    for route in ALL.iter().filter(|route| route.method == "GET") {
        let visits = visits(&desk, &company, &style, route.path);
        assert!(
            !visits.is_empty(),
            "nothing of the demo is at {}",
            route.path
        );
        let mut shown = 0;
        for visit in visits {
            if !browsers.contains_key(&visit.email) {
                let browser = signed_in(&desk, visit.email.as_deref()).await;
                browsers.insert(visit.email.clone(), browser);
            }
            let browser = browsers.get_mut(&visit.email).unwrap();
            let page = browser.asks(Method::GET, &visit.path, |it| it).await;
            shown += usize::from(page.status == 200);
            if !visit.expects.contains(&page.status) {
                wrong.push(format!("{} {}: {}", page.status, visit.path, brief(&page)));
            }
        }
        let leads_on = [
            "/portal/claims/{number}",
            "/confirm/",
            "/reset/",
            "/invitation/",
        ];
        let leads_on = leads_on.iter().any(|path| route.path.starts_with(path))
            && !route.path.ends_with("/answer");
        assert!(shown > 0 || leads_on, "{} never shows itself", route.path);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn brief(page: &Page) -> String {
    page.text().chars().take(200).collect()
}

async fn signed_in(desk: &Desk, email: Option<&str>) -> Browser {
    let mut browser = desk.visitor();
    if let Some(email) = email {
        // Somebody who signs in for others too quickly is told to wait.
        desk.advance(Duration::minutes(1));
        let page = browser.opens("/sign-in").await;
        let form = page
            .form("Sign in")
            .fill("E-mail address", email)
            .fill("Password", PASSWORD);
        let page = browser.posts(form).await;
        assert_eq!(page.status, 303, "{email}: {}", page.text());
    }
    browser
}
