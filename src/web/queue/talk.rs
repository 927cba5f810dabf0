//! The conversation region: the whole story, and the two ways to write. What the customer reads and what only staff read are two
//! forms with two addresses, never one form with a switch.

use super::story::Story;
use super::{Looker, Typed};
use crate::desk::tickets::first_name;
use crate::error::Result;
use crate::web::form::new_key;
use crate::web::page::Filled;
use crate::web::parts::Timeline;

/// See `templates/parts/conversation.html`.
pub struct Talk {
    pub timeline: Timeline,
    pub reply: Filled,
    pub note: Filled,
    pub key: String,
    pub note_key: String,
    /// For the button.
    pub customer: String,
}

impl Talk {
    pub fn of(story: &Story, looker: &Looker, typed: &Typed) -> Result<Talk> {
        Ok(Talk {
            timeline: story.timeline(looker.wall),
            reply: typed.reply.clone().unwrap_or_default(),
            note: typed.note.clone().unwrap_or_default().under("note"),
            key: new_key()?,
            note_key: new_key()?,
            customer: first_name(&story.customer.name).to_owned(),
        })
    }
}
