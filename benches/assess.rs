//! Claims per second: reading, judging and writing the worked cases of the built-in policies, as `redress assess --lines`
//! does; and judging alone. `cargo bench --bench assess`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use redress::rules::adjudicate::adjudicate;
use redress::rules::facts::{Facts, read, read_on};
use redress::rules::policy::Shelf;

/// The claims of every policy's own cases, as the command reads them.
fn claims(shelf: &Shelf) -> Vec<String> {
    let of_policy = |policy: &redress::rules::policy::Policy| {
        policy
            .cases
            .iter()
            .filter_map(|case| policy.claim_of(case).ok())
            .collect::<Vec<_>>()
    };
    shelf
        .policies()
        .iter()
        .flat_map(of_policy)
        .map(|claim| claim.to_string())
        .collect()
}

fn assess(criterion: &mut Criterion) {
    let shelf = Shelf::built_in();
    let claims = claims(&shelf);
    let facts: Vec<Facts> = claims.iter().filter_map(|claim| read(claim).ok()).collect();
    let mut group = criterion.benchmark_group("assess");
    group.throughput(Throughput::Elements(claims.len() as u64));
    group.bench_function("read, judge and write", |bencher| {
        let mut out = Vec::new();
        bencher.iter(|| {
            out.clear();
            for claim in &claims {
                if let Ok(facts) = read_on(&shelf, claim) {
                    let _ = serde_json::to_writer(&mut out, &adjudicate(&shelf, &facts));
                }
            }
            out.len()
        });
    });
    group.bench_function("judge", |bencher| {
        bencher.iter(|| {
            facts
                .iter()
                .map(|facts| adjudicate(&shelf, facts).clauses.len())
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, assess);
criterion_main!(benches);
