//! The simulator: one seed drives shops, customers, agents, a bank, crashes and the clock through the desk's own verbs on a real
//! database, with a small model beside it, and looks for the invariants after every step.
//!
//! `cargo run --release --example simulate -- --seeds 10000`. A seed that fails is printed with the step and the command that
//! replays it, cut down to the steps that it takes. Read `world.rs` next, then `deeds.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit;
mod bank;
mod customers;
mod deeds;
mod faults;
mod gateway;
mod model;
mod rng;
mod rows;
mod shop;
mod staff;
mod stage;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use faults::Fault;
use stage::Stage;
use world::{Found, World};

/// Plays seeds and looks for what must never happen.
#[derive(Debug, Clone, Parser)]
struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Steps of a seed.
    #[arg(long, default_value_t = 80)]
    steps: u64,
    /// Only these steps, separated by commas: how a finding is cut down.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u64>,
    /// A PostgreSQL to play on, each seed in a schema of its own; else SQLite files in memory.
    #[arg(long)]
    database: Option<String>,
    /// How many at a time; one a core where nothing is said.
    #[arg(long)]
    threads: Option<usize>,
    /// Print what happens, line by line.
    #[arg(long)]
    trace: bool,
    #[arg(long = "break", hide = true, value_enum)]
    fault: Option<Fault>,
}

/// A seed's end: the hash of its trace, or what was found in which step.
struct Played {
    outcome: Result<String, (u64, String)>,
    lines: Vec<String>,
    steps: u64,
}

impl Options {
    /// The steps of a seed.
    fn plays(&self) -> Vec<u64> {
        if self.only.is_empty() {
            (0..self.steps).collect()
        } else {
            self.only.clone()
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let began = Instant::now();
    let stage = match Stage::build(options.database.clone()) {
        Ok(stage) => stage,
        Err(error) => {
            eprintln!("the stage cannot be built: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (steps, failed) = play_all(&options, &stage);
    let seconds = began.elapsed().as_secs_f64();
    let rate = options.seeds as f64 / seconds;
    println!(
        "{} seeds, {steps} steps in {seconds:.1} s ({rate:.0} seeds a second)",
        options.seeds
    );
    for seed in &failed {
        report(&options, &stage, *seed);
    }
    println!(
        "{} passed, {} failed",
        options.seeds - failed.len() as u64,
        failed.len()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Plays every seed, as many at a time as there are cores; how many steps there were, and which seeds failed.
fn play_all(options: &Options, stage: &Stage) -> (u64, Vec<u64>) {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let next = AtomicU64::new(options.from);
    let steps = AtomicU64::new(0);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.threads.unwrap_or(cores) {
            scope.spawn(|| {
                let runtime = runtime();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= options.from + options.seeds {
                        return;
                    }
                    let played = play(options, stage, &runtime, seed);
                    steps.fetch_add(played.steps, Ordering::Relaxed);
                    if options.trace {
                        println!("seed {seed}\n{}", played.lines.join("\n"));
                    }
                    match played.outcome {
                        Ok(hash) if options.trace => println!("{hash}"),
                        Ok(_) => {}
                        Err((step, why)) => {
                            println!("seed {seed} fails in step {step}: {why}");
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    (steps.into_inner(), failed)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn play(options: &Options, stage: &Stage, runtime: &Runtime, seed: u64) -> Played {
    let mut played = Played {
        outcome: Err((0, "it did not begin".to_owned())),
        lines: Vec::new(),
        steps: 0,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        story(options, stage, runtime, seed, &mut played)
    }));
    let step = played.steps.saturating_sub(1);
    played.outcome = match outcome {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(why)) => Err((step, why)),
        Err(_) => Err((step, "it panicked".to_owned())),
    };
    played
}

fn story(
    options: &Options,
    stage: &Stage,
    runtime: &Runtime,
    seed: u64,
    played: &mut Played,
) -> Found<String> {
    let name = format!("{seed}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let scene = stage
        .scene(&name)
        .map_err(|error| format!("no scene: {error}"))?;
    let mut world = World::new(&scene, runtime, options.database.is_none(), options.fault)?;
    let mut told = || {
        for step in options.plays() {
            played.steps = step + 1;
            world.go(seed, step)?;
        }
        played.steps += 1;
        world.end()?;
        if world.is_unspoilt() {
            // There was nothing to break: no seed to learn from.
            return Err("nothing was broken".to_owned());
        }
        Ok(world.hash())
    };
    let told = told();
    played.lines = std::mem::take(&mut world.lines);
    told
}

/// Scenes of one run never share a name.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Cuts a failing seed down: no step after the one it fails in, and none before that it fails without. Prints what is left.
fn report(options: &Options, stage: &Stage, seed: u64) {
    let runtime = runtime();
    let fails = |options: &Options| play(options, stage, &runtime, seed).outcome.err();
    let Some((last, why)) = fails(options) else {
        println!("seed {seed} does not fail again: something in it is not of the seed");
        return;
    };
    let kind = why.split(':').next().unwrap_or("").to_owned();
    let mut least = Options {
        only: options
            .plays()
            .into_iter()
            .filter(|step| *step <= last)
            .collect(),
        ..options.clone()
    };
    // A finding of the end, after the last step, needs none of them to be the last.
    for step in least.only.clone() {
        let mut fewer = least.clone();
        fewer.only.retain(|kept| *kept != step);
        let same = fails(&fewer).is_some_and(|(_, why)| why.starts_with(&kind));
        if same && !fewer.only.is_empty() {
            least = fewer;
        }
    }
    let left = play(&least, stage, &runtime, seed);
    println!(
        "\nseed {seed}, the steps that it takes:\n{}",
        left.lines.join("\n")
    );
    if let Err((step, why)) = left.outcome {
        println!("step {step}: {why}");
    }
    let only: Vec<String> = least.only.iter().map(u64::to_string).collect();
    println!(
        "cargo run --example simulate -- --trace --seeds 1 --from {seed} --only {}",
        only.join(",")
    );
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn options(words: &[&str]) -> Options {
        Options::parse_from([&["simulate"], words].concat())
    }

    fn trace(seed: u64) -> String {
        let stage = Stage::build(None).unwrap();
        let played = play(&options(&[]), &stage, &runtime(), seed);
        played.outcome.unwrap()
    }

    #[test]
    fn the_same_seed_leaves_the_same_trace_and_another_one_another() {
        assert_eq!(trace(7), trace(7));
        assert_ne!(trace(7), trace(8));
    }

    #[test]
    fn every_fault_on_purpose_is_found_by_the_invariant_that_it_breaks() {
        let stage = Stage::build(None).unwrap();
        let runtime = runtime();
        for fault in Fault::value_variants() {
            let mut options = options(&[]);
            options.fault = Some(*fault);
            let mut tried = (1..=30).filter_map(|seed| {
                let outcome = play(&options, &stage, &runtime, seed).outcome;
                match outcome {
                    Err((_, why)) if why == "nothing was broken" => None,
                    other => Some(other),
                }
            });
            let planted = tried.next();
            let planted = planted.unwrap_or_else(|| panic!("{fault:?} was never planted"));
            let (_, why) = planted.expect_err(&format!("{fault:?} went unseen"));
            let named = fault.found_as().iter().any(|name| why.starts_with(name));
            assert!(named, "{fault:?} was found as {why}");
        }
    }
}
