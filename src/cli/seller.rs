//! `redress seller`: opens a shop under a published policy.

use clap::Subcommand;

use super::Place;
use crate::act::Act;
use crate::db;
use crate::desk::sellers::{self, Opening};
use crate::error::Error;
use crate::rules::money::Amount;

/// Open and list sellers
#[derive(Debug, Subcommand)]
pub enum Seller {
    /// The sellers with their policies
    List(Place),
    Add(Add),
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
    }
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
