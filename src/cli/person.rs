//! `redress person add`: the first manager, and anybody else. There is no default account and no default password.

use std::io::Read;

use anyhow::{Context, bail};

use super::Place;
use crate::act::{Act, Role};
use crate::app::App;
use crate::db;
use crate::desk::passwords::{acceptable, hash};
use crate::desk::people::{self, Newcomer};
use crate::ids::SellerId;

#[derive(Debug, clap::Subcommand)]
pub enum Person {
    Add(Add),
}

/// Give somebody an account: by an invitation, which is mailed and printed, or with a password.
#[derive(Debug, clap::Args)]
pub struct Add {
    #[command(flatten)]
    place: Place,
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: String,
    /// customer, agent, lead, manager or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// Limits staff to this seller (its short name); may be given more than once
    #[arg(long, value_name = "SELLER")]
    seller: Vec<String>,
    /// Read the password from the standard input, in place of an invitation
    #[arg(long)]
    password_stdin: bool,
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "a role is customer, agent, lead, manager or admin".to_owned())
}

pub fn add(args: Add) -> anyhow::Result<i32> {
    let app = args.place.open()?;
    let newcomer = Newcomer {
        sellers: sellers(&app, &args.seller)?,
        name: args.name,
        email: args.email,
        role: args.role,
    };
    let act = Act::operator(app.now(), &app.config.public_url);
    if args.password_stdin {
        let mut password = String::new();
        std::io::stdin()
            .read_to_string(&mut password)
            .context("cannot read the password")?;
        let password = password.trim_end_matches(['\r', '\n']);
        acceptable(
            "password",
            password,
            newcomer.role,
            &newcomer.name,
            &newcomer.email,
        )?;
        let hashed = hash(password)?;
        app.pool
            .write(|tx| people::add(tx, &act, &newcomer, &hashed))?;
        println!(
            "{} can sign in at {}/sign-in",
            newcomer.email, app.config.public_url
        );
    } else {
        let link = app.pool.write(|tx| people::invite(tx, &act, &newcomer))?;
        println!(
            "{} is invited; the link works once, for 72 hours:",
            newcomer.email
        );
        println!("{link}");
    }
    Ok(0)
}

fn sellers(app: &App, slugs: &[String]) -> anyhow::Result<Vec<SellerId>> {
    let mut ids = Vec::new();
    for slug in slugs {
        match app
            .pool
            .read(|conn| Ok(db::sellers::by_slug(conn, slug)?))?
        {
            Some(seller) => ids.push(seller.id),
            None => bail!("there is no seller `{slug}`"),
        }
    }
    Ok(ids)
}
