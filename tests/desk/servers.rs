//! Two servers on one PostgreSQL, and sixty-four requests at once spread over both: whoever comes first, money moves once and no
//! more of it than there is. On SQLite there is one server, and nothing to race here.

use std::sync::Arc;

use redress::act::{Act, Door, Person, Role, Who};
use redress::db::claims::{self, Claim};
use redress::db::orders::{self, Order};
use redress::db::{Pool, payouts};
use redress::desk::claims::{Decide, Decided, New, Verdict, decide, file};
use redress::desk::orders::{credit_order_refund, place};
use redress::error::{Code, Error, Result};
use redress::rules::lifecycle::payout::State;
use reqwest::Method;
use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::support::app::PASSWORD;
use crate::support::db::{Fresh, fresh_pool};
use crate::support::make::{Shop, e8};
use crate::support::page::{Browser, Form, Page};
use crate::support::served::{Served, joins};

const CROWD: usize = 64;

struct Two {
    servers: [Served; 2],
    customer: Person,
    lead: Person,
    db: Fresh,
    _folders: [TempDir; 2],
}

impl Two {
    /// Both servers up, each with a folder of its own; nothing where the database is not one that two may share.
    fn start() -> Option<Two> {
        let db = fresh_pool();
        if !db.is_postgres {
            return None;
        }
        let now = chrono::Utc::now();
        let customer = joins(&db.pool, now, "Anna", Role::Customer);
        let lead = joins(&db.pool, now, "Lena", Role::Lead);
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let servers = [0, 1].map(|one: usize| Served::start(folders[one].path(), &db.url));
        Some(Two {
            servers,
            customer,
            lead,
            db,
            _folders: folders,
        })
    }

    fn shop(&self, policy: &str) -> Shop<'_> {
        let shop = Shop::of(&self.db.pool, chrono::Utc::now(), "Harbour", policy);
        shop.deposit(&self.customer.id, "D-1", "100", 40);
        shop
    }

    /// Somebody signed in at both servers, four times each.
    async fn browsers(&self, person: &Person) -> Vec<Browser> {
        let mut all = Vec::new();
        for number in 0..8 {
            let mut browser = Browser::new(&self.servers[number % 2].url);
            let page = browser.opens("/sign-in").await;
            let form = page
                .form("Sign in")
                .fill("E-mail address", &person.email)
                .fill("Password", PASSWORD);
            assert_eq!(browser.posts(form).await.status, 303);
            all.push(browser);
        }
        all
    }

    /// Sixty-four forms, each rendered for itself by `fill`, sent in the same moment; the answers.
    async fn at_once<F>(&self, person: &Person, path: &str, fill: F) -> Vec<Page>
    where
        F: AsyncFn(&mut Browser, Page, usize) -> Form,
    {
        let browsers = self.browsers(person).await;
        let gate = Arc::new(Barrier::new(CROWD));
        let mut sent = Vec::new();
        for number in 0..CROWD {
            let mut browser = browsers[number % browsers.len()].clone();
            let page = browser.asks(Method::GET, path, |it| it).await;
            let form = fill(&mut browser, page, number).await;
            let gate = Arc::clone(&gate);
            sent.push((browser, form, gate));
        }
        let sent = sent.into_iter().map(|(mut browser, form, gate)| {
            tokio::spawn(async move {
                gate.wait().await;
                browser.posts(form).await
            })
        });
        let mut pages = Vec::new();
        for one in sent.collect::<Vec<_>>() {
            pages.push(one.await.unwrap());
        }
        for page in &pages {
            assert!(page.status < 500, "{}: {}", page.status, page.text());
        }
        pages
    }

    fn asks(&self, order: Option<&Order>, shop: &Shop, ground: &str) -> Claim {
        let act = act(&self.customer, Door::Portal);
        let new = New {
            seller: shop.seller.clone(),
            customer: self.customer.id.clone(),
            order: order.map(|order| order.id.clone()),
            ground: ground.to_owned(),
            reason: "I no longer need it.".to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: Vec::new(),
            draft: None,
        };
        let filed = self.db.pool.write(|tx| file(tx, &act, &new));
        filed.unwrap().claim
    }

    /// The order as it stands, how many claims it has and how many decisions these.
    fn order(&self, order: &Order) -> (Order, usize, usize) {
        let read = self.db.pool.read(|conn| {
            let asked = claims::of_order(conn, &order.id)?;
            let mut decided = 0;
            for claim in &asked {
                decided += claims::decisions(conn, &claim.id)?.len();
            }
            Ok((orders::find(conn, &order.id)?, asked.len(), decided))
        });
        read.unwrap()
    }
}

fn act(person: &Person, via: Door) -> Act {
    Act {
        who: Who::Person(person.clone()),
        at: chrono::Utc::now(),
        via,
        request: String::new(),
        site: "http://desk.example".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_is_cancelled_sixty_four_times_at_two_servers_is_paid_back_once() {
    let Some(two) = Two::start() else { return };
    let shop = two.shop("panel-guarantee");
    let order = shop.order(&two.customer.id, "R-1", "60", |_| {});
    let path = format!("/portal/orders/{}/cancel", order.number);
    let pages = two
        .at_once(&two.customer, &path, async |_, page, _| {
            page.form("Cancel and credit $60.00")
        })
        .await;
    let done = pages.iter().filter(|page| page.status == 303).count();
    assert!(done >= 1, "nobody got through");
    let (now, asked, decided) = two.order(&order);
    assert_eq!((now.refunded_e8, asked, decided), (e8("60"), 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_claim_that_is_approved_sixty_four_times_at_two_servers_is_paid_once() {
    let Some(two) = Two::start() else { return };
    let shop = two.shop("panel-credits");
    let order = shop.order(&two.customer.id, "R-1", "60", |_| {});
    let claim = two.asks(Some(&order), &shop, "order_cancellation");
    let path = format!("/queue/claims/{}", claim.number);
    let pages = two
        .at_once(&two.lead, &path, async |browser, page, _| {
            let check = browser.posts(page.form("Approve $60.00…")).await;
            check.form("Refund $60.00 to the account balance")
        })
        .await;
    let done = pages.iter().filter(|page| page.status == 303).count();
    let stale = pages.iter().filter(|page| page.status == 409).count();
    assert!(done >= 1 && stale >= 1, "{done} done, {stale} stale");
    let (now, asked, decided) = two.order(&order);
    assert_eq!((now.refunded_e8, asked, decided), (e8("60"), 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_withdrawal_approved_and_sent_at_two_servers_leaves_once() {
    let Some(two) = Two::start() else { return };
    let shop = two.shop("panel-credits");
    let claim = two.asks(None, &shop, "unused_balance");
    let path = format!("/queue/claims/{}", claim.number);
    two.at_once(&two.lead, &path, async |browser, page, _| {
        let check = browser.posts(page.form("Approve $100.00…")).await;
        check.form("Refund $100.00 to Visa ending 42")
    })
    .await;
    let of_claim = || {
        let read = two
            .db
            .pool
            .read(|conn| Ok(payouts::of_claim(conn, &claim.id)?));
        read.unwrap()
    };
    let [payout] = <[_; 1]>::try_from(of_claim()).unwrap();
    assert_eq!((payout.amount_e8, payout.state), (e8("100"), State::Queued));
    let pages = two
        .at_once(&two.lead, "/queue/payouts", async |_, page, number| {
            let form = page.form("Mark $100.00 as sent");
            form.fill("The bank's reference", &format!("BANK-{number}"))
        })
        .await;
    let done = pages.iter().filter(|page| page.status == 303).count();
    assert!(done >= 1, "nobody sent it");
    let [payout] = <[_; 1]>::try_from(of_claim()).unwrap();
    assert_eq!(payout.state, State::Succeeded);
}

/// As two servers have it: a pool each on one database; one pool twice where it is an SQLite file.
fn pools(db: &Fresh) -> [Pool; 2] {
    let other = match db.is_postgres {
        true => Pool::open(&db.url).unwrap(),
        false => db.pool.clone(),
    };
    [db.pool.clone(), other]
}

fn crowd<T: Send>(
    pools: &[Pool; 2],
    attempt: impl Fn(&Pool, usize) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    let gate = std::sync::Barrier::new(CROWD);
    std::thread::scope(|scope| {
        let each = (0..CROWD).map(|number| {
            let (gate, attempt) = (&gate, &attempt);
            scope.spawn(move || {
                gate.wait();
                attempt(&pools[number % 2], number)
            })
        });
        let each: Vec<_> = each.collect();
        each.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn of_sixty_four_people_who_decide_one_claim_one_does() {
    let db = fresh_pool();
    let now = chrono::Utc::now();
    let shop = Shop::of(&db.pool, now, "Harbour", "panel-credits");
    let anna = joins(&db.pool, now, "Anna", Role::Customer);
    let leads: Vec<_> = (0..CROWD)
        .map(|number| joins(&db.pool, now, &format!("Lead{number}"), Role::Lead))
        .collect();
    shop.deposit(&anna.id, "D-1", "100", 40);
    let order = shop.order(&anna.id, "R-1", "60", |_| {});
    let new = New {
        seller: shop.seller.clone(),
        customer: anna.id.clone(),
        order: Some(order.id.clone()),
        ground: "order_cancellation".to_owned(),
        reason: "I no longer need it.".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    let asked = db
        .pool
        .write(|tx| file(tx, &act(&anna, Door::Portal), &new));
    let asked = asked.unwrap();
    let pools = pools(&db);
    let outcomes = crowd(&pools, |pool, number| {
        let wanted = Decide {
            claim: asked.claim.id.clone(),
            seen: asked.ticket.seq,
            verdict: Verdict::Approve,
            amount_e8: None,
            reason: None,
            words: String::new(),
        };
        let act = act(&leads[number], Door::Queue);
        pool.write(|tx| decide(tx, &act, &wanted))
    });
    let done = outcomes
        .iter()
        .filter(|one| matches!(one, Ok(Decided::Done(_))))
        .count();
    let stale = outcomes
        .iter()
        .filter(|one| matches!(one, Err(Error::Stale)))
        .count();
    assert_eq!((done, stale), (1, CROWD - 1));
    let read = db.pool.read(|conn| {
        let decisions = claims::decisions(conn, &asked.claim.id)?;
        Ok((decisions, orders::find(conn, &order.id)?))
    });
    let (decisions, order) = read.unwrap();
    assert_eq!((decisions.len(), order.refunded_e8), (1, e8("60")));
}

#[test]
fn refunds_and_purchases_at_two_servers_never_pass_what_there_is() {
    let db = fresh_pool();
    let now = chrono::Utc::now();
    let shop = Shop::of(&db.pool, now, "Harbour", "panel-credits");
    let anna = joins(&db.pool, now, "Anna", Role::Customer);
    shop.deposit(&anna.id, "D-1", "100", 40);
    let order = shop.order(&anna.id, "R-1", "100", |_| {});
    let pools = pools(&db);
    let outcomes = crowd(&pools, |pool, number| {
        let act = Act::operator(chrono::Utc::now(), "http://desk.example");
        if number % 2 == 0 {
            // Thirty-two refunds of 30 on an order of 100 …
            let key = format!("refund {number}");
            return pool.write(|tx| {
                credit_order_refund(tx, &act, &order.id, e8("30"), &key).map(|_| e8("30"))
            });
        }
        // … and as many orders of 45 from what they bring to the balance.
        let new = shop.new_order(&anna.id, &format!("R-{number}-b"), "45");
        pool.write(|tx| place(tx, &act, &new).map(|_| -e8("45")))
    });
    let refused = |one: &Result<i64>| {
        matches!(
            one,
            Err(Error::Refused {
                code: Code::OverCeiling | Code::Insufficient,
                ..
            })
        )
    };
    assert!(
        outcomes.iter().all(|one| one.is_ok() || refused(one)),
        "{outcomes:?}"
    );
    let back = outcomes.iter().flatten().filter(|e8| **e8 > 0).count();
    let left: i64 = outcomes.iter().flatten().sum();
    assert_eq!(back, 3, "90 of 100 came back");
    assert!(left >= 0, "{left} below what there was");
}
