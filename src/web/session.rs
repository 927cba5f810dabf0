//! Who is at the other end: the cookie, its row, and what goes along with a visit (colours, the one sentence after a redirect).
//!
//! Somebody who is not signed in also gets a cookie, a random one without a row: the forms that anybody may send (sign in, sign
//! up) are tied to it, and it is thrown away at sign-in, so that no cookie from before is worth anything afterwards.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::page::{Audience, Flash, Frame, NavItem, Signed, Theme};
use super::parts::Tone;
use super::{filters, gate, nav, request};
use crate::act::{Act, Door, Person, Role, Who};
use crate::app::App;
use crate::db;
use crate::desk;
use crate::error::{Error, Result};
use crate::ids::{PersonId, SessionId, digest, secret};
use crate::plain;

/// What the gate found out, for the rest of the request.
pub struct Visit {
    pub person: Option<Person>,
    pub zone: Tz,
    pub now: DateTime<Utc>,
    /// The request's reference, for the log and for people who ask for help.
    pub reference: String,
    pub ip: IpAddr,
    pub device: String,
    pub session: Option<SessionId>,
    csrf: String,
    theme: Theme,
    here: String,
    demo: bool,
    nav: Vec<NavItem>,
    /// A cookie that the answer sets, for somebody who came without one.
    fresh: Option<Cookie<'static>>,
    flash: RefCell<Option<Flash>>,
    flash_shown: Cell<bool>,
    tls: bool,
}

/// How often a session's last sign of life is written down: not at every request.
const SEEN_EVERY: Duration = Duration::seconds(60);

impl Visit {
    pub async fn of(request: &ServiceRequest) -> Result<Visit> {
        let request = request.request();
        let app = gate::app(request)?;
        let now = app.now();
        let given = cookie(request, cookie_name(app.config.tls())).filter(|value| is_token(value));
        let known = match &given {
            Some(token) => signed_in(&app, token, now, is_poll(request)).await?,
            None => None,
        };
        let (token, fresh) = match given {
            Some(token) => (token, None),
            None => {
                let token = secret()?;
                let cookie = session_cookie(&token, app.config.tls());
                (token, Some(cookie))
            }
        };
        let flash = cookie(request, FLASH).and_then(|value| read_flash(&app, &value));
        let (person, session, zone) = match known {
            Some((person, session, zone)) => (Some(person), Some(session), zone),
            None => (None, None, Tz::UTC),
        };
        let path = request.path();
        Ok(Visit {
            nav: nav::of(person.as_ref().map(|person| person.role), path),
            csrf: sign(&app, "csrf", &token)?,
            theme: Theme::named(&cookie(request, THEME).unwrap_or_default()),
            here: request
                .uri()
                .path_and_query()
                .map_or("/".into(), ToString::to_string),
            demo: app.config.demo,
            tls: app.config.tls(),
            flash_shown: Cell::new(false),
            flash: RefCell::new(flash),
            reference: request::reference(request),
            ip: request::ip(request, &app.config.trusted_proxies),
            device: device(request),
            person,
            session,
            zone,
            now,
            fresh,
        })
    }

    pub fn role(&self) -> Option<Role> {
        self.person.as_ref().map(|person| person.role)
    }

    /// The frame of a page; a flash that waits is shown on it, once.
    pub fn frame(&self, title: &str) -> Frame {
        let flash = self.flash.borrow_mut().take();
        if flash.is_some() {
            self.flash_shown.set(true);
        }
        Frame {
            title: title.to_owned(),
            audience: match self.role() {
                None => Audience::Visitor,
                Some(Role::Customer) => Audience::Customer,
                Some(_) => Audience::Staff,
            },
            person: self.person.as_ref().map(|person| Signed {
                name: person.name.clone(),
                email: person.email.clone(),
                role_label: role_label(person.role).to_owned(),
                initials: filters::initials(&person.name),
            }),
            nav: self.nav.clone(),
            crumbs: Vec::new(),
            flash,
            demo: self.demo,
            theme: self.theme,
            csrf: self.csrf.clone(),
            seller_name: None,
            help_href: nav::help(self.role()).to_owned(),
            here: self.here.clone(),
            now: filters::iso(self.now),
            refused: false,
        }
    }

    /// What a verb is told: this person, this moment, this door.
    pub fn act(&self, app: &App) -> Act {
        let who = match &self.person {
            Some(person) => Who::Person(person.clone()),
            None => Who::Visitor,
        };
        let via = match self.role() {
            Some(role) if role.is_staff() => Door::Queue,
            _ => Door::Portal,
        };
        app.act(who, via, &self.reference)
    }

    /// Whether the token is the one that the pages of this session carry; compared in constant time.
    pub fn knows(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// Puts the cookies on the answer that belong there; an answer's own come last and win.
    pub fn leave<B>(&self, answer: &mut HttpResponse<B>) -> Result<()> {
        let sets =
            |name: &str, answer: &HttpResponse<B>| answer.cookies().any(|set| set.name() == name);
        if let Some(fresh) = &self.fresh
            && !sets(fresh.name(), answer)
        {
            add(answer, fresh)?;
        }
        if self.flash_shown.get() && !sets(FLASH, answer) && !answer.status().is_redirection() {
            add(answer, &gone(FLASH, self.tls))?;
        }
        Ok(())
    }
}

fn add<B>(answer: &mut HttpResponse<B>, cookie: &Cookie<'_>) -> Result<()> {
    answer
        .add_cookie(cookie)
        .map_err(|cause| Error::Internal(cause.into()))
}

/// The person behind a token, if it still opens anything: not ended, not older than its role allows, not idle for too long, and
/// the person not disabled.
async fn signed_in(
    app: &App,
    token: &str,
    now: DateTime<Utc>,
    poll: bool,
) -> Result<Option<(Person, SessionId, Tz)>> {
    let token_hash = digest(token);
    let found = app
        .read(move |conn| {
            let Some((session, person)) = db::people::session(conn, &token_hash, now)? else {
                return Ok(None);
            };
            if !desk::people::is_alive(&session, person.role, now) {
                return Ok(None);
            }
            let actor = db::people::actor(conn, &person)?;
            Ok(Some((actor, session, person.time_zone)))
        })
        .await?;
    let Some((person, session, zone)) = found else {
        return Ok(None);
    };
    if !poll && session.seen_at.utc() + SEEN_EVERY <= now {
        let id = session.id.clone();
        app.write(move |tx| desk::people::seen(tx, &id, now))
            .await?;
    }
    Ok(Some((person, session.id, zone.parse().unwrap_or(Tz::UTC))))
}

/// Whose session the request's cookie is, also where its time is over. One that was ended on purpose is nobody's: it may be in
/// other hands.
pub async fn was(request: &HttpRequest) -> Result<Option<PersonId>> {
    let app = gate::app(request)?;
    let token = cookie(request, cookie_name(app.config.tls())).filter(|value| is_token(value));
    let Some(token) = token else {
        return Ok(None);
    };
    let hash = digest(&token);
    app.read(move |conn| db::people::owner_of_session(conn, &hash))
        .await
}

const FLASH: &str = "flash";
const THEME: &str = "theme";

/// `__Host-`: only this host, only over TLS, only for the whole site; a browser takes it from nobody else.
fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-sid" } else { "sid" }
}

fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned())
}

fn is_token(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A page that refreshes itself is no sign of life.
fn is_poll(request: &HttpRequest) -> bool {
    request.headers().contains_key("x-poll")
}

fn device(request: &HttpRequest) -> String {
    let agent = request.headers().get(USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or("");
    plain::line(agent, 200)
}

fn made(name: &'static str, value: String, tls: bool) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(tls)
        .finish()
}

fn gone(name: &'static str, tls: bool) -> Cookie<'static> {
    let mut cookie = made(name, String::new(), tls);
    cookie.set_max_age(CookieDuration::ZERO);
    cookie
}

/// Without an age of its own: the row says how long it lives, the browser forgets it when it closes.
pub fn session_cookie(token: &str, tls: bool) -> Cookie<'static> {
    made(cookie_name(tls), token.to_owned(), tls)
}

pub fn no_session_cookie(tls: bool) -> Cookie<'static> {
    gone(cookie_name(tls), tls)
}

pub fn theme_cookie(theme: Theme, tls: bool) -> Cookie<'static> {
    let mut cookie = made(THEME, theme.word().to_owned(), tls);
    cookie.set_max_age(CookieDuration::days(365));
    cookie
}

/// One sentence for the page after the redirect; signed, so that nobody else puts words on our pages.
pub fn flash_cookie(app: &App, tone: Tone, text: &str) -> Result<Cookie<'static>> {
    let words = BASE64URL_NOPAD.encode(format!("{}:{text}", tone.class()).as_bytes());
    let value = format!("{words}.{}", sign(app, "flash", &words)?);
    let mut cookie = made(FLASH, value, app.config.tls());
    cookie.set_max_age(CookieDuration::minutes(5));
    Ok(cookie)
}

fn read_flash(app: &App, value: &str) -> Option<Flash> {
    let (words, signature) = value.split_once('.')?;
    let expected = sign(app, "flash", words).ok()?;
    if !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
        return None;
    }
    let words = String::from_utf8(BASE64URL_NOPAD.decode(words.as_bytes()).ok()?).ok()?;
    let (tone, text) = words.split_once(':')?;
    let tones = [
        Tone::Ok,
        Tone::Accent,
        Tone::Warn,
        Tone::Danger,
        Tone::Paused,
        Tone::Neutral,
    ];
    let tone = tones.into_iter().find(|known| known.class() == tone)?;
    Some(Flash {
        tone,
        text: text.to_owned(),
    })
}

/// HMAC-SHA256 under the desk's secret, of a text for one purpose.
fn sign(app: &App, purpose: &str, text: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.config.secret.as_bytes())
        .map_err(|cause| Error::broken(format!("hmac: {cause}")))?;
    mac.update(purpose.as_bytes());
    mac.update(b"\n");
    mac.update(text.as_bytes());
    Ok(HEXLOWER.encode(&mac.finalize().into_bytes()))
}

pub fn role_label(role: Role) -> &'static str {
    match role {
        Role::Customer => "Customer",
        Role::Agent => "Agent",
        Role::Lead => "Lead",
        Role::Manager => "Manager",
        Role::Admin => "Administrator",
    }
}
