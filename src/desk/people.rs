//! Accounts: how people get one, prove the address is theirs, sign in, and lose it again. Nobody learns from an answer whether an
//! address has an account: what differs is only what its owner finds in their mail.
//!
//! Why sign-up asks for no password: it is chosen behind the link in the mail, by whoever owns the address. Somebody who signs up
//! with another's address gains nothing, even if the owner opens the link.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use super::mailroom::{Envelope, queue};
use super::passwords::Proof;
use super::throttle::{self, Try, count, forgive, take_back};
use crate::act::{Act, Role, Who};
use crate::address::Address;
use crate::db::people::{
    Person, Session, Token, by_email, find, insert_person, insert_session, insert_token,
    mark_confirmed, mark_session_ended, mark_session_seen, mark_sessions_ended, mark_token_used,
    mark_tokens_used, sessions_of, set_disabled, set_held, set_password, set_profile, set_role,
    set_sellers, token,
};
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{PersonId, SellerId, SessionId, digest, fresh, secret};
use crate::letters::Letter;
use crate::letters::parts::{Moment, Signature};
use crate::letters::people::{
    AlreadyHaveAccount, ConfirmAddress, Invitation, PasswordChanged, Reset,
};
use crate::plain;
use crate::rules::rights::{Verb, may};

/// The name under letters that no seller signs.
const DESK: &str = "Redress";
const SESSIONS_AT_MOST: usize = 10;
const NAME_LENGTH: usize = 100;

/// What a mailed link is for. Each works once, for so long, and the next one of its person ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Confirm,
    Reset,
    Invite,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Confirm => "confirm",
            Purpose::Reset => "reset",
            Purpose::Invite => "invite",
        }
    }

    fn lives(self) -> Duration {
        match self {
            Purpose::Confirm => Duration::hours(24),
            Purpose::Reset => Duration::minutes(30),
            Purpose::Invite => Duration::hours(72),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Purpose::Confirm => "confirm",
            Purpose::Reset => "reset",
            Purpose::Invite => "invitation",
        }
    }
}

/// How long a session may lie idle, and how long it lasts at most.
fn lifetime(role: Role) -> (Duration, Duration) {
    match role {
        Role::Customer => (Duration::hours(24), Duration::days(30)),
        Role::Agent | Role::Lead => (Duration::minutes(60), Duration::hours(12)),
        Role::Manager | Role::Admin => (Duration::minutes(30), Duration::hours(8)),
    }
}

/// Whether a session that is neither ended nor past its last day has been used lately enough for the role.
pub fn is_alive(session: &Session, role: Role, now: DateTime<Utc>) -> bool {
    let (idle, whole) = lifetime(role);
    now < session.seen_at.utc() + idle && now < session.created_at.utc() + whole
}

/// A stranger asks for an account. `from` is what tries are counted by.
///
/// # Errors
/// `Invalid` for a name or address that cannot be one; `Throttled` for too many from one place. Never whether it is known.
pub fn sign_up(tx: &mut Tx, act: &Act, from: &str, name: &str, email: &str) -> Result<()> {
    let (name, email) = introduced(name, email)?;
    count(tx, act, throttle::SIGN_UP_FROM, from)?;
    if count(tx, act, throttle::SIGN_UP, email.as_str()).is_err()
        || count(tx, act, throttle::UNASKED, email.as_str()).is_err()
    {
        return Ok(());
    }
    let newcomer = newcomer(act, &name, &email, Role::Customer);
    if insert_person(tx, &newcomer)? {
        return send_link(tx, act, &newcomer, Purpose::Confirm).map(drop);
    }
    let Some(known) = by_email(tx, email.as_str())? else {
        return Err(Error::broken("an address is taken by nobody"));
    };
    if known.is_usable() {
        let letter = AlreadyHaveAccount {
            signature: signature(act),
        }
        .letter()?;
        let key = format!("already {} {}", known.id, fresh(act.at));
        return send(tx, act, &known, "already_have_account", key, letter);
    }
    if known.disabled_at.is_none() {
        send_link(tx, act, &known, Purpose::Confirm)?;
    }
    Ok(())
}

/// Counts a try to sign in before its password is looked at: by account and by where it comes from.
pub fn knock(tx: &mut Tx, act: &Act, email: &str, from: &str) -> Result<Knock> {
    Ok(Knock {
        account: count(tx, act, throttle::PASSWORD, &spelled(email))?,
        place: count(tx, act, throttle::PASSWORD_FROM, from)?,
    })
}

/// A counted try. It is held against nobody once the password was right.
#[derive(Debug, Clone)]
pub struct Knock {
    account: Try,
    place: Try,
}

/// The person who could sign in with that address; its hash is what the password is compared with.
pub fn who_signs_in(conn: &mut Conn, email: &str) -> Result<Option<Person>> {
    Ok(by_email(conn, &spelled(email))?.filter(Person::is_usable))
}

/// A session that began. The token goes into the cookie and nowhere else.
#[derive(Debug, Clone)]
pub struct Entered {
    pub token: String,
    pub role: Role,
}

/// Signs in with a proof from `passwords::verify`. Whatever session the visitor came with is worth nothing afterwards.
///
/// # Errors
/// `Invalid` for a wrong password and for an unknown address alike.
pub fn sign_in(
    tx: &mut Tx,
    act: &Act,
    person: Option<&PersonId>,
    proof: &Proof,
    knock: &Knock,
    device: &str,
) -> Result<Entered> {
    let Some(id) = person else {
        return Err(wrong());
    };
    let person = set_held(tx, id)?;
    if !person.is_usable() || !proof.holds_for(person.password_hash.as_deref()) {
        return Err(wrong());
    }
    forgive(tx, &knock.account)?;
    take_back(tx, &knock.place)?;
    if let Some(hash) = proof.fresh() {
        set_password(tx, id, hash)?;
    }
    enter(tx, act, &person, device)
}

fn wrong() -> Error {
    Error::invalid("email", "The address or the password is not right")
}

fn enter(tx: &mut Tx, act: &Act, person: &Person, device: &str) -> Result<Entered> {
    let token = secret()?;
    let (_, whole) = lifetime(person.role);
    for old in sessions_of(tx, &person.id, act.at)?
        .iter()
        .skip(SESSIONS_AT_MOST - 1)
    {
        mark_session_ended(tx, &person.id, &old.id, act.at)?;
    }
    let session = Session {
        id: SessionId::new(act.at),
        person_id: Some(person.id.clone()),
        token_hash: digest(&token),
        device: device.to_owned(),
        created_at: act.at.into(),
        seen_at: act.at.into(),
        expires_at: (act.at + whole).into(),
        ended_at: None,
    };
    insert_session(tx, &session)?;
    Ok(Entered {
        token,
        role: person.role,
    })
}

/// The session is still in use.
pub fn seen(tx: &mut Tx, session: &SessionId, now: DateTime<Utc>) -> Result<()> {
    mark_session_seen(tx, session, now)?;
    Ok(())
}

/// Ends one of the person's own sessions.
pub fn sign_out(tx: &mut Tx, act: &Act, session: &SessionId) -> Result<()> {
    let person = doer(act)?;
    if mark_session_ended(tx, &person, session, act.at)? == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}

pub fn sign_out_everywhere(tx: &mut Tx, act: &Act) -> Result<()> {
    let person = doer(act)?;
    mark_sessions_ended(tx, &person, act.at)?;
    Ok(())
}

/// Somebody forgot a password. Whether a letter goes out is nobody's business but the owner's.
pub fn request_reset(tx: &mut Tx, act: &Act, from: &str, email: &str) -> Result<()> {
    let email = Address::parse(email).map_err(|why| Error::invalid("email", why.to_string()))?;
    count(tx, act, throttle::RESET_FROM, from)?;
    if count(tx, act, throttle::RESET, email.as_str()).is_err()
        || count(tx, act, throttle::UNASKED, email.as_str()).is_err()
    {
        return Ok(());
    }
    match by_email(tx, email.as_str())? {
        Some(person) if person.disabled_at.is_none() => {
            send_link(tx, act, &person, Purpose::Reset).map(drop)
        }
        _ => Ok(()),
    }
}

/// The person whom an open link was made for. One that is used, too old or guessed is counted against where it came from.
pub fn link_owner(
    conn: &mut Conn,
    purpose: Purpose,
    link: &str,
    now: DateTime<Utc>,
) -> Result<Option<Person>> {
    Ok(token(conn, purpose.as_str(), &digest(link), now)?.map(|(_, person)| person))
}

/// What somebody gets for a link that opens nothing: the same for every reason, and a wait after too many.
pub fn refuse_link(tx: &mut Tx, act: &Act, from: &str) -> Result<()> {
    count(tx, act, throttle::LINK_FROM, from)?;
    Ok(())
}

/// Uses up a link: the new password counts, the address is proven, and whoever was signed in before is not any more.
///
/// # Errors
/// `Refused(LinkSpent)` for a link that somebody used meanwhile.
pub fn open_link(
    tx: &mut Tx,
    act: &Act,
    purpose: Purpose,
    link: &str,
    name: Option<&str>,
    hash: &str,
) -> Result<()> {
    let Some((link, person)) = token(tx, purpose.as_str(), &digest(link), act.at)? else {
        return Err(Error::refused(Code::LinkSpent));
    };
    if mark_token_used(tx, &link.id, act.at)? == 0 {
        return Err(Error::refused(Code::LinkSpent));
    }
    if let Some(name) = name {
        set_profile(tx, &person.id, &named(name)?, &person.time_zone)?;
    }
    mark_tokens_used(tx, &person.id, act.at)?;
    mark_sessions_ended(tx, &person.id, act.at)?;
    set_password(tx, &person.id, hash)?;
    mark_confirmed(tx, &person.id, act.at)?;
    if person.is_usable() {
        tell_of_new_password(tx, act, &person)?;
    }
    Ok(())
}

/// Changes one's own password: every session ends, and a new one begins here.
pub fn change_password(
    tx: &mut Tx,
    act: &Act,
    proof: &Proof,
    hash: &str,
    knock: &Knock,
    device: &str,
) -> Result<Entered> {
    let person = set_held(tx, &doer(act)?)?;
    if !proof.holds_for(person.password_hash.as_deref()) {
        return Err(Error::invalid(
            "password",
            "That is not your current password",
        ));
    }
    forgive(tx, &knock.account)?;
    take_back(tx, &knock.place)?;
    mark_sessions_ended(tx, &person.id, act.at)?;
    mark_tokens_used(tx, &person.id, act.at)?;
    set_password(tx, &person.id, hash)?;
    tell_of_new_password(tx, act, &person)?;
    enter(tx, act, &person, device)
}

/// One's own name, and the zone that times are shown in (an IANA name).
pub fn update(tx: &mut Tx, act: &Act, name: &str, zone: &str) -> Result<()> {
    let person = doer(act)?;
    let mut problems = Fields::new();
    let name = plain::line(name, NAME_LENGTH);
    if name.is_empty() {
        problems.add("name", "Enter your name");
    }
    if zone.parse::<Tz>().is_err() {
        problems.add("zone", "Choose a time zone from the list");
    }
    problems.done()?;
    set_profile(tx, &person, &name, zone)?;
    Ok(())
}

/// A member of staff, or a customer, to be.
#[derive(Debug, Clone)]
pub struct Newcomer {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Limits staff to these sellers; none for all.
    pub sellers: Vec<SellerId>,
}

/// Gives somebody an account, to be opened by the link that is mailed, and returned for whoever must hand it over.
pub fn invite(tx: &mut Tx, act: &Act, newcomer: &Newcomer) -> Result<String> {
    let person = enrol(tx, act, newcomer)?;
    send_link(tx, act, &person, Purpose::Invite)
}

/// Gives somebody an account that can be used at once: the operator vouches for the address and hands over the password.
pub fn add(tx: &mut Tx, act: &Act, newcomer: &Newcomer, hash: &str) -> Result<PersonId> {
    if act.who != Who::Operator {
        return Err(Error::Forbidden);
    }
    let person = enrol(tx, act, newcomer)?;
    set_password(tx, &person.id, hash)?;
    mark_confirmed(tx, &person.id, act.at)?;
    Ok(person.id)
}

fn enrol(tx: &mut Tx, act: &Act, wanted: &Newcomer) -> Result<Person> {
    keeps_staff(act, wanted.role)?;
    let (name, email) = introduced(&wanted.name, &wanted.email)?;
    let person = newcomer(act, &name, &email, wanted.role);
    if !insert_person(tx, &person)? {
        return Err(Error::invalid(
            "email",
            "This address has an account already",
        ));
    }
    set_sellers(tx, &person.id, &wanted.sellers)?;
    Ok(person)
}

/// Another role: it counts from the next request on, and the person signs in anew.
pub fn change_role(tx: &mut Tx, act: &Act, id: &PersonId, role: Role) -> Result<()> {
    let person = someone_else(tx, act, id)?;
    keeps_staff(act, role)?;
    if role.is_staff() != person.role.is_staff() {
        return Err(Error::refused_because(
            Code::IllegalStep,
            "A customer does not become staff, nor the other way round: give them a second account.",
        ));
    }
    set_role(tx, id, role)?;
    mark_sessions_ended(tx, id, act.at)?;
    Ok(())
}

/// Shuts somebody out at once: their sessions end, their links die. What they did stays theirs.
pub fn deactivate(tx: &mut Tx, act: &Act, id: &PersonId) -> Result<()> {
    someone_else(tx, act, id)?;
    set_disabled(tx, id, Some(act.at))?;
    mark_sessions_ended(tx, id, act.at)?;
    mark_tokens_used(tx, id, act.at)?;
    Ok(())
}

/// Lets somebody in again, with the password they had.
pub fn reactivate(tx: &mut Tx, act: &Act, id: &PersonId) -> Result<()> {
    someone_else(tx, act, id)?;
    set_disabled(tx, id, None)?;
    Ok(())
}

/// A person other than the doer, of a role that the doer may keep.
fn someone_else(tx: &mut Tx, act: &Act, id: &PersonId) -> Result<Person> {
    let person = find(tx, id)?;
    keeps_staff(act, person.role)?;
    if act.person().is_some_and(|doer| doer.id == *id) {
        return Err(Error::refused_because(
            Code::IllegalStep,
            "Somebody else has to do this to your own account.",
        ));
    }
    Ok(person)
}

/// Managers keep everybody up to their own rank; the operator of the machine keeps all.
fn keeps_staff(act: &Act, role: Role) -> Result<()> {
    let keeps = match &act.who {
        Who::Operator => true,
        Who::Person(doer) => may(doer.role, Verb::KeepStaff) && role <= doer.role,
        _ => false,
    };
    if keeps { Ok(()) } else { Err(Error::Forbidden) }
}

fn doer(act: &Act) -> Result<PersonId> {
    act.person()
        .map(|person| person.id.clone())
        .ok_or(Error::SignIn)
}

/// Both at once, so that a form shows everything that is wrong with it.
fn introduced(name: &str, email: &str) -> Result<(String, Address)> {
    let mut problems = Fields::new();
    let name = named(name).map_err(|_| problems.add("name", "Enter your name"));
    let email = Address::parse(email).map_err(|why| problems.add("email", why.to_string()));
    match (name, email) {
        (Ok(name), Ok(email)) => Ok((name, email)),
        _ => Err(Error::Invalid(problems)),
    }
}

fn named(name: &str) -> Result<String> {
    let name = plain::line(name, NAME_LENGTH);
    if name.is_empty() {
        return Err(Error::invalid("name", "Enter your name"));
    }
    Ok(name)
}

/// The one spelling of an address; what is no address is nobody's.
fn spelled(email: &str) -> String {
    Address::parse(email).map_or_else(|_| "nobody".to_owned(), String::from)
}

fn newcomer(act: &Act, name: &str, email: &Address, role: Role) -> Person {
    Person {
        id: PersonId::new(act.at),
        email: email.to_string(),
        name: name.to_owned(),
        role,
        password_hash: None,
        confirmed_at: None,
        disabled_at: None,
        verified: None,
        suspended: false,
        time_zone: "UTC".to_owned(),
        created_at: act.at.into(),
    }
}

/// Ends the links that the person has, makes a new one and mails it; gives back its address.
fn send_link(tx: &mut Tx, act: &Act, person: &Person, purpose: Purpose) -> Result<String> {
    mark_tokens_used(tx, &person.id, act.at)?;
    let secret = secret()?;
    let until = act.at + purpose.lives();
    let kept = Token {
        id: fresh(act.at),
        person_id: person.id.clone(),
        purpose: purpose.as_str().to_owned(),
        token_hash: digest(&secret),
        created_at: act.at.into(),
        expires_at: until.into(),
        used_at: None,
    };
    insert_token(tx, &kept)?;
    let signature = signature(act);
    let link = signature.link(&format!("/{}/{secret}", purpose.path()));
    let until = moment(until, person);
    let (kind, letter) = match purpose {
        Purpose::Confirm => {
            let letter = ConfirmAddress {
                signature,
                link: link.clone(),
                until,
            };
            ("confirm_address", letter.letter()?)
        }
        Purpose::Reset => {
            let letter = Reset {
                signature,
                link: link.clone(),
                until,
            };
            ("reset", letter.letter()?)
        }
        Purpose::Invite => {
            let role = person.role.as_str().to_owned();
            let letter = Invitation {
                signature,
                role,
                link: link.clone(),
                until,
            };
            ("invitation", letter.letter()?)
        }
    };
    send(tx, act, person, kind, format!("{kind} {}", kept.id), letter)?;
    Ok(link)
}

fn tell_of_new_password(tx: &mut Tx, act: &Act, person: &Person) -> Result<()> {
    let letter = PasswordChanged {
        signature: signature(act),
        at: moment(act.at, person),
    };
    let key = format!("password changed {} {}", person.id, fresh(act.at));
    send(tx, act, person, "password_changed", key, letter.letter()?)
}

fn send(
    tx: &mut Tx,
    act: &Act,
    to: &Person,
    kind: &'static str,
    key: String,
    letter: Letter,
) -> Result<()> {
    let envelope = Envelope {
        key,
        kind,
        seller: None,
        ticket: None,
        claim: None,
        from_name: DESK,
        to: &to.email,
    };
    queue(tx, act, &envelope, letter)?;
    Ok(())
}

fn signature(act: &Act) -> Signature {
    Signature {
        name: DESK.to_owned(),
        site: act.site.clone(),
        is_read: false,
    }
}

fn moment(at: DateTime<Utc>, person: &Person) -> Moment {
    Moment {
        at,
        zone: person.time_zone.parse().unwrap_or(Tz::UTC),
    }
}
