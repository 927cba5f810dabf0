//! A form is answered once. The browser may send it twice (a double click, a lost answer, the back button): the same key with the
//! same contents gets the first answer again, with other contents it is refused, and neither does the work a second time.

use chrono::Duration;

use crate::act::Act;
use crate::db::Tx;
use crate::db::forms::{Form, Kept, count_kept, find, insert_form, insert_kept, set_answer};
use crate::error::{Code, Error, Result};
use crate::ids::{PersonId, secret};

/// Where to look after the deed, and the one sentence shown there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub location: String,
    pub flash: String,
}

impl Done {
    pub fn new(location: impl Into<String>, flash: impl Into<String>) -> Self {
        Done {
            location: location.into(),
            flash: flash.into(),
        }
    }
}

/// Runs the work under the form's key and keeps its answer in the same transaction.
///
/// # Errors
/// What the work gave (the key stays free then); `Refused(KeyReused)` for other contents under a used key; `NotFound` for a key
/// that somebody else used.
pub fn once(
    tx: &mut Tx,
    act: &Act,
    key: &str,
    fingerprint: &str,
    work: impl FnOnce(&mut Tx) -> Result<Done>,
) -> Result<Done> {
    let form = Form {
        key: key.to_owned(),
        person_id: act.who.key().to_owned(),
        fingerprint: fingerprint.to_owned(),
        location: String::new(),
        flash: String::new(),
        at: act.at.into(),
    };
    if insert_form(tx, &form)? {
        let done = work(tx)?;
        set_answer(tx, key, &done.location, &done.flash)?;
        return Ok(done);
    }
    let first = find(tx, key)?;
    if first.person_id != form.person_id {
        return Err(Error::NotFound);
    }
    if first.fingerprint != form.fingerprint {
        return Err(Error::refused(Code::KeyReused));
    }
    Ok(Done::new(first.location, first.flash))
}

/// For how long a form is kept that was sent after its session had ended.
pub const KEPT_FOR: Duration = Duration::hours(24);
/// As many as are kept of one person; who has more is no person.
const MOST_KEPT: i64 = 20;

/// A form that nobody was there to take.
#[derive(Debug, Clone)]
pub struct Late {
    pub path: String,
    pub page: String,
    pub with_files: bool,
    pub fields: Vec<(String, String)>,
}

/// Keeps what was typed into a form that came after its session had ended, until the person has signed in again. Gives the name
/// under which they find it; none where there are too many.
pub fn keep(tx: &mut Tx, act: &Act, person: &PersonId, late: &Late) -> Result<Option<String>> {
    if count_kept(tx, person, act.at - KEPT_FOR)? >= MOST_KEPT {
        return Ok(None);
    }
    let kept = Kept {
        id: secret()?,
        person_id: person.clone(),
        path: late.path.clone(),
        page: late.page.clone(),
        with_files: late.with_files,
        fields_json: serde_json::to_string(&late.fields)?,
        at: act.at.into(),
    };
    insert_kept(tx, &kept)?;
    Ok(Some(kept.id))
}
