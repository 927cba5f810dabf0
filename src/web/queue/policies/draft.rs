//! A draft on one page: what is wrong with it and where, what it changes, its clauses with their numbers, the past to try it on, and
//! the way to a second person. Nothing that is typed here is lost, whether it holds or not.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::{Hunk, ROOM, Told, crumb, day, hunks, may_write, serves_one, state_badge, told, under};
use crate::app::App;
use crate::db::policy_drafts::{self as rows, PolicyDraft, Proposal};
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::policies as desk;
use crate::error::{Error, Fields, Result};
use crate::ids::PersonId;
use crate::rules::calendar::local_day;
use crate::rules::period::last_quarter;
use crate::rules::policy::{Checks, Grade, Manuscript, Policy, line_of};
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::{Agent, Manager};
use crate::web::page::{Choice, Filled, Frame, render, render_as};
use crate::web::parts::{Badge, Moment, Tone};
use crate::web::queue::Looker;
use crate::web::show::policy as words;
use crate::web::{faces, filters};

const TEXTS: i64 = 20;
const TRIALS: i64 = 10;

#[derive(Template)]
#[template(path = "queue/policy_draft.html")]
struct Show {
    frame: Frame,
    number: String,
    policy: String,
    base: String,
    state: Badge,
    written: String,
    /// What stands against it, and what is worth a second look.
    errors: Vec<Remark>,
    warnings: Vec<Remark>,
    cases: String,
    reads: bool,
    clause_href: String,
    told: Vec<Told>,
    hunks: Vec<Hunk>,
    clauses: Vec<Line>,
    head: Filled,
    trial: Filled,
    sellers: Vec<Choice>,
    trials: Vec<Trial>,
    proposals: Vec<Proposed>,
    /// What this person may do here, and with what the forms are filled.
    writes: bool,
    alive: bool,
    waiting: bool,
    own: bool,
    propose: Filled,
    decline: Filled,
    refusal: Option<String>,
    texts: Vec<Saved>,
    seen: String,
    trial_key: String,
    head_key: String,
    back_key: String,
    agree_key: String,
    decline_key: String,
    propose_key: String,
    drop_key: String,
}

struct Remark {
    at: String,
    href: String,
    message: String,
}

struct Line {
    id: String,
    heading: String,
    kind: &'static str,
    figures: String,
    changed: bool,
}

struct Trial {
    href: String,
    days: String,
    started: Moment,
    by: String,
    state: Badge,
}

struct Proposed {
    by: String,
    at: Moment,
    words: String,
    badge: Badge,
    settled: String,
    warnings: Vec<String>,
}

struct Saved {
    seq: i64,
    by: String,
    at: Moment,
}

/// A form of the page that was refused, with a sentence where no field is to blame.
#[derive(Default)]
pub(super) struct Typed {
    pub head: Option<Filled>,
    pub trial: Option<Filled>,
    pub propose: Option<Filled>,
    pub decline: Option<Filled>,
    pub refusal: Option<String>,
}

/// The draft with that number, where this person may read it.
pub(super) fn find(conn: &mut Conn, looker: &Looker, number: &str) -> Result<PolicyDraft> {
    let draft = rows::by_number(conn, number)?;
    if serves_one(&looker.person, &under(conn, &draft.policy)?) {
        Ok(draft)
    } else {
        Err(Error::NotFound)
    }
}

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame(&number);
    let number = number.into_inner();
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, Typed::default()))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    number: &str,
    typed: Typed,
) -> Result<Show> {
    let draft = find(conn, looker, number)?;
    let (text, checks) = desk::examine(conn, &draft)?;
    let base_row = db::policies::find(conn, &draft.base_id)?;
    let shelf = desk::shelf(conn, &draft.policy)?;
    let base = shelf
        .get(&draft.policy, &base_row.version)
        .ok_or(Error::NotFound)?;
    let under = under(conn, &draft.policy)?;
    let proposals = rows::proposals(conn, &draft.id)?;
    let open = proposals.iter().find(|row| row.state == "open");
    let own = open.is_some_and(|row| row.proposed_by == looker.person.id);
    let saved = rows::history(conn, &draft.id, TEXTS)?;
    let trials = db::trials::of_draft(conn, &draft.id, TRIALS)?;
    let people = saved.iter().map(|row| row.1.clone());
    let people =
        people.chain(proposals.iter().flat_map(|row| {
            std::iter::once(row.proposed_by.clone()).chain(row.settled_by.clone())
        }));
    let people: Vec<PersonId> = people
        .chain(trials.iter().map(|row| row.person_id.clone()))
        .collect();
    let names = db::people::names(conn, &people)?;
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_default();
    let moment = |at: db::columns::At| Moment::new(at.utc(), looker.wall.zone, looker.wall.now);
    frame.title = format!("{number} {}", draft.policy);
    frame.crumbs = vec![crumb("Policies", ROOM.to_owned())];
    let policy = checks.policy.as_ref();
    let told = policy.map(|policy| told(base, policy)).unwrap_or_default();
    let today = local_day(looker.wall.now, base.time_zone);
    let (errors, warnings) = remarks(&draft, &text.document, &checks);
    let mine = |seller: &&db::sellers::Seller| {
        looker.person.sellers.is_empty() || looker.person.sellers.contains(&seller.id)
    };
    let mut sellers = vec![Choice::new("", "All sellers", "")];
    sellers.extend(
        under
            .iter()
            .filter(mine)
            .map(|it| Choice::new(&it.slug, &it.name, "")),
    );
    Ok(Show {
        number: number.to_owned(),
        policy: draft.policy.clone(),
        base: base_row.version.clone(),
        state: state_badge(&draft.state),
        written: saved.first().map(|row| name(&row.1)).unwrap_or_default(),
        cases: case_words(policy, &checks),
        reads: policy.is_some(),
        clause_href: format!("/queue/drafts/{number}/clauses/"),
        clauses: policy
            .map(|policy| lines(policy, &told))
            .unwrap_or_default(),
        head: typed.head.unwrap_or_else(|| head(policy)).under("head"),
        trial: typed
            .trial
            .unwrap_or_else(|| days(last_quarter(today)))
            .under("trial"),
        sellers,
        trials: trials
            .iter()
            .map(|row| Trial {
                href: format!("/queue/trials/{}", row.id),
                days: spoken(row.from_on, row.to_on),
                started: moment(row.started_at),
                by: name(&row.person_id),
                state: super::trial::badge(&row.state),
            })
            .collect(),
        proposals: proposals
            .iter()
            .map(|row| proposed(row, &name, &moment))
            .collect(),
        writes: may_write(&looker.person, &under),
        alive: draft.is_alive(),
        waiting: open.is_some(),
        own,
        propose: typed.propose.unwrap_or_default().under("propose"),
        decline: typed.decline.unwrap_or_default().under("decline"),
        refusal: typed.refusal,
        texts: saved
            .iter()
            .map(|(seq, by, at)| Saved {
                seq: *seq,
                by: name(by),
                at: moment(*at),
            })
            .collect(),
        hunks: hunks(&base_row.document, &text.document),
        told,
        errors,
        warnings,
        seen: draft.seq.to_string(),
        trial_key: new_key()?,
        head_key: new_key()?,
        back_key: new_key()?,
        agree_key: new_key()?,
        decline_key: new_key()?,
        propose_key: new_key()?,
        drop_key: new_key()?,
        frame,
    })
}

fn proposed(
    row: &Proposal,
    name: &dyn Fn(&PersonId) -> String,
    moment: &dyn Fn(db::columns::At) -> Moment,
) -> Proposed {
    let badge = match row.state.as_str() {
        "open" => Badge::with_icon(Tone::Paused, "hourglass", "Waits for a second person"),
        "approved" => Badge::new(Tone::Ok, "Agreed"),
        "declined" => Badge::new(Tone::Danger, "Declined"),
        "withdrawn" => Badge::new(Tone::Neutral, "Taken back"),
        _ => Badge::new(Tone::Neutral, "Overtaken by a change"),
    };
    let by = row.settled_by.as_ref().map(name).unwrap_or_default();
    let words = row.settled_words.clone().unwrap_or_default();
    Proposed {
        by: name(&row.proposed_by),
        at: moment(row.proposed_at),
        words: row.words.clone(),
        badge,
        settled: match (by.is_empty(), words.is_empty()) {
            (true, _) => String::new(),
            (_, true) => by,
            _ => format!("{by}: {words}"),
        },
        warnings: serde_json::from_str(&row.warnings_json).unwrap_or_default(),
    }
}

/// Errors and warnings with the place that each speaks of.
fn remarks(draft: &PolicyDraft, document: &str, checks: &Checks) -> (Vec<Remark>, Vec<Remark>) {
    let remark = |at: &str, message: &str| {
        let line = line_of(document, at, message);
        let place = at.strip_prefix("clauses.").unwrap_or(at);
        let clause = at
            .strip_prefix("clauses.")
            .filter(|_| checks.policy.is_some());
        Remark {
            at: match line {
                Some(line) => format!("{place}, line {line}"),
                None => place.to_owned(),
            },
            href: match clause {
                Some(clause) => format!("/queue/drafts/{}/clauses/{clause}", draft.number),
                None => format!("/queue/drafts/{}/text", draft.number),
            },
            message: message.to_owned(),
        }
    };
    let flaws = checks.flaws.iter().chain(&checks.failing);
    let mut errors: Vec<Remark> = flaws.map(|flaw| remark(&flaw.at, &flaw.message)).collect();
    let mut warnings = Vec::new();
    for it in &checks.remarks {
        let remark = remark(&it.at, &it.message);
        match it.grade {
            Grade::Error => errors.push(remark),
            Grade::Warning => warnings.push(remark),
        }
    }
    (errors, warnings)
}

fn case_words(policy: Option<&Policy>, checks: &Checks) -> String {
    let Some(policy) = policy else {
        return "The cases run once the text reads.".to_owned();
    };
    let all = policy.cases.len();
    let cases = filters::plural(u64::try_from(all).unwrap_or(0), "case", "cases");
    match checks.failing.len() {
        0 => format!("{cases}: all come out as expected."),
        failing => format!("{cases}: {failing} do not come out as expected."),
    }
}

fn lines(policy: &Policy, told: &[Told]) -> Vec<Line> {
    let line = |clause: &crate::rules::policy::Clause| {
        let figures = policy.figures(&clause.id);
        let figures: Vec<String> = figures
            .iter()
            .map(|figure| format!("{} {}", figure.label.to_lowercase(), figure.spoken()))
            .collect();
        Line {
            id: clause.id.clone(),
            heading: clause.heading.clone(),
            kind: words::kind(clause.kind),
            figures: figures.join(", "),
            changed: told.iter().any(|it| it.clause == clause.id),
        }
    };
    policy.clauses.iter().map(line).collect()
}

fn filled(values: &[(&str, String)]) -> Filled {
    let values = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Filled {
        values: values.collect(),
        ..Filled::default()
    }
}

fn head(policy: Option<&Policy>) -> Filled {
    let Some(policy) = policy else {
        return Filled::default();
    };
    filled(&[
        ("version", policy.version.clone()),
        ("valid_from", policy.valid_from.to_string()),
        ("title", policy.title.clone()),
        ("summary", policy.summary.clone()),
    ])
}

fn days((from, to): (NaiveDate, NaiveDate)) -> Filled {
    filled(&[("from", from.to_string()), ("to", to.to_string())])
}

/// "1 July 2026 to 30 September 2026".
pub(super) fn spoken(from: NaiveDate, to: NaiveDate) -> String {
    format!("{} to {}", filters::day(from), filters::day(to))
}

/// What came of a form of the page: where it was refused, the page again with what was wrong.
pub(super) async fn again(
    app: &App,
    visit: &Manager,
    number: String,
    outcome: Result<HttpResponse>,
    put: impl FnOnce(&mut Typed, &Fields),
) -> Result<HttpResponse> {
    let (mut typed, mut fields) = (Typed::default(), Fields::new());
    let error = match outcome {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    let status = match error {
        Error::Invalid(problems) => {
            fields = problems;
            actix_web::http::StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Refused { code, words } => {
            typed.refusal = Some(words);
            faces::status_for(code)
        }
        Error::Stale => {
            let words = "Somebody saved another text meanwhile. Read it below, and then say again what you want.";
            typed.refusal = Some(words.to_owned());
            actix_web::http::StatusCode::CONFLICT
        }
        other => return Err(other),
    };
    put(&mut typed, &fields);
    let looker = Looker::of(&visit.person, visit);
    let mut frame = visit.frame(&number);
    frame.refused = true;
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, typed))
        .await?;
    Ok(render_as(status, &page))
}

/// The number of the text that the page had shown.
pub(super) fn seen(text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Error::Malformed("a text that was on no page"))
}

#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    seen: String,
    version: String,
    valid_from: String,
    title: String,
    summary: String,
}

/// The document's head: what it is called and from when it holds.
pub async fn update(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Head>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let asked = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, head: &Head| {
            let draft = find(tx, &looker, &asked)?;
            let from = day(head.valid_from.trim())?;
            let text = rows::newest(tx, &draft)?;
            let mut manuscript = Manuscript::read(&text.document)
                .map_err(|flaw| Error::invalid("version", flaw.to_string()))?;
            for (field, text) in [
                ("version", head.version.trim()),
                ("valid_from", &from.to_string()),
                ("title", head.title.trim()),
                ("summary", head.summary.trim()),
            ] {
                if text.is_empty() {
                    return Err(Error::invalid(
                        field,
                        "Say something here: it must not be empty",
                    ));
                }
                manuscript.set(field, text);
            }
            desk::save(tx, act, &draft.id, seen(&head.seen)?, &manuscript.written())?;
            Ok(Done::new(format!("/queue/drafts/{asked}"), "Kept."))
        })
        .await;
    let put = |typed: &mut Typed, fields: &Fields| typed.head = Some(form.again(fields));
    again(&app, &visit, number, outcome, put).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Propose {
    seen: String,
    words: String,
    accepted: Option<String>,
}

/// Puts the newest text before a second person.
pub async fn propose(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Propose>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let asked = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Propose| {
            let draft = find(tx, &looker, &asked)?;
            let said = (sent.words.as_str(), sent.accepted.is_some());
            desk::propose(tx, act, &draft.id, seen(&sent.seen)?, said)?;
            Ok(Done::new(
                format!("/queue/drafts/{asked}"),
                "Proposed. Another manager reads it and agrees, or says why not.",
            ))
        })
        .await;
    let put = |typed: &mut Typed, fields: &Fields| typed.propose = Some(form.again(fields));
    again(&app, &visit, number, outcome, put).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct SeenOnly {
    seen: String,
}

/// The second person agrees: it is published.
pub async fn agree(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<SeenOnly>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let asked = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &SeenOnly| {
            let draft = find(tx, &looker, &asked)?;
            let published = desk::agree(tx, act, &draft.id, seen(&sent.seen)?)?;
            Ok(Done::new(
                format!("{ROOM}/{}/{}", published.policy, published.version),
                "Published. It governs what is bought from its first day on; what was bought before keeps its text.",
            ))
        })
        .await;
    again(&app, &visit, number, outcome, |_, _| {}).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Decline {
    seen: String,
    words: String,
}

pub async fn decline(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Decline>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let asked = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Decline| {
            let draft = find(tx, &looker, &asked)?;
            desk::decline(tx, act, &draft.id, seen(&sent.seen)?, &sent.words)?;
            Ok(Done::new(
                format!("/queue/drafts/{asked}"),
                "Declined. Its author reads why, and can go on.",
            ))
        })
        .await;
    let put = |typed: &mut Typed, fields: &Fields| typed.decline = Some(form.again(fields));
    again(&app, &visit, number, outcome, put).await
}

pub async fn take_back(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let draft = find(tx, &looker, &number)?;
        desk::take_back(tx, act, &draft.id)?;
        Ok(Done::new(
            format!("/queue/drafts/{number}"),
            "Taken back; the draft is open again.",
        ))
    })
    .await
}

pub async fn discard(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let draft = find(tx, &looker, &number)?;
        desk::discard(tx, act, &draft.id)?;
        Ok(Done::new(
            ROOM,
            format!("{number} is dropped. What was written in it stays readable."),
        ))
    })
    .await
}
