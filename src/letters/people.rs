//! Letters about accounts. Whoever typed an address may not own it, so the letters that a stranger can cause hold nothing a
//! stranger wrote: no name, no message, only our own fixed words and one link.

use super::letter;
use super::parts::{Moment, Signature};

/// To an address that signed up: it belongs to an account once the link is opened.
pub struct ConfirmAddress {
    pub signature: Signature,
    pub link: String,
    pub until: Moment,
}
letter!(
    ConfirmAddress,
    "letters/confirm_address.subject.txt",
    "letters/confirm_address.txt",
    "letters/confirm_address.html"
);

/// To an address that signed up again; the page said the same as for a new one.
pub struct AlreadyHaveAccount {
    pub signature: Signature,
}
letter!(
    AlreadyHaveAccount,
    "letters/already_have_account.subject.txt",
    "letters/already_have_account.txt",
    "letters/already_have_account.html"
);

pub struct Reset {
    pub signature: Signature,
    pub link: String,
    pub until: Moment,
}
letter!(
    Reset,
    "letters/reset.subject.txt",
    "letters/reset.txt",
    "letters/reset.html"
);

pub struct PasswordChanged {
    pub signature: Signature,
    pub at: Moment,
}
letter!(
    PasswordChanged,
    "letters/password_changed.subject.txt",
    "letters/password_changed.txt",
    "letters/password_changed.html"
);

/// To a person whom staff gave an account.
pub struct Invitation {
    pub signature: Signature,
    /// `agent`, `manager`, `customer`.
    pub role: String,
    pub link: String,
    pub until: Moment,
}
letter!(
    Invitation,
    "letters/invitation.subject.txt",
    "letters/invitation.txt",
    "letters/invitation.html"
);
