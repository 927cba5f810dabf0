//! `redress assess`: claims in, assessments out, without a database. The contract is fixed: one claim as JSON, or
//! JSON Lines with `--lines`, streamed one line at a time; a claim that cannot be read is answered in its place.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::rules::adjudicate::adjudicate;
use crate::rules::facts::{self, Refusal};
use crate::rules::policy::{Policy, Shelf};

/// Longest claim that is read; a longer line is refused and skipped, so that memory stays bounded.
const LONGEST_CLAIM: u64 = 16 * 1024 * 1024;
const ALL_ASSESSED: i32 = 0;
const SOME_UNREADABLE: i32 = 2;

/// Judge claims by the policies and print the assessments.
#[derive(Debug, clap::Args)]
pub struct Assess {
    /// A claim as JSON, or claims as JSON Lines; - reads the standard input
    pub file: PathBuf,
    /// One claim on each line in, one answer on each line out, in the same order
    #[arg(long)]
    pub lines: bool,
    /// Policies from the TOML documents of this folder, in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub policies: Option<PathBuf>,
}

/// Answers every claim of `args.file` on `out`. The exit status: 0 when all were assessed, 2 when any could not be read.
pub fn assess(args: Assess, out: &mut impl Write) -> anyhow::Result<i32> {
    let shelf = match &args.policies {
        Some(folder) => shelf_of(folder)?,
        None => Shelf::built_in(),
    };
    let input: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(
            File::open(&args.file)
                .with_context(|| format!("cannot open {}", args.file.display()))?,
        )
    };
    let mut out = BufWriter::new(out);
    let status = if args.lines {
        each_line(&shelf, BufReader::new(input), &mut out)?
    } else {
        whole(&shelf, input, &mut out)?
    };
    out.flush()?;
    Ok(status)
}

fn shelf_of(folder: &Path) -> anyhow::Result<Shelf> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let mut policies = Vec::new();
    for path in &paths {
        let document =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        match Policy::parse(&document) {
            Ok(policy) => policies.push(policy),
            Err(flaws) => {
                let flaws: Vec<String> = flaws.iter().map(|flaw| flaw.to_string()).collect();
                bail!("{} is not a policy: {}", path.display(), flaws.join("; "));
            }
        }
    }
    if policies.is_empty() {
        bail!(
            "{} holds no policy: put a .toml document there",
            folder.display()
        );
    }
    Ok(Shelf::new(policies))
}

fn whole(shelf: &Shelf, input: impl Read, out: &mut impl Write) -> anyhow::Result<i32> {
    let mut claim = Vec::new();
    input.take(LONGEST_CLAIM + 1).read_to_end(&mut claim)?;
    answer(shelf, &claim, 1, out)
}

fn each_line(shelf: &Shelf, mut input: impl BufRead, out: &mut impl Write) -> anyhow::Result<i32> {
    let mut status = ALL_ASSESSED;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if (&mut input)
            .take(LONGEST_CLAIM + 1)
            .read_until(b'\n', &mut line)?
            == 0
        {
            break;
        }
        if line.len() as u64 > LONGEST_CLAIM && !line.ends_with(b"\n") {
            skip_line(&mut input)?;
        }
        if !line.trim_ascii().is_empty() {
            status = status.max(answer(shelf, &line, number, out)?);
        }
    }
    Ok(status)
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let there = input.fill_buf()?;
        let (used, ended) = match there.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (there.len(), there.is_empty()),
        };
        input.consume(used);
        if ended {
            return Ok(());
        }
    }
}

/// The line that stands in the place of a claim that could not be read.
#[derive(Serialize)]
struct Unreadable<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    error: Fault<'a>,
}

#[derive(Serialize)]
struct Fault<'a> {
    line: u64,
    field: &'a str,
    message: &'a str,
}

fn answer(shelf: &Shelf, claim: &[u8], line: u64, out: &mut impl Write) -> anyhow::Result<i32> {
    let status = match read(shelf, claim) {
        Ok(facts) => {
            serde_json::to_writer(&mut *out, &adjudicate(shelf, &facts))?;
            ALL_ASSESSED
        }
        Err(refusal) => {
            let error = Fault {
                line,
                field: &refusal.field,
                message: &refusal.message,
            };
            serde_json::to_writer(
                &mut *out,
                &Unreadable {
                    id: refusal.id.as_deref(),
                    error,
                },
            )?;
            SOME_UNREADABLE
        }
    };
    out.write_all(b"\n")?;
    Ok(status)
}

fn read(shelf: &Shelf, claim: &[u8]) -> Result<facts::Facts, Refusal> {
    let refuse = |message: &str| Refusal {
        id: None,
        field: String::new(),
        message: message.to_owned(),
    };
    if claim.len() as u64 > LONGEST_CLAIM {
        return Err(refuse("is longer than a claim can be"));
    }
    let text = std::str::from_utf8(claim).map_err(|_| refuse("is not UTF-8"))?;
    facts::read_on(shelf, text)
}
