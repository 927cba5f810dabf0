//! The program is killed while people work, again and again, and started on the same data: what was answered is there, once, and the
//! books prove. `REDRESS_TEST_KILLS=1000 cargo test --release --test desk -- --nocapture killed` makes a night of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use redress::act::{Act, Door, Person, Role, Who};
use redress::db::orders::Order;
use redress::db::{Pool, claims, orders};
use redress::desk::claims::{New, file};
use redress::rules::facts::Status;
use reqwest::Method;
use tokio::sync::Notify;

use crate::support::app::PASSWORD;
use crate::support::db::{Fresh, fresh_pool};
use crate::support::make::Shop;
use crate::support::page::{Browser, Form};
use crate::support::served::{Served, joins, redress};

/// How much each of them can do in one life of the server.
const A_LIFE: usize = 10;

fn lives() -> usize {
    let asked = std::env::var("REDRESS_TEST_KILLS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(10)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A customer cancels, and the policy pays at once.
    Cancel,
    /// A customer asks, and a person will decide.
    Ask,
    /// A lead approves what a customer asked for.
    Approve,
}

#[derive(Debug, Clone)]
struct Job {
    kind: Kind,
    order: Order,
    path: String,
}

/// What somebody does all day, and what of it was answered.
struct Worker {
    email: String,
    browser: Browser,
    is_in: bool,
    jobs: Vec<Job>,
    /// The form whose answer never came: sent again, as it is, when the server is back.
    unanswered: Option<(Form, Job)>,
    answered: Vec<Job>,
}

/// Counts answers; the killer waits for so many of them.
#[derive(Default)]
struct Count {
    answers: AtomicUsize,
    more: Notify,
}

impl Count {
    fn one(&self) {
        self.answers.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reaches(&self, goal: usize) {
        while self.answers.load(Ordering::SeqCst) < goal {
            self.more.notified().await;
        }
    }
}

impl Worker {
    /// Works until the server is gone.
    async fn works(mut self, base: String, count: Arc<Count>) -> Worker {
        self.browser.base = base;
        while self.one(&count).await.is_ok() {}
        self
    }

    /// Signs in, sends again what was not answered, or does the next job.
    async fn one(&mut self, count: &Count) -> reqwest::Result<()> {
        if !self.is_in {
            self.signs_in().await?;
        }
        let (form, job) = match self.unanswered.take() {
            Some(again) => again,
            None => {
                let Some(job) = self.jobs.pop() else {
                    // Nothing left to do in this life: only the server's end ends it.
                    let page = self.browser.tries(Method::GET, "/account", |it| it);
                    return page.await.map(drop);
                };
                match self.fills(&job).await {
                    Ok(form) => (form, job),
                    Err(gone) => {
                        self.jobs.push(job);
                        return Err(gone);
                    }
                }
            }
        };
        match self.browser.tries_to_post(&form).await {
            Ok(page) => {
                assert_eq!(page.status, 303, "{job:?}: {}", page.text());
                self.answered.push(job);
                count.one();
                Ok(())
            }
            Err(gone) => {
                self.unanswered = Some((form, job));
                Err(gone)
            }
        }
    }

    async fn signs_in(&mut self) -> reqwest::Result<()> {
        self.browser.cookies.clear();
        let page = self.browser.tries(Method::GET, "/sign-in", |it| it).await?;
        let form = page.form("Sign in").fill("E-mail address", &self.email);
        let form = form.fill("Password", PASSWORD);
        let page = self.browser.tries_to_post(&form).await?;
        assert_eq!(page.status, 303, "{}", page.text());
        self.is_in = true;
        Ok(())
    }

    /// The form that does the job, as the page renders it.
    async fn fills(&mut self, job: &Job) -> reqwest::Result<Form> {
        let page = self.browser.tries(Method::GET, &job.path, |it| it).await?;
        assert_eq!(page.status, 200, "{job:?} is at {:?}", page.leads_to());
        match job.kind {
            Kind::Cancel => Ok(page.form("Cancel and credit $1.00")),
            Kind::Ask => Ok(page.form("Ask to cancel and refund $1.00")),
            Kind::Approve => {
                let preview = page.form("Approve $1.00…");
                let check = self.browser.tries_to_post(&preview).await?;
                Ok(check.form("Refund $1.00 to the account balance"))
            }
        }
    }
}

/// Two customers and two leads with as much to do as they can in all lives, and no connection left open behind them.
fn furnish(url: &str, lives: usize) -> Vec<Worker> {
    let pool = Pool::open(url).unwrap();
    let now = chrono::Utc::now();
    let pays = Shop::of(&pool, now, "Lantern", "panel-guarantee");
    let asks = Shop::of(&pool, now, "Harbour", "panel-credits");
    let mut crowd = Vec::new();
    for (customer, lead) in [("Anna", "Lena"), ("Boris", "Luis")] {
        let customer = joins(&pool, now, customer, Role::Customer);
        let lead = joins(&pool, now, lead, Role::Lead);
        for shop in [&pays, &asks] {
            shop.deposit(&customer.id, &format!("D {}", customer.name), "100000", 40);
        }
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for number in 0..lives * A_LIFE {
            let (kind, shop) = match number % 2 {
                0 => (Kind::Cancel, &pays),
                _ => (Kind::Ask, &asks),
            };
            let reference = |what: &str| format!("{what} {} {number}", customer.name);
            let order = shop.order(&customer.id, &reference("own"), "1.00", |_| {});
            let path = format!("/portal/orders/{}/cancel", order.number);
            own.push(Job { kind, order, path });
            let order = asks.order(&customer.id, &reference("asked"), "1.00", |_| {});
            let path = format!("/queue/claims/{}", asked(&pool, now, &customer, &order));
            others.push(Job {
                kind: Kind::Approve,
                order,
                path,
            });
        }
        crowd.extend(
            [(customer, own), (lead, others)].map(|(person, jobs)| Worker {
                email: person.email,
                browser: Browser::new(""),
                is_in: false,
                jobs,
                unanswered: None,
                answered: Vec::new(),
            }),
        );
    }
    crowd
}

/// A customer asked for an order's cancellation before all this began; the claim's number.
fn asked(
    pool: &Pool,
    now: chrono::DateTime<chrono::Utc>,
    customer: &Person,
    order: &Order,
) -> String {
    let act = Act {
        who: Who::Person(customer.clone()),
        at: now,
        via: Door::Portal,
        request: String::new(),
        site: "http://desk.example".to_owned(),
    };
    let new = New {
        seller: order.seller_id.clone(),
        customer: customer.id.clone(),
        order: Some(order.id.clone()),
        ground: "order_cancellation".to_owned(),
        reason: "I no longer need it.".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    pool.write(|tx| file(tx, &act, &new)).unwrap().claim.number
}

/// A database that nobody has open: an SQLite file recovers only then as it would after a crash.
fn alone(data: &Path) -> (Option<Fresh>, String) {
    let fresh = fresh_pool();
    if fresh.is_postgres {
        let url = fresh.url.clone();
        return (Some(fresh), url);
    }
    let file = data.join("killed.db");
    let copy = format!("VACUUM INTO '{}'", file.display());
    fresh
        .pool
        .raw(|conn| Ok(conn.batch_execute(&copy)?))
        .unwrap();
    (None, format!("sqlite://{}", file.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_answered_survives_every_kill_once_and_the_books_prove() {
    let folder = tempfile::tempdir().unwrap();
    let (home, url) = alone(folder.path());
    let lives = lives();
    let mut crowd = furnish(&url, lives);
    let (mut interrupted, mut answers) = (0, 0);
    for life in 0..lives {
        let mut server = Served::start(folder.path(), &url);
        let count = Arc::new(Count::default());
        let working = crowd
            .drain(..)
            .map(|worker| tokio::spawn(worker.works(server.url.clone(), Arc::clone(&count))));
        let working: Vec<_> = working.collect();
        // The last answer of this life comes to one of four: the others are somewhere on their way.
        count.reaches(1 + life * 7 % 23).await;
        server.dies();
        for one in working {
            crowd.push(one.await.unwrap());
        }
        interrupted += crowd.iter().filter(|one| one.unanswered.is_some()).count();
        answers += count.answers.load(Ordering::SeqCst);
    }
    // Back for good: everybody sends again what was never answered, and hears of it.
    let mut server = Served::start(folder.path(), &url);
    let count = Count::default();
    for worker in &mut crowd {
        worker.browser.base.clone_from(&server.url);
        while worker.unanswered.is_some() {
            worker.one(&count).await.unwrap();
        }
    }
    server.dies();
    println!("{lives} kills, {answers} answers, {interrupted} forms interrupted");
    assert!(interrupted > 0, "nobody was ever interrupted");
    each_is_there_once(&url, &crowd);
    let verify = redress(folder.path(), &url, &["ledger", "verify"]).output();
    let verify = verify.unwrap();
    let said = String::from_utf8_lossy(&verify.stdout);
    assert!(verify.status.success(), "{said}");
    drop(home);
}

/// What was answered is there, once, with its money; what was never sent left nothing.
fn each_is_there_once(url: &str, crowd: &[Worker]) {
    let pool = Pool::open(url).unwrap();
    let answered = crowd.iter().flat_map(|worker| &worker.answered);
    let never = crowd.iter().flat_map(|worker| &worker.jobs);
    let all = answered
        .map(|job| (job, true))
        .chain(never.map(|job| (job, false)));
    for (job, done) in all {
        let id = &job.order.id;
        let (order, decided, asked) = pool
            .read(|conn| {
                let mut decided = 0;
                let asked = claims::of_order(conn, id)?;
                for claim in &asked {
                    decided += claims::decisions(conn, &claim.id)?.len();
                }
                Ok((orders::find(conn, id)?, decided, asked.len()))
            })
            .unwrap();
        let pays = done && job.kind != Kind::Ask;
        let asks = done || job.kind == Kind::Approve;
        let expected = (
            if pays { order.charge_e8.unwrap() } else { 0 },
            usize::from(pays),
        );
        assert_eq!((order.refunded_e8, decided), expected, "{job:?}");
        assert_eq!(asked, usize::from(asks), "{job:?}");
        assert_eq!(order.status == Status::Canceled, pays, "{job:?}");
    }
}
