//! `redress demo`: a small believable company, built through the same verbs that people use, and served on loopback. `cast` is who
//! there is, `script` and `stage` how a story is told, `history` the three months before; each seller has a file with what is going
//! on there today. `years` is a long history before all that, as large as it is wanted.
//!
//! The company and its story are one transaction: they are there or they are not. Running it again goes on with what is there. The
//! years are written piece by piece; a folder in which that was cut short is started over.

mod cast;
mod credits;
mod downloads;
mod draft;
mod guarantee;
mod history;
mod numbers;
mod plans;
mod post;
mod props;
mod script;
mod stage;
mod turns;
pub mod years;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Serialize;

use self::stage::Stage;
use self::years::Years;
use super::serve::announce;
use super::{Misconfigured, log_to_stderr};
use crate::act::Act;
use crate::app::{App, DemoAccount};
use crate::clock::Clock;
use crate::config::Config;
use crate::{db, web, worker};

/// Build a demo company and serve it on this machine
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Address and port, on loopback; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8600")]
    listen: SocketAddr,
    /// The folder of the demo's own data
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// Start over: remove what an earlier demo left in that folder
    #[arg(long)]
    fresh: bool,
    /// Two years of so many tickets before the story, for seeing how it is with many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=5_000_000))]
    tickets: Option<u64>,
}

/// What `demo.json` says to whoever started it.
#[derive(Serialize)]
struct Card<'a> {
    url: &'a str,
    accounts: &'a [DemoAccount],
}

/// Also the mark of a folder that is a demo's.
const CARD: &str = "demo.json";
/// Held by the demo that runs.
const LOCK: &str = "demo.lock";
/// There while the years are written.
const HALF: &str = "demo.half";
/// Of the years: the same every time.
const SEED: u64 = 2_026;
/// What a demo leaves in its folder, beside its card.
const FILES: [&str; 4] = ["redress.db", "redress.db-wal", "redress.db-shm", HALF];
const FOLDERS: [&str; 2] = ["files", "mail"];

pub fn demo(args: Demo) -> anyhow::Result<i32> {
    let config = config(&args)?;
    let _alone = make_room(&args.data, args.fresh)?;
    log_to_stderr(&config);
    let socket =
        web::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    let listen = socket.local_addr()?;
    let mut app = App::open(config.with_listen(listen), Clock::System)?;
    let years = args.tickets.map(|tickets| Years {
        tickets,
        seed: SEED,
        claims_at: None,
    });
    grow(&app, years.as_ref(), &args.data)?;
    let accounts = cast::accounts();
    let url = app.config.public_url.clone();
    let card = serde_json::to_vec_pretty(&Card {
        url: &url,
        accounts: &accounts,
    })?;
    fs::write(args.data.join(CARD), card)?;
    app.demo_accounts = Arc::from(accounts.clone());
    let worker = worker::start(app.clone())?;
    web::run(app, socket, || {
        announce(listen)?;
        introduce(&url, &accounts)
    })?;
    worker.stop();
    Ok(0)
}

/// The settings of a fresh clone, whatever the environment says, but for the log: a demo never touches an installation.
fn config(args: &Demo) -> anyhow::Result<Config> {
    if !args.listen.ip().is_loopback() {
        let words = format!(
            "--listen {}: everybody knows a demo's passwords, so it listens on loopback only, such as 127.0.0.1:8600",
            args.listen
        );
        return Err(Misconfigured(vec![words]).into());
    }
    let mut config = Config::read(&BTreeMap::new())
        .map_err(Misconfigured)?
        .with_data(args.data.clone());
    config.demo = true;
    config.log = std::env::var("REDRESS_LOG").unwrap_or_else(|_| "warn".to_owned());
    Ok(config)
}

/// Builds the company, with its years where they are asked for. What was built before is left as it is.
fn grow(app: &App, years: Option<&Years>, data: &Path) -> anyhow::Result<()> {
    let half = data.join(HALF);
    if half.exists() {
        bail!(
            "the history in {} was cut short while it was written; start over with --fresh",
            data.display()
        );
    }
    if years.is_some() && !is_empty(app)? {
        bail!(
            "there is a company in {} already; --tickets makes a new one, with --fresh",
            data.display()
        );
    }
    if years.is_some() {
        fs::write(&half, "")?;
    }
    build_with(app, years, |written| {
        eprint!("\r{written} tickets");
    })?;
    if years.is_some() {
        eprintln!();
        fs::remove_file(&half)?;
    }
    Ok(())
}

fn is_empty(app: &App) -> anyhow::Result<bool> {
    let sellers = app.pool.read(|conn| Ok(db::sellers::all(conn)?))?;
    Ok(sellers.is_empty())
}

/// Writes the company's story into an empty database; leaves one that has its sellers as it is.
pub fn build(app: &App) -> anyhow::Result<()> {
    build_with(app, None, |_| {})
}

/// The same with a long history before it. `told` hears how many of its tickets are written.
pub fn build_with(app: &App, years: Option<&Years>, told: impl Fn(u64)) -> anyhow::Result<()> {
    if !is_empty(app)? {
        return Ok(());
    }
    let (now, site) = (app.now(), app.config.public_url.as_str());
    let uploads = props::put(&app.store)?;
    let mails = post::put(&app.store)?;
    let hash = stage::one_hash()?;
    let worker = Act::worker(now, site);
    let Some(years) = years else {
        app.pool.write(|tx| {
            Stage::found(tx, now, now - stage::OPENED, site, &hash)?;
            script::play(tx, now, site, &uploads)?;
            post::deliver(tx, &worker, &mails)
        })?;
        return Ok(());
    };
    app.pool.write(|tx| {
        let begin = now - years::OPENED;
        Stage::found(tx, now, begin, site, &hash)?;
        let act = Act::operator(begin, site);
        let mut helpers = cast::HELP.iter();
        helpers.try_for_each(|member| stage::enter(tx, &act, member, &hash))
    })?;
    years::write(&app.pool, now, years, told)?;
    app.pool.write(|tx| {
        script::play(tx, now, site, &uploads)?;
        post::deliver(tx, &worker, &mails)
    })?;
    Ok(())
}

fn introduce(url: &str, accounts: &[DemoAccount]) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(
        out,
        "\nThis is a demo: it answers on this machine alone, and everybody in it is made up."
    )?;
    writeln!(
        out,
        "Who can sign in, all with the password {}:\n",
        cast::PASSWORD
    )?;
    for account in accounts {
        writeln!(
            out,
            "  {:<9} {:<22} {}",
            account.role, account.email, account.seller
        )?;
    }
    writeln!(
        out,
        "\nMails: {url}/demo/mail   Stop with Ctrl-C; run it again to go on, with --fresh to start over."
    )?;
    out.flush()
}

/// An empty folder, or an earlier demo's. Nothing else is ever removed, nor mixed with. The file that comes back keeps another demo
/// out for as long as it is held.
fn make_room(data: &Path, fresh: bool) -> anyhow::Result<fs::File> {
    fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let (ours, mut there) = (data.join(CARD).exists(), fs::read_dir(data)?);
    if !ours && there.next().is_some() {
        bail!(
            "{} holds something that is no demo; name another folder with --data",
            data.display()
        );
    }
    let alone = fs::File::create(data.join(LOCK))?;
    if alone.try_lock().is_err() {
        bail!(
            "a demo runs on {} already; stop it, or name another folder with --data",
            data.display()
        );
    }
    if fresh {
        for name in FILES {
            remove(fs::remove_file(data.join(name)))?;
        }
        for name in FOLDERS {
            remove(fs::remove_dir_all(data.join(name)))?;
        }
    }
    if !ours {
        // Marked before the first row, so that a build that was cut short can be started over.
        fs::write(data.join(CARD), "{}")?;
    }
    Ok(alone)
}

fn remove(outcome: std::io::Result<()>) -> std::io::Result<()> {
    match outcome {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}
