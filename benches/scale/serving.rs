//! The program serves, a browser asks.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use redress::cli::demo::years::Years;
use redress::db::schema::{claims, tickets};

use super::page::Browser;
use super::table::Row;
use super::{SEED, grown};

/// So often is a page asked for; the median counts.
const TIMES: usize = 15;
const PASSWORD: &str = "open-sesame-demo";

pub fn measured(folder: &Path, size: u64, fresh: bool) -> Vec<Row> {
    let years = Years {
        tickets: size,
        seed: SEED,
        claims_at: None,
    };
    let made = grown(folder, &years, fresh);
    let mut rows = Vec::new();
    if let Some(seconds) = made {
        rows.push(row(
            "made, tickets a second",
            size as f64 / seconds,
            "/s",
            None,
        ));
        eprintln!("{size} tickets made in {seconds:.1} s");
    }
    let mut served = Served::on(folder);
    let rest = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(asked(&mut served, folder, size));
    rows.extend(rest);
    rows
}

fn row(what: &'static str, figure: f64, unit: &'static str, target: Option<f64>) -> Row {
    Row {
        what,
        figure,
        unit,
        target,
    }
}

async fn asked(served: &mut Served, folder: &Path, size: u64) -> Vec<Row> {
    let mut ruth = signed_in(&served.url, "ruth@redress.example").await;
    let (ticket, claim) = in_the_middle(folder, size);
    let mut rows = Vec::new();
    let fast = Some(10.0);
    let report = Some(200.0);
    let pages: [(&'static str, String, Option<f64>); 10] = [
        ("queue, first page", "/queue".into(), fast),
        ("search by number", format!("/queue?q={ticket}"), fast),
        ("a ticket", format!("/queue/tickets/{ticket}"), fast),
        ("a claim", format!("/queue/claims/{claim}"), None),
        (
            "search by a word",
            "/queue?view=all_open&q=invoice".into(),
            None,
        ),
        (
            "closed tickets, first page",
            "/queue?view=closed".into(),
            None,
        ),
        ("promises, thirty days", "/reports/sla".into(), report),
        ("refunds, thirty days", "/reports/refunds".into(), report),
        ("promises, a year", year("/reports/sla"), None),
        ("refunds, a year", year("/reports/refunds"), None),
    ];
    for (what, path, target) in pages {
        // The long ones last, and the memory before them: what is promised is promised of a day's work.
        if what == "promises, a year" {
            let memory = served.memory();
            rows.push(row("memory while serving", memory, "MB", Some(150.0)));
        }
        let times = if what.ends_with("a year") { 3 } else { TIMES };
        let (took, status) = median(&mut ruth, &path, times).await;
        assert!(status == 200 || status == 303, "{path} answers {status}");
        rows.push(row(what, took, "ms", target));
    }
    rows.push(row(
        "memory after a year's reports",
        served.memory(),
        "MB",
        None,
    ));
    rows
}

fn year(path: &str) -> String {
    let today = chrono::Utc::now().date_naive();
    let from = today - chrono::Days::new(365);
    format!("{path}?from={from}&to={today}")
}

async fn median(browser: &mut Browser, path: &str, times: usize) -> (f64, u16) {
    let (mut all, mut status) = (Vec::new(), 0);
    // Once more than is counted: the first one warms up.
    for round in 0..=times {
        let began = Instant::now();
        let page = browser.asks(reqwest::Method::GET, path, |it| it).await;
        status = page.status;
        if round > 0 {
            all.push(began.elapsed().as_secs_f64() * 1000.0);
        }
    }
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], status)
}

async fn signed_in(url: &str, email: &str) -> Browser {
    let mut browser = Browser::new(url);
    let page = browser.opens("/sign-in").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", email)
        .fill("Password", PASSWORD);
    let page = browser.posts(form).await;
    assert_eq!(page.status, 303, "{email} cannot sign in: {}", page.text());
    browser
}

/// A ticket with a long life behind it, and a claim: by their numbers, half-way through.
fn in_the_middle(folder: &Path, size: u64) -> (String, String) {
    use diesel::prelude::*;
    let path = folder.join("redress.db");
    let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let middle = i64::try_from(size / 2).unwrap();
    let ticket: String = tickets::table
        .filter(tickets::number.eq(format!("T-{}", 1000 + middle)))
        .select(tickets::number)
        .first(&mut conn)
        .unwrap();
    let claim: String = claims::table
        .filter(claims::number.eq(format!("C-{}", 1000 + middle / 3)))
        .select(claims::number)
        .first(&mut conn)
        .unwrap();
    (ticket, claim)
}

/// The program in a process of its own.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn on(folder: &Path) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_redress"))
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let at = line.find("http://127.0.0.1:")?;
                let url = line[at..].split_whitespace().next()?;
                Some(url.trim_end_matches(['/', '.']).to_owned())
            })
            .expect("it says where it listens");
        // What it prints later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Served { child, url }
    }

    /// What the process holds, in millions of bytes.
    fn memory(&self) -> f64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.map_or(0.0, |text| text.parse::<f64>().unwrap_or(0.0) / 1000.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
