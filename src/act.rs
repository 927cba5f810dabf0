//! Who does something, when, and through which door. Plain data, handed to every verb, so that nothing reads ambient state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, SellerId};
pub use crate::rules::rights::Role;

#[derive(Debug, Clone)]
pub struct Act {
    pub who: Who,
    pub at: DateTime<Utc>,
    pub via: Door,
    /// The request's reference, for the log.
    pub request: String,
    /// The desk's public address: links in letters are built from it alone.
    pub site: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Nobody we know yet.
    Visitor,
    Person(Person),
    /// The policy itself, where its text says "automatically".
    Policy,
    /// The desk's own worker: letters, clocks, statuses pulled.
    Worker,
    /// Someone at the command line of the machine.
    Operator,
}

/// A signed-in person, as much of them as a right can hang on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// The sellers a member of staff is limited to; empty for all of them.
    pub sellers: Vec<SellerId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    Portal,
    Queue,
    Mail,
    Api,
    Worker,
    Cli,
}

impl Door {
    pub fn as_str(self) -> &'static str {
        match self {
            Door::Portal => "portal",
            Door::Queue => "queue",
            Door::Mail => "mail",
            Door::Api => "api",
            Door::Worker => "worker",
            Door::Cli => "cli",
        }
    }
}

impl Act {
    pub fn worker(at: DateTime<Utc>, site: &str) -> Self {
        Act {
            who: Who::Worker,
            at,
            via: Door::Worker,
            request: String::new(),
            site: site.to_owned(),
        }
    }

    pub fn operator(at: DateTime<Utc>, site: &str) -> Self {
        Act {
            who: Who::Operator,
            at,
            via: Door::Cli,
            request: String::new(),
            site: site.to_owned(),
        }
    }

    /// The signed-in person, where there is one.
    pub fn person(&self) -> Option<&Person> {
        match &self.who {
            Who::Person(person) => Some(person),
            _ => None,
        }
    }
}

impl Who {
    /// How rows name the doer: a person's id, or the word for what is not a person.
    pub fn key(&self) -> &str {
        match self {
            Who::Visitor => "visitor",
            Who::Person(person) => person.id.as_str(),
            Who::Policy => "policy",
            Who::Worker => "worker",
            Who::Operator => "operator",
        }
    }

    /// How a timeline names the doer.
    pub fn label(&self) -> &str {
        match self {
            Who::Visitor => "A visitor",
            Who::Person(person) => &person.name,
            Who::Policy => "The policy",
            Who::Worker => "Redress",
            Who::Operator => "The operator",
        }
    }
}
