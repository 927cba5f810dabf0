//! `redress seller`: opens a shop under a published policy, and connects its panel.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use super::Place;
use crate::act::Act;
use crate::app::App;
use crate::db;
use crate::db::sellers::Seller as Row;
use crate::desk::mailroom::{self, Remote};
use crate::desk::panels;
use crate::desk::sellers::{self, Opening};
use crate::error::Error;
use crate::outside::imap::{Account, Failure};
use crate::outside::panel::{self, Panel};
use crate::rules::money::Amount;
use crate::worker;

/// Open and list sellers
#[derive(Debug, Subcommand)]
pub enum Seller {
    /// The sellers with their policies
    List(Place),
    Add(Add),
    Panel(Connect),
    Mail(ReadMail),
}

/// Read a seller's mail here, at its own address; without a change, say where it is read and how that goes
#[derive(Debug, clap::Args)]
pub struct ReadMail {
    #[command(flatten)]
    place: Place,
    /// The seller's short name
    #[arg(long, value_name = "SLUG")]
    seller: String,
    /// The address whose mail is read, with every +tag of it: handed to `redress mail receive`, or fetched
    #[arg(long)]
    address: Option<String>,
    /// Fetch it from a mailbox there: imaps://user@host/INBOX, with @ in the user as %40
    #[arg(long, value_name = "URL", requires = "password_file")]
    imap: Option<String>,
    /// A file with the mailbox's password; - reads it from standard input
    #[arg(long, value_name = "FILE", requires = "imap")]
    password_file: Option<PathBuf>,
    /// Fetch it from no mailbox any more
    #[arg(long, conflicts_with = "imap")]
    no_imap: bool,
}

/// Connect a seller's panel (provider API v2); without an address, say how the connection stands
#[derive(Debug, clap::Args)]
pub struct Connect {
    #[command(flatten)]
    place: Place,
    /// The seller's short name
    #[arg(long, value_name = "SLUG")]
    seller: String,
    /// The address of the panel's API, such as https://panel.example/api/v2
    #[arg(long, requires = "key_file")]
    url: Option<String>,
    /// A file with the key that the panel knows the shop by; - reads it from standard input
    #[arg(long, value_name = "FILE", requires = "url")]
    key_file: Option<PathBuf>,
}

/// Open a seller under a published policy
#[derive(Debug, clap::Args)]
pub struct Add {
    #[command(flatten)]
    place: Place,
    /// Its short name, for imports and limits of staff
    #[arg(long)]
    slug: String,
    #[arg(long)]
    name: String,
    /// The published policy's id
    #[arg(long)]
    policy: String,
    /// The support address
    #[arg(long)]
    mail: String,
    #[arg(long, default_value = "USD")]
    currency: String,
    /// A time zone such as Europe/London; the policy's own otherwise
    #[arg(long)]
    zone: Option<String>,
    /// Refunds from this amount on are large (B7); none otherwise
    #[arg(long, value_parser = amount)]
    large_refund: Option<Amount>,
    /// The most that an agent grants alone
    #[arg(long, default_value = "100", value_parser = amount)]
    agent_limit: Amount,
    /// The most that a lead grants alone
    #[arg(long, default_value = "1000", value_parser = amount)]
    lead_limit: Amount,
}

fn amount(text: &str) -> Result<Amount, String> {
    Amount::parse(text).map_err(|why| format!("an amount {why}"))
}

pub fn run(command: Seller) -> anyhow::Result<i32> {
    match command {
        Seller::List(place) => list(&place),
        Seller::Add(args) => add(args),
        Seller::Panel(args) => connect(args),
        Seller::Mail(args) => read_mail(args),
    }
}

fn read_mail(args: ReadMail) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let slug = args.seller.clone();
    let found = app
        .pool
        .read(|conn| Ok(db::sellers::by_slug(conn, &slug)?))?;
    let Some(seller) = found else {
        anyhow::bail!("there is no seller `{slug}`; `redress seller list` shows them");
    };
    let remote = match (&args.imap, &args.password_file) {
        (Some(url), Some(file)) => match Account::parse(url, &secret(file)?) {
            Ok(account) => Some(account),
            Err(why) => {
                println!("not read: {why}");
                return Ok(1);
            }
        },
        _ => None,
    };
    let act = Act::operator(app.now(), &app.config.public_url);
    let changed = app.pool.write(|tx| {
        if let Some(address) = &args.address {
            mailroom::open_mailbox(tx, &act, &seller, address)?;
        }
        if args.no_imap {
            mailroom::disconnect(tx, &act, &seller)?;
        }
        match &remote {
            Some(account) => mailroom::connect(tx, &act, &seller, &reached(account)),
            None => Ok(()),
        }
    });
    match changed {
        Ok(()) => {}
        Err(why @ (Error::Invalid(_) | Error::Refused { .. })) => {
            println!("not read: {why}");
            return Ok(1);
        }
        Err(other) => return Err(other.into()),
    }
    let mailbox = app
        .pool
        .read(|conn| Ok(db::inbox::mailbox_of(conn, &seller.id)?))?;
    match mailbox {
        Some(mailbox) => {
            println!("mail to {} is read for {slug}", mailbox.address);
            fetched(&app, &seller)
        }
        None => {
            println!("the mail of {slug} is not read here");
            Ok(1)
        }
    }
}

fn reached(account: &Account) -> Remote {
    Remote {
        host: account.host.clone(),
        port: account.port,
        security: account.security.word(),
        login: account.login.clone(),
        password: account.password.clone(),
        folder: account.folder.clone(),
    }
}

/// Says from where the mail is fetched and how that goes; a connection that was never tried is tried now, and reads nothing.
fn fetched(app: &App, seller: &Row) -> anyhow::Result<i32> {
    let row = app
        .pool
        .read(|conn| Ok(db::imap::of_seller(conn, &seller.id)?))?;
    let Some(row) = row else { return Ok(0) };
    println!("it is fetched from {} at {}", row.folder, row.host);
    if let Some(problem) = &row.problem {
        println!("it cannot be read: {problem}");
        return Ok(1);
    }
    if row.checked_at.is_some() {
        return Ok(0);
    }
    let account = worker::imap::account(&row)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tried = runtime.block_on(async {
        app.imap.visit(&account).await?.leave().await;
        Ok::<(), Failure>(())
    });
    match tried {
        Ok(()) => {
            println!("it lets us in; what comes from now on is read");
            Ok(0)
        }
        Err(why) => {
            println!("it cannot be read: {why}");
            Ok(1)
        }
    }
}

fn connect(args: Connect) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let slug = args.seller.clone();
    let Some(seller) = app
        .pool
        .read(|conn| Ok(db::sellers::by_slug(conn, &slug)?))?
    else {
        anyhow::bail!("there is no seller `{slug}`; `redress seller list` shows them");
    };
    if let (Some(url), Some(file)) = (&args.url, &args.key_file) {
        let key = secret(file)?;
        let act = Act::operator(app.now(), &app.config.public_url);
        let connected = app
            .pool
            .write(|tx| panels::connect(tx, &act, &seller, url, &key));
        match connected {
            Ok(()) => println!("{slug} is connected to {url}"),
            Err(why @ Error::Invalid(_)) => {
                println!("not connected: {why}");
                return Ok(1);
            }
            Err(other) => return Err(other.into()),
        }
    }
    let found = app
        .pool
        .read(|conn| Ok(db::panels::of_seller(conn, &seller.id)?))?;
    let Some(row) = found else {
        println!("{slug} has no panel");
        return Ok(1);
    };
    if args.url.is_none() {
        println!("{slug} is connected to {}", row.url);
    }
    let panel = Panel {
        url: row.url,
        key: row.api_key,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(panel::balance(&app.http, &panel)) {
        Ok(left) => {
            println!(
                "it answers: {} {} are left there",
                left.amount, left.currency
            );
            Ok(0)
        }
        Err(why) => {
            println!("it gives no answer: {why}");
            Ok(1)
        }
    }
}

fn secret(file: &std::path::Path) -> anyhow::Result<String> {
    if file.as_os_str() == "-" {
        return Ok(std::io::read_to_string(std::io::stdin())?);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn list(place: &Place) -> anyhow::Result<i32> {
    for seller in place
        .find()?
        .pool
        .read(|conn| Ok(db::sellers::all(conn)?))?
    {
        println!(
            "{}  {}  {}  {}",
            seller.slug, seller.policy, seller.currency, seller.name
        );
    }
    Ok(0)
}

fn add(args: Add) -> anyhow::Result<i32> {
    let app = args.place.open()?;
    let opening = Opening {
        slug: args.slug,
        name: args.name,
        mail_address: args.mail,
        policy: args.policy,
        currency: args.currency,
        time_zone: args.zone,
        fee_schedule_json: None,
        large_refund_threshold_e8: args.large_refund.map(Amount::e8),
        agent_limit_e8: args.agent_limit.e8(),
        lead_limit_e8: args.lead_limit.e8(),
    };
    let act = Act::operator(app.now(), &app.config.public_url);
    match app.pool.write(|tx| sellers::open(tx, &act, &opening)) {
        Ok(seller) => {
            println!("{} is open under {}", seller.slug, seller.policy);
            Ok(0)
        }
        Err(why @ (Error::Invalid(_) | Error::Refused { .. })) => {
            println!("not opened: {why}");
            Ok(1)
        }
        Err(other) => Err(other.into()),
    }
}
