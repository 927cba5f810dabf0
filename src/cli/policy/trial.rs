//! `redress policy try`: past claims judged by a document as if it had governed them. The same verb as the policy room's, read only.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use chrono::NaiveDate;

use super::Place;
use crate::desk::policies::trials;
use crate::error::Error;
use crate::rules::display;
use crate::rules::period::last_quarter;
use crate::rules::policy::Policy;
use crate::rules::trial::{Change, Compared, Money, Tally};

pub fn run(
    place: &Place,
    file: &Path,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    seller: Option<&str>,
    out: &mut impl Write,
) -> anyhow::Result<i32> {
    let document =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let policy = match Policy::parse(&document) {
        Ok(policy) => policy,
        Err(flaws) => {
            for flaw in flaws {
                writeln!(out, "{flaw}")?;
            }
            return Ok(1);
        }
    };
    let app = place.find()?;
    let quarter = last_quarter(app.now().date_naive());
    let days = (from.unwrap_or(quarter.0), to.unwrap_or(quarter.1));
    if days.0 > days.1 {
        bail!("--to must not lie before --from");
    }
    let (name, version) = (policy.id.clone(), policy.version.clone());
    let mut lines = Vec::new();
    let tally = trials::try_all(&app.pool, policy, days, seller, |claim, compared| {
        lines.push(line(&claim.number, &claim.currency, compared));
        Ok(())
    });
    let tally = match tally {
        Err(Error::NotFound) => bail!(
            "nothing of {name} is published, or there is no such seller; `redress policy list` says what is"
        ),
        tally => tally?,
    };
    let (from, to) = days;
    writeln!(out, "{name}@{version} on the claims of {from} to {to}")?;
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    said(&tally, out)?;
    Ok(0)
}

fn line(number: &str, currency: &str, compared: &Compared) -> String {
    let side = |side: crate::rules::trial::Side| {
        let amount = side.amount_e8.map(|e8| money(e8, currency));
        match amount {
            Some(amount) => format!("{} {amount}", side.outcome),
            None => side.outcome.to_string(),
        }
    };
    format!(
        "{number}  {} -> {}  {}",
        side(compared.before),
        side(compared.after),
        compared.clauses.join(" ")
    )
}

fn said(tally: &Tally, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{} judged", claims(tally.judged()))?;
    for change in Change::ALL {
        let count = tally.of(*change);
        if count > 0 {
            writeln!(out, "  {}: {count}", change.word().replace('_', " "))?;
        }
    }
    if tally.unread > 0 {
        writeln!(
            out,
            "  not judged, their facts no longer read: {}",
            tally.unread
        )?;
    }
    for (currency, sum) in &tally.money {
        writeln!(out, "{currency}: {}", delta(*sum, currency))?;
    }
    for (clauses, share) in &tally.clauses {
        for (currency, sum) in &share.money {
            let named = if clauses.is_empty() {
                "none of its own"
            } else {
                clauses
            };
            writeln!(
                out,
                "  {named}: {}, {}",
                claims(share.claims),
                delta(*sum, currency)
            )?;
        }
    }
    Ok(())
}

fn claims(count: u64) -> String {
    match count {
        1 => "1 claim".to_owned(),
        count => format!("{count} claims"),
    }
}

fn delta(sum: Money, currency: &str) -> String {
    format!(
        "granted {} -> {} ({}), open {} -> {}",
        money(sum.granted_before, currency),
        money(sum.granted_after, currency),
        signed(sum.granted(), currency),
        money(sum.open_before, currency),
        money(sum.open_after, currency)
    )
}

fn signed(e8: i64, currency: &str) -> String {
    if e8 > 0 {
        format!("+{}", money(e8, currency))
    } else {
        money(e8, currency)
    }
}

fn money(e8: i64, currency: &str) -> String {
    display::money(e8, currency)
}
