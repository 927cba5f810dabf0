//! How the desk answers with a thousand, a hundred thousand and a million tickets: the real program serves a demo of that size, a
//! browser asks for its pages over loopback, and what it took is printed beside how it grew and what was promised.
//! `cargo bench --bench scale`; `-- 1000 100000` takes other sizes, the largest last; `-- --claims 1000000` tries a policy on so many.
//!
//! The databases stay under `target/scale` and are made again with `-- --fresh`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../tests/support/page.rs"]
#[allow(dead_code)]
mod page;
mod serving;
mod table;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::Utc;
use redress::app::App;
use redress::cli::demo::build_with;
use redress::cli::demo::years::Years;
use redress::clock::Clock;
use redress::config::Config;
use redress::desk::reports;

use self::table::{Row, print};

/// As the program has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
/// The same history each time.
const SEED: u64 = 2_026;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` and `cargo bench` say so themselves.
    let asked: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    let fresh = asked.contains(&"--fresh");
    let claims = asked.iter().position(|word| *word == "--claims");
    let number = |word: &&str| word.parse::<u64>().ok();
    let given: Vec<u64> = match claims {
        Some(place) => asked[place..].iter().filter_map(number).collect(),
        None => asked.iter().filter_map(number).collect(),
    };
    let sizes = if given.is_empty() {
        SIZES.to_vec()
    } else {
        given
    };
    let rows: Vec<Vec<Row>> = sizes
        .iter()
        .map(|size| match claims {
            Some(_) => trial::measured(&folder(&format!("claims-{size}")), *size, fresh),
            None => serving::measured(&folder(&size.to_string()), *size, fresh),
        })
        .collect();
    print(&sizes, &rows);
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("scale")
        .join(name)
}

/// A company of that size in the folder: made where there is none, in how many seconds. Its days are kept, as the worker does beside
/// the server, a piece at a time.
fn grown(folder: &Path, years: &Years, fresh: bool) -> Option<f64> {
    let whole = folder.join("demo.json");
    if fresh || !whole.exists() {
        let _ = std::fs::remove_dir_all(folder);
    }
    std::fs::create_dir_all(folder).unwrap();
    let config = Config::read(&Default::default()).unwrap();
    let mut config = config.with_data(folder.to_owned());
    config.demo = true;
    let app = App::open(config, Clock::System).unwrap();
    let took = (!whole.exists()).then(|| made(&app, years));
    std::fs::write(whole, "{}").unwrap();
    kept(&app);
    took
}

fn made(app: &App, years: &Years) -> f64 {
    let began = Instant::now();
    build_with(app, Some(years), |written| {
        if written % 30_000 == 0 {
            eprintln!(
                "{written} tickets after {:.0} s",
                began.elapsed().as_secs_f64()
            );
        }
    })
    .unwrap();
    began.elapsed().as_secs_f64()
}

fn kept(app: &App) {
    let began = Instant::now();
    let mut packed = 0;
    loop {
        let count = app
            .pool
            .write(|tx| reports::pack(tx, Utc::now(), 50))
            .unwrap();
        packed += count;
        if count == 0 {
            break;
        }
    }
    eprintln!(
        "{packed} days kept in {:.1} s",
        began.elapsed().as_secs_f64()
    );
}
