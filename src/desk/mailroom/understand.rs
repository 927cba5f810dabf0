//! What a customer's mail asks for: which of their orders it names, and which ground of the policy its words speak of. What is clear is
//! filed as a claim, with the mail's instant; what is not is asked for in one letter, and an answer to that completes it. Everything
//! here is a proposal: the customer reads how they were understood, and a person decides.

use chrono::{DateTime, Utc};

use crate::act::Act;
use crate::db::claims::{self as claim_rows, Claim};
use crate::db::files::File;
use crate::db::orders::{self, Order};
use crate::db::sellers;
use crate::db::tickets::{Message, Ticket, messages};
use crate::db::{Conn, Tx, files as file_rows, mail as letters, people, set_apart};
use crate::desk::claims::{self, New, Standing, Supply};
use crate::desk::drafts::{LONGEST as LONGEST_REASON, Topic};
use crate::desk::events::{Happened, record};
use crate::desk::{mailroom, policies, tickets};
use crate::error::{Code, Error, Result};
use crate::ids::{FileId, PersonId, SellerId};
use crate::letters::parts::{Moment, Promise};
use crate::letters::tickets::MailUnclear;
use crate::rules::mail::{Proposal, asks, choice, clear, evidence, line, names, proposals};
use crate::rules::policy::Ground;

/// Orders that one mail may be about, and those that a letter lists to choose from.
const MOST: usize = 3;
const LISTED: usize = 5;
/// How often the customer is asked what they mean before it is left to a person.
const MOST_ASKED: usize = 2;
const ASKED: &str = "mail_unclear";

pub(super) enum Meaning {
    Claims(Vec<Meant>),
    Unclear(Box<Unclear>),
    /// It asks for nothing that the policy speaks of.
    Question,
}

/// A claim as it was understood.
pub(super) struct Meant {
    /// None: the balance.
    order: Option<Order>,
    ground: Ground,
    /// The words that spoke for it.
    because: Vec<String>,
}

/// What is known already, and what to choose from.
pub(super) struct Unclear {
    order: Option<Order>,
    grounds: Vec<Ground>,
    orders: Vec<Order>,
}

/// Whose mail, to whom.
#[derive(Clone, Copy)]
pub(super) struct Parties<'a> {
    pub seller: &'a SellerId,
    pub customer: &'a PersonId,
}

/// `picked` is the ground that the customer chose from our list.
pub(super) fn meaning(
    conn: &mut Conn,
    act: &Act,
    parties: Parties,
    text: &str,
    picked: Option<&str>,
) -> Result<Meaning> {
    let theirs = orders::of_customer_with(conn, parties.customer, parties.seller)?;
    let named: Vec<&Order> = theirs
        .iter()
        .filter(|order| names(text, &order.number) || names(text, &order.reference))
        .collect();
    match named.as_slice() {
        [] => unnamed(conn, act, parties, &theirs, text, picked),
        named if named.len() > MOST => Ok(Meaning::Question),
        named => {
            let mut meant = Vec::new();
            for order in named {
                let topic = topic(conn, act, parties, Some(order))?;
                match meant_by(&topic, text, picked) {
                    Some((ground, because)) => meant.push(Meant {
                        order: Some((*order).clone()),
                        ground,
                        because,
                    }),
                    None if asks(text) || picked.is_some() => {
                        return Ok(Meaning::Unclear(Box::new(Unclear {
                            order: Some((*order).clone()),
                            grounds: topic.grounds().cloned().collect(),
                            orders: Vec::new(),
                        })));
                    }
                    None => return Ok(Meaning::Question),
                }
            }
            Ok(Meaning::Claims(meant))
        }
    }
}

/// Without the number of an order: a claim on the balance, or on the only order that there is.
fn unnamed(
    conn: &mut Conn,
    act: &Act,
    parties: Parties,
    theirs: &[Order],
    text: &str,
    picked: Option<&str>,
) -> Result<Meaning> {
    let policy = topic(conn, act, parties, None)?.policy;
    let found = proposals(policy.grounds.iter(), text);
    let chosen = match picked {
        Some(id) => policy.ground(id),
        None => clear(&found).and_then(|found| policy.ground(&found.ground)),
    };
    let is_plain = clear(&found).is_some_and(Proposal::is_plain);
    if !asks(text) && !is_plain && picked.is_none() {
        return Ok(Meaning::Question);
    }
    let because = |ground: &Ground| {
        let found = found.iter().find(|found| found.ground == ground.id);
        found.map(|found| found.because.clone()).unwrap_or_default()
    };
    match (chosen, theirs) {
        (Some(ground), _) if ground.needs_account() => Ok(Meaning::Claims(vec![Meant {
            order: None,
            because: because(ground),
            ground: ground.clone(),
        }])),
        (Some(ground), [only]) => Ok(Meaning::Claims(vec![Meant {
            order: Some(only.clone()),
            because: because(ground),
            ground: ground.clone(),
        }])),
        (_, []) if policy.grounds.iter().all(Ground::needs_order) => Ok(Meaning::Question),
        (chosen, _) => Ok(Meaning::Unclear(Box::new(Unclear {
            order: None,
            grounds: match chosen {
                Some(_) => Vec::new(),
                None => policy.grounds.clone(),
            },
            orders: theirs.iter().take(LISTED).cloned().collect(),
        }))),
    }
}

fn topic(conn: &mut Conn, act: &Act, parties: Parties, order: Option<&Order>) -> Result<Topic> {
    let order = order.map(|order| &order.id);
    Topic::of(conn, act, parties.customer, parties.seller, order)
}

fn meant_by(topic: &Topic, text: &str, picked: Option<&str>) -> Option<(Ground, Vec<String>)> {
    let found = proposals(topic.grounds(), text);
    let id = match picked.filter(|id| topic.ground(id).is_some()) {
        Some(id) => id.to_owned(),
        None => clear(&found)?.ground.clone(),
    };
    let because = found.into_iter().find(|found| found.ground == id);
    let because = because.map(|found| found.because).unwrap_or_default();
    Some((topic.ground(&id)?.clone(), because))
}

/// A mail's words and files, ready to be filed.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub text: &'a str,
    pub files: &'a [FileId],
    pub received_at: DateTime<Utc>,
}

/// Files one claim as it was understood. `on` is the conversation that has the words already.
///
/// None while the same is open: nothing is written then, and a person sees both.
pub(super) fn file(
    tx: &mut Tx,
    by: &Act,
    parties: Parties,
    meant: &Meant,
    words: Words,
    on: Option<&Ticket>,
) -> Result<Option<Standing>> {
    match set_apart(tx, |tx| filed(tx, by, parties, meant, words, on)) {
        Err(Error::Refused {
            code: Code::AlreadyOpen,
            ..
        }) => Ok(None),
        filed => filed.map(Some),
    }
}

fn filed(
    tx: &mut Tx,
    by: &Act,
    parties: Parties,
    meant: &Meant,
    words: Words,
    on: Option<&Ticket>,
) -> Result<Standing> {
    let topic = topic(tx, by, parties, meant.order.as_ref())?;
    let asked = topic.asks(&meant.ground);
    let new = New {
        seller: parties.seller.clone(),
        customer: parties.customer.clone(),
        order: meant.order.as_ref().map(|order| order.id.clone()),
        ground: meant.ground.id.clone(),
        reason: words.text.chars().take(LONGEST_REASON).collect(),
        requested_e8: None,
        remedy_choice: chosen(&asked, words.text),
        evidence: handed_in(tx, &asked, words.files)?,
        draft: None,
    };
    let standing = claims::file_since(tx, by, &new, words.received_at, on)?;
    let spoken = match meant.because.as_slice() {
        [] => "chosen from the list".to_owned(),
        because => format!("“{}” spoke for it", because.join("”, “")),
    };
    let about = meant
        .order
        .as_ref()
        .map_or("the balance", |order| &order.number);
    let told = format!(
        "Read from the mail: “{}”, about {about} ({spoken}).",
        meant.ground.title
    );
    let happened = Happened::new(parties.seller, "mail_understood", told)
        .on_ticket(&standing.ticket.id)
        .on_claim(&standing.claim.id)
        .with((&meant.ground.id, about, &meant.because))?;
    record(tx, by, happened)?;
    Ok(standing)
}

fn chosen(asked: &[&str], text: &str) -> Option<String> {
    let wants = asked.contains(&"remedy_choice");
    choice(text).filter(|_| wants).map(str::to_owned)
}

fn handed_in(
    conn: &mut Conn,
    asked: &[&str],
    files: &[FileId],
) -> Result<Vec<(String, Option<FileId>)>> {
    let mut given = Vec::new();
    for id in files {
        let file: File = file_rows::find(conn, id)?;
        let kind = evidence(asked, &file.kind, &file.name);
        given.push((kind.word().to_owned(), Some(id.clone())));
    }
    Ok(given)
}

/// A request for the same that is open already; what is written about it belongs there.
pub(super) fn open_already(conn: &mut Conn, meant: &Meant) -> Result<Option<Claim>> {
    let Some(order) = &meant.order else {
        return Ok(None);
    };
    let mut open = claim_rows::of_order(conn, &order.id)?.into_iter();
    Ok(open.find(|claim| claim.is_open() && claim.ground == meant.ground.id))
}

/// Asks the customer what they mean, on the conversation that has their words.
pub(super) fn ask(
    tx: &mut Tx,
    by: &Act,
    ticket: &Ticket,
    unclear: &Unclear,
    promises: Vec<Promise>,
) -> Result<()> {
    let seller = sellers::find(tx, &ticket.seller_id)?;
    let customer = people::find(tx, &ticket.customer_id)?;
    let zone = policies::zone(tx, &seller, by.at)?;
    let asked = asked_on(tx, ticket)?;
    let letter = MailUnclear {
        signature: tickets::signature(tx, by, &seller)?,
        ticket: ticket.number.clone(),
        received: Moment {
            at: ticket.opened_at.utc(),
            zone,
        },
        order: unclear.order.as_ref().map(|order| order.number.clone()),
        orders: unclear
            .orders
            .iter()
            .map(|order| format!("{}: {}", order.number, order.title))
            .collect(),
        grounds: unclear
            .grounds
            .iter()
            .map(|ground| format!("{}. {}", ground.title.trim_end_matches('.'), ground.hint))
            .collect(),
        promises,
    }
    .letter()?;
    let key = format!("ticket:{}:unclear:{asked}", ticket.id);
    let envelope = tickets::about(ticket, &seller, &customer.email, ASKED, key);
    mailroom::queue(tx, by, &envelope, letter).map(|_| ())
}

fn asked_on(conn: &mut Conn, ticket: &Ticket) -> Result<usize> {
    let written = letters::of_ticket(conn, &ticket.id)?;
    Ok(written.iter().filter(|letter| letter.kind == ASKED).count())
}

/// An answer on a conversation: hands in what its claim waits for, completes what was asked about, or is simply said.
pub(super) fn answer(
    tx: &mut Tx,
    by: &Act,
    ticket: &Ticket,
    words: &str,
    files: &[FileId],
) -> Result<Message> {
    let claim = claim_rows::of_ticket(tx, &ticket.id)?;
    let Some(claim) = claim else {
        let message = tickets::reply(tx, by, &ticket.id, None, words, files)?;
        complete(tx, by, ticket, words)?;
        return Ok(message);
    };
    let waits = claim.state == "needs_evidence";
    if !claim.is_open() || (!waits && files.is_empty()) {
        return tickets::reply(tx, by, &ticket.id, None, words, files);
    }
    let parties = Parties {
        seller: &claim.seller_id,
        customer: &claim.customer_id,
    };
    let order = match &claim.order_id {
        Some(id) => Some(orders::find(tx, id)?),
        None => None,
    };
    let topic = topic(tx, by, parties, order.as_ref())?;
    let missing = claims::assessed(tx, &claim.id)?.missing;
    let mut asked: Vec<&str> = missing.iter().map(String::as_str).collect();
    if let Some(ground) = topic.ground(&claim.ground) {
        asked.extend(topic.asks(ground));
    }
    let supply = Supply {
        words: words.to_owned(),
        remedy_choice: chosen(&asked, words).filter(|_| claim.remedy_choice.is_none()),
        evidence: handed_in(tx, &asked, files)?,
    };
    claims::supply(tx, by, &claim.id, &supply)?;
    let mut said = messages(tx, &ticket.id)?.into_iter();
    said.rfind(|message| message.kind == "customer")
        .ok_or_else(|| Error::broken("what was supplied was not said"))
}

/// Understands the conversation anew, where the customer was asked what they mean.
fn complete(tx: &mut Tx, by: &Act, ticket: &Ticket, answer: &str) -> Result<()> {
    let asked = asked_on(tx, ticket)?;
    if asked == 0 {
        return Ok(());
    }
    let parties = Parties {
        seller: &ticket.seller_id,
        customer: &ticket.customer_id,
    };
    let said = messages(tx, &ticket.id)?.into_iter();
    let said: Vec<String> = said
        .filter(|message| message.kind == "customer")
        .map(|message| message.body)
        .collect();
    let before =
        std::iter::once(ticket.subject.clone()).chain(said.iter().take(said.len() - 1).cloned());
    let before = before.collect::<Vec<_>>().join("\n");
    let picked = match meaning(tx, by, parties, &before, None)? {
        Meaning::Unclear(unclear) => {
            let at = line(answer, unclear.grounds.len());
            at.map(|at| unclear.grounds[at].id.clone())
        }
        _ => None,
    };
    let whole = format!("{before}\n{answer}");
    match meaning(tx, by, parties, &whole, picked.as_deref())? {
        Meaning::Claims(meant) => {
            let files = file_rows::of_ticket(tx, &ticket.id)?;
            let files: Vec<FileId> = files.into_iter().map(|file| file.id).collect();
            let words = Words {
                text: &said.join("\n\n"),
                files: &files,
                received_at: ticket.opened_at.utc(),
            };
            let mut on = Some(ticket);
            for meant in &meant {
                if file(tx, by, parties, meant, words, on)?.is_some() {
                    on = None;
                }
            }
            Ok(())
        }
        Meaning::Unclear(unclear) if asked < MOST_ASKED => {
            ask(tx, by, ticket, &unclear, Vec::new())
        }
        Meaning::Unclear(_) | Meaning::Question => Ok(()),
    }
}
