//! Mailboxes at other servers that have not been read for a while: whose, since when, why, and what to do.

use chrono::Duration;

use crate::db::imap::Account;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::queue::Looker;

/// Longer than a healthy mailbox is ever left alone.
const A_WHILE: Duration = Duration::minutes(15);

/// A sentence for each.
pub fn unread(conn: &mut Conn, looker: &Looker) -> Result<Vec<String>> {
    let now = looker.wall.now;
    let mut sentences = Vec::new();
    for account in db::imap::list(conn, &looker.scope)? {
        let read = account.checked_at.unwrap_or(account.connected_at).utc();
        if account.failures == 0 && now - read < A_WHILE {
            continue;
        }
        let address = db::inbox::mailbox_of(conn, &account.seller_id)?;
        let address = address.map_or(account.login.clone(), |mailbox| mailbox.address);
        let since = filters::moment(read, looker.wall.zone, now);
        let ever = match account.checked_at {
            Some(_) => format!("has not been read since {since}"),
            None => format!("was connected {since} and has not been read yet"),
        };
        sentences.push(format!("{address} {ever}: {}", why(&account)));
    }
    Ok(sentences)
}

fn why(account: &Account) -> String {
    match &account.problem {
        Some(problem) => format!(
            "{problem}. It is tried again by itself; whoever runs the desk can set it anew (redress seller mail)."
        ),
        None => "the desk's worker is not running. Whoever runs the desk starts it (redress work)."
            .to_owned(),
    }
}
