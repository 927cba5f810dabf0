//! Mail that comes in: who may say what by it, and what never happens by it. The numbers t01 to t13 are those of the threats that
//! each story plays.

mod bombs;
mod bounces;
mod claims;
mod corpus;
mod html;
mod identity;
mod imap;
mod loops;
mod outward;
mod pipe;
mod reading;
mod sending;
mod servers;
mod trays;

use std::path::Path;
use std::process::Command;

use redress::act::{Act, Door, Role, Who};
use redress::db::tickets::{Message, Ticket};
use redress::db::{self, inbox::Mail};
use redress::desk::tickets::{self, Opening};
use redress::ids::{PersonId, TicketId};

use crate::support::app::Desk;
use crate::support::make::Shop;
use crate::support::post::{Post, mail};

const ANNA: &str = "anna@harbor.example";
const OMAR: &str = "omar@desk.example";
const EVIL: &str = "mallory@evil.example";

/// The program as an operator calls it: whether it went well, and all that it said.
fn redress(data: &Path, words: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(words)
        .env_clear()
        .env("REDRESS_DATA", data)
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(said).unwrap())
}

/// A shop that an operator opens, whose mail is read nowhere yet.
fn opens_a_shop(data: &Path) {
    let publish = ["policy", "publish", "policies/panel-credits.toml"];
    let (ok, said) = redress(data, &publish);
    assert!(ok, "{said}");
    let add = [
        "seller",
        "add",
        "--slug",
        "mine",
        "--name",
        "Mine",
        "--policy",
        "panel-credits",
        "--mail",
        "desk@mine.example",
    ];
    let (ok, said) = redress(data, &add);
    assert!(ok, "{said}");
}

/// Its mail is read from now on.
fn reads_its_mail(data: &Path) {
    let (address, seller) = ("desk@mine.example", "mine");
    let read = ["seller", "mail", "--seller", seller, "--address", address];
    let (ok, said) = redress(data, &read);
    assert!(ok, "{said}");
}

/// Anna, who has bought from a shop whose mail is read; Omar, an agent.
struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    /// The shop's address.
    to: String,
    anna: PersonId,
}

impl<'a> Stage<'a> {
    fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
        desk.person("Omar Haddad", OMAR, Role::Agent);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
        shop.deposit(&anna, "D-1", "500.00", 40);
        let to = shop.reads_mail(desk);
        Stage {
            desk,
            shop,
            to,
            anna,
        }
    }

    fn act_of(&self, email: &str) -> Act {
        let person = self.desk.app.pool.read(|conn| {
            let person = db::people::by_email(conn, email)?.unwrap();
            Ok(db::people::actor(conn, &person)?)
        });
        self.desk
            .app
            .act(Who::Person(person.unwrap()), Door::Portal, "story")
    }

    /// Anna's question, asked on the page.
    fn question(&self, subject: &str) -> Ticket {
        let act = self.act_of(ANNA);
        let opening = Opening {
            seller: &self.shop.seller,
            customer: &self.anna,
            subject,
            body: "How long does it take?",
        };
        let pool = &self.desk.app.pool;
        pool.write(|tx| tickets::open(tx, &act, &opening, &[]))
            .unwrap()
    }

    /// Omar answers on a ticket, and the letter leaves.
    async fn omar_answers(&self, ticket: &TicketId, words: &str) {
        let act = self.act_of(OMAR);
        let pool = &self.desk.app.pool;
        pool.write(|tx| tickets::reply(tx, &act, ticket, None, words, &[]))
            .unwrap();
        self.desk.works().await;
    }

    fn annas_mail(&self) -> Post {
        mail(&format!("Anna <{ANNA}>"), &self.to)
    }

    fn messages(&self, ticket: &TicketId) -> Vec<Message> {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::tickets::messages(conn, ticket)?))
            .unwrap()
    }

    /// What the customer said on a ticket.
    fn said(&self, ticket: &TicketId) -> Vec<String> {
        let spoken = self.messages(ticket).into_iter();
        let theirs = spoken.filter(|message| message.kind == "customer");
        theirs.map(|message| message.body).collect()
    }

    fn tickets(&self) -> Vec<Ticket> {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::tickets::of_customer(conn, &self.anna)?))
            .unwrap()
    }

    fn ticket(&self, id: &TicketId) -> Ticket {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::tickets::find(conn, id)?)).unwrap()
    }
}

/// Where a mail lies and why.
fn lies(mail: &Mail) -> (&str, &str) {
    (mail.state.as_str(), mail.why.as_deref().unwrap_or(""))
}
