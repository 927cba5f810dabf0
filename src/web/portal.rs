//! The customer's own pages: home, orders, claims step by step, conversations, the balance. Everything is found through the
//! customer, so that what is not theirs is not there; what can be done is the rules' to say, and is worked out in `desk`.

pub mod answer;
pub mod balance;
pub mod cancel;
pub mod check;
mod filed;
pub mod home;
pub mod orders;
mod questions;
pub mod replies;
mod rows;
pub mod standing;
pub mod steps;
pub mod ticket;
pub mod tickets;
mod uploads;

use super::gate::Customer;
use super::show::Wall;
use super::show::order::Labels;
use crate::act::{Act, Person};
use crate::app::App;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::ids::{PersonId, SellerId};

/// Who looks, and from where: everything that a page is made for, apart from the request.
#[derive(Clone)]
struct Viewer {
    person: Person,
    act: Act,
    wall: Wall,
}

impl Viewer {
    fn of(app: &App, visit: &Customer) -> Viewer {
        Viewer {
            person: visit.person.clone(),
            act: visit.act(app),
            wall: Wall {
                zone: visit.zone,
                now: visit.now,
            },
        }
    }
}

/// What the customer's payment methods with a seller are called.
fn labels(conn: &mut Conn, seller: &SellerId, customer: &PersonId) -> Result<Labels> {
    let methods = db::deposits::methods_of(conn, seller, customer)?;
    let named = methods
        .into_iter()
        .map(|method| (method.reference, method.label));
    Ok(named.collect())
}
