//! A form is answered once. The browser may send it twice (a double click, a lost answer, the back button): the same key with the
//! same contents gets the first answer again, with other contents it is refused, and neither does the work a second time.

use crate::act::Act;
use crate::db::Tx;
use crate::db::forms::{Form, find, insert_form, set_answer};
use crate::error::{Code, Error, Result};

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
