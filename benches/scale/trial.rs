//! A changed policy on the requests of two years: what `redress policy try` does, without printing them.

use std::path::Path;
use std::time::Instant;

use chrono::{Days, Utc};
use redress::cli::demo::years::Years;
use redress::db::Pool;
use redress::desk::policies::trials;
use redress::rules::policy::Policy;

use super::table::Row;
use super::{SEED, grown};

const SELLER: &str = "virtual-numbers";

pub fn measured(folder: &Path, size: u64, fresh: bool) -> Vec<Row> {
    let years = Years {
        tickets: size,
        seed: SEED,
        claims_at: Some(SELLER.to_owned()),
    };
    grown(folder, &years, fresh);
    let pool = Pool::open(&format!("sqlite://{}", folder.join("redress.db").display())).unwrap();
    // Fourteen days instead of seven: the manager's own question.
    let text = include_str!("../../policies/virtual-numbers.toml");
    let longer = text.replace("length = { days = 7 }", "length = { days = 14 }");
    let policy = Policy::parse(&longer).unwrap();
    let today = Utc::now().date_naive();
    let days = (today - Days::new(800), today);
    let began = Instant::now();
    let mut flips = 0_u64;
    let tally = trials::try_all(&pool, policy, days, Some(SELLER), |_, _| {
        flips += 1;
        Ok(())
    })
    .unwrap();
    let took = began.elapsed().as_secs_f64();
    eprintln!("{} judged, {flips} of them otherwise", tally.judged());
    let row = |what, figure, unit, target| Row {
        what,
        figure,
        unit,
        target,
    };
    vec![
        row("what-if", took, "s", Some(5.0)),
        row(
            "what-if, a claim",
            took * 1e6 / tally.judged() as f64,
            "us",
            None,
        ),
    ]
}
