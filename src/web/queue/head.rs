//! The line above a staff page: what it is about, the promises that run, whose it is, and the way to the next.

use super::Looker;
use super::story::Story;
use crate::error::Result;
use crate::rules::priority::Priority;
use crate::rules::rights::assigning;
use crate::web::form::new_key;
use crate::web::page::Choice;
use crate::web::parts::{Badge, Clock, Link};
use crate::web::session::role_label;
use crate::web::show::{clocks, priority};

/// What `assignee` says for giving a ticket back to everyone.
pub const NOBODY: &str = "nobody";

/// See `templates/parts/claim_head.html`.
pub struct Head {
    pub number: String,
    pub subject: String,
    pub badge: Badge,
    pub clocks: Vec<Clock>,
    /// Where the ticket lives: its forms post below it.
    pub path: String,
    pub seen: String,
    pub back: Link,
    pub assignee: Option<String>,
    pub is_mine: bool,
    pub me: String,
    pub take_key: String,
    /// Whom it can be given to; empty where the looker may give it to nobody.
    pub colleagues: Vec<Choice>,
    pub hand_key: String,
    /// None where it is as most are.
    pub pressing: Option<Badge>,
    pub priorities: Vec<Choice>,
    pub priority: String,
    pub priority_key: String,
    pub is_open: bool,
    /// A ticket with a claim closes by the decision, not by hand.
    pub can_turn: bool,
    pub turn_key: String,
    pub following: Option<String>,
}

impl Head {
    pub fn of(
        story: &Story,
        looker: &Looker,
        number: &str,
        badge: Badge,
        following: Option<String>,
    ) -> Result<Head> {
        let running = story
            .clocks
            .iter()
            .filter(|clock| matches!(clock.state.as_str(), "running" | "paused"));
        let running = running.filter(|clock| clock.firmness != "estimate");
        Ok(Head {
            number: number.to_owned(),
            subject: story.ticket.subject.clone(),
            badge,
            clocks: running
                .take(2)
                .map(|clock| clocks::badge(clock, looker.wall))
                .collect(),
            path: format!("/queue/tickets/{}", story.ticket.number),
            seen: story.seen().to_string(),
            back: Link {
                label: "Queue".to_owned(),
                href: "/queue".to_owned(),
            },
            assignee: story.assignee().map(str::to_owned),
            is_mine: story.is_mine(looker),
            me: looker.person.id.to_string(),
            take_key: new_key()?,
            colleagues: colleagues(story, looker),
            hand_key: new_key()?,
            pressing: priority::badge(story.ticket.priority.as_deref()),
            priorities: priority::choices(),
            priority: Priority::of(story.ticket.priority.as_deref()).to_string(),
            priority_key: new_key()?,
            is_open: story.is_open(),
            can_turn: true,
            turn_key: new_key()?,
            following,
        })
    }
}

fn colleagues(story: &Story, looker: &Looker) -> Vec<Choice> {
    let (me, mine) = (&looker.person, story.is_mine(looker));
    let free = story.ticket.assignee_id.is_none() || mine;
    let others = story
        .staff
        .iter()
        .filter(|person| person.id != me.id && assigning(me.role, free, Some(person.role)));
    let mut list: Vec<Choice> = others
        .map(|person| {
            let label = format!(
                "{} ({})",
                person.name,
                role_label(person.role).to_lowercase()
            );
            Choice::new(person.id.as_str(), &label, "")
        })
        .collect();
    if story.ticket.assignee_id.is_some() && assigning(me.role, mine, None) {
        list.push(Choice::new(NOBODY, "Nobody: back to everyone", ""));
    }
    list
}
