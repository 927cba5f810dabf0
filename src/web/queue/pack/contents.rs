//! A pack's words: what was bought and delivered, what was said, what was promised and decided, and a list of what is in it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::record::{Case, Record, Talk};
use super::{Original, Pack};
use crate::db::Conn;
use crate::db::disputes::Dispute;
use crate::db::files::File;
use crate::db::orders::{Order, OrderEvent};
use crate::db::tickets::Message;
use crate::error::Result;
use crate::rules::assessment::Met;
use crate::rules::facts::DisputeReason;
use crate::web::bundle::safe;
use crate::web::filters;
use crate::web::paper::{Block, Paper};
use crate::web::parts::{Row, Value};
use crate::web::queue::case::goes_to;
use crate::web::queue::panel::payout_badge;
use crate::web::queue::record::order_rows;
use crate::web::show::{Wall, order as bought};

pub fn pack(conn: &mut Conn, dispute: &Dispute, wall: Wall, zone: Tz) -> Result<Pack> {
    let record = Record::read(conn, dispute)?;
    let writer = Writer { record, wall, zone };
    Ok(Pack {
        number: dispute.number.clone(),
        made: wall.now,
        paper: writer.paper()?,
        texts: writer.texts(),
        originals: writer.originals(),
    })
}

struct Writer {
    record: Record,
    wall: Wall,
    zone: Tz,
}

impl Writer {
    fn paper(&self) -> Result<Paper> {
        let record = &self.record;
        let title = format!("Evidence on chargeback {}", record.dispute.number);
        let mut blocks = vec![Block::Heading(1, title.clone())];
        blocks.push(Block::Text(format!(
            "Put together by {} for the bank, on {}. All times are {}.",
            record.seller.name,
            self.stamp(self.wall.now),
            self.zone.name(),
        )));
        blocks.push(Block::Facts(self.head()));
        blocks.push(Block::Heading(2, "What is in this pack".to_owned()));
        blocks.push(Block::List(self.checklist()));
        blocks.push(Block::Heading(
            2,
            "Contact before the chargeback".to_owned(),
        ));
        blocks.push(Block::Facts(self.contact()));
        for (order, history) in &record.orders {
            self.order(order, history, &mut blocks)?;
        }
        for case in &record.cases {
            self.case(case, &mut blocks);
        }
        for talk in &record.talks {
            self.talk(talk, &mut blocks);
        }
        self.policy(&mut blocks);
        self.files(&mut blocks);
        Ok(Paper {
            title,
            author: record.seller.name.clone(),
            made: self.wall.now,
            blocks,
        })
    }

    fn head(&self) -> Vec<(String, String)> {
        let (record, dispute) = (&self.record, &self.record.dispute);
        let reason = match record.known.reason.value {
            Some(DisputeReason::Fraudulent) => "Fraudulent: not authorised by the holder",
            Some(DisputeReason::Other) => "Another reason than fraud",
            None => "Not known",
        };
        let mut facts = vec![
            fact("Chargeback", &dispute.number),
            fact("The bank's reference", &dispute.reference),
            fact(
                "Amount",
                &filters::money(dispute.amount_e8, &dispute.currency),
            ),
            fact("The bank's reason", reason),
            fact("Opened", &self.stamp(dispute.opened_at.utc())),
        ];
        if let Some(due) = dispute.evidence_due_at {
            facts.push(fact("Evidence due", &self.stamp(due.utc())));
        }
        facts.push(fact("Seller", &record.seller.name));
        facts.push(fact(
            "Customer",
            &format!("{}, {}", record.customer.name, record.customer.email),
        ));
        if let Some((deposit, method)) = &record.deposit {
            let amount = filters::money(deposit.amount_e8, &deposit.currency);
            let paid = self.stamp(deposit.at.utc());
            let words = format!(
                "Deposit {} of {amount} by {}, {paid}",
                deposit.reference, method.label
            );
            facts.push(fact("Payment", &words));
        }
        facts
    }

    fn checklist(&self) -> Vec<String> {
        let record = &self.record;
        let count = |number: usize, one: &str, many: &str| {
            filters::plural(u64::try_from(number).unwrap_or(0), one, many)
        };
        let lines: usize = record.orders.iter().map(|(_, history)| history.len()).sum();
        let words: usize = record.talks.iter().map(|talk| talk.messages.len()).sum();
        let decided: usize = record.cases.iter().map(|case| case.decisions.len()).sum();
        let paid: usize = record.cases.iter().map(|case| case.payouts.len()).sum();
        let policy = match &record.policy {
            Some((policy, _)) => format!(
                "The policy that the buyer accepted with the payment: version {}, {}, in full",
                policy.version,
                count(policy.clauses.len(), "clause", "clauses"),
            ),
            None => {
                "No policy: no version is known to have been in force at the payment".to_owned()
            }
        };
        vec![
            format!(
                "{} that this payment paid for, with what the buyer was shown",
                count(record.orders.len(), "order", "orders")
            ),
            format!("Delivery: {} of history", count(lines, "line", "lines")),
            format!(
                "{} with {}",
                count(record.talks.len(), "conversation", "conversations"),
                count(words, "message", "messages"),
            ),
            format!(
                "{} with {} and {}",
                count(record.cases.len(), "request for a refund", "requests for a refund"),
                count(decided, "decision", "decisions"),
                count(paid, "payment back", "payments back"),
            ),
            policy,
            format!(
                "{} in the archive, each with its SHA-256",
                count(self.handed_in().count(), "original file", "original files")
            ),
            "Not in it: notes among the staff, other customers, and what this desk does not record, such as the buyer's network address".to_owned(),
        ]
    }

    fn contact(&self) -> Vec<(String, String)> {
        let known = &self.record.known;
        let yes_or_no = |value: Option<bool>| match value {
            Some(true) => "Yes",
            Some(false) => "No",
            None => "Not known",
        };
        let line = |label: &str, value: Option<bool>, why: &str| {
            fact(label, &format!("{}. {why}", yes_or_no(value)))
        };
        let (first, answered) = (&known.contacted_first, &known.answered_in_time);
        vec![
            line("Wrote to the seller first", first.value, &first.why),
            line("Answered in time", answered.value, &answered.why),
        ]
    }

    fn order(&self, order: &Order, history: &[OrderEvent], blocks: &mut Vec<Block>) -> Result<()> {
        blocks.push(Block::Heading(
            2,
            format!("Order {}: {}", order.number, order.title),
        ));
        let method = |reference: &str| super::super::case::method(&self.record.labels, reference);
        blocks.push(Block::Facts(rows(order_rows(order, &method, self.wall)?)));
        let shown = rows(bought::shown_at_purchase(order)?);
        if !shown.is_empty() {
            blocks.push(Block::Heading(3, "As the buyer was shown it".to_owned()));
            blocks.push(Block::Facts(shown));
        }
        blocks.push(Block::Heading(3, "Delivery".to_owned()));
        let lines = history.iter().map(|line| {
            let left = line.remains.as_deref().filter(|left| !left.is_empty());
            vec![
                self.stamp(line.at.utc()),
                bought::badge(line.status).word,
                left.map_or("–".to_owned(), |left| left.to_owned()),
                line.source.clone(),
            ]
        });
        blocks.push(table(
            &[4, 4, 3, 3],
            &["When", "State", "Units left", "Told by"],
            lines.collect(),
        ));
        Ok(())
    }

    fn case(&self, case: &Case, blocks: &mut Vec<Block>) {
        let claim = &case.claim;
        let money = |e8: i64| filters::money(e8, &claim.currency);
        let grounds = self.record.shelf.policies().iter();
        let mut grounds = grounds.filter_map(|policy| policy.ground(&claim.ground));
        let ground = grounds
            .next_back()
            .map_or(claim.ground.clone(), |ground| ground.title.clone());
        blocks.push(Block::Heading(
            2,
            format!("Request {}: {ground}", claim.number),
        ));
        let mut facts = vec![fact("Received", &self.stamp(claim.received_at.utc()))];
        if !claim.reason.is_empty() {
            facts.push(fact("In the customer's words", &claim.reason));
        }
        // What the rules say of a request that nobody has decided is the desk's own working, and no evidence.
        let judged = Some(&case.judged).filter(|_| !case.decisions.is_empty());
        if let Some(judged) = judged {
            facts.push(fact(
                "By the policy",
                &judged.outcome.word().replace('_', " "),
            ));
            if let Some(computed) = claim.computed_e8 {
                facts.push(fact("Computed", &money(computed)));
            }
        }
        blocks.push(Block::Facts(facts));
        let clauses = judged
            .into_iter()
            .flat_map(|judged| &judged.clauses)
            .filter(|found| found.result != Met::NotApplicable);
        let clauses: Vec<Vec<String>> = clauses
            .map(|found| {
                vec![
                    found.id.clone(),
                    met(found.result).to_owned(),
                    found.detail.clone(),
                ]
            })
            .collect();
        if !clauses.is_empty() {
            blocks.push(table(
                &[2, 2, 9],
                &["Clause", "Here", "What it comes to"],
                clauses,
            ));
        }
        let decisions = case.decisions.iter().map(|decision| {
            vec![
                self.stamp(decision.at.utc()),
                decision.verdict.replace('_', " "),
                money(decision.amount_e8),
                decision.words.clone(),
            ]
        });
        let decisions: Vec<Vec<String>> = decisions.collect();
        if !decisions.is_empty() {
            blocks.push(Block::Heading(3, "Decisions".to_owned()));
            blocks.push(table(
                &[4, 3, 3, 6],
                &["When", "Decision", "Granted", "In words"],
                decisions,
            ));
        }
        let payouts = case.payouts.iter().map(|payout| {
            vec![
                payout.number.clone(),
                filters::money(payout.pay_e8, &payout.pay_currency),
                goes_to(&self.record.labels, payout),
                payout_badge(payout.state).word,
                payout.reference.clone().unwrap_or_default(),
            ]
        });
        let payouts: Vec<Vec<String>> = payouts.collect();
        if !payouts.is_empty() {
            blocks.push(Block::Heading(3, "Payments back".to_owned()));
            let head = ["Number", "Amount", "To", "State", "The bank's reference"];
            blocks.push(table(&[2, 2, 4, 3, 4], &head, payouts));
        }
    }

    fn talk(&self, talk: &Talk, blocks: &mut Vec<Block>) {
        let ticket = &talk.ticket;
        let heading = format!("Conversation {}: {}", ticket.number, ticket.subject);
        blocks.push(Block::Heading(2, heading));
        let lines = talk.messages.iter().map(|message| {
            vec![
                self.stamp(message.at.utc()),
                self.author(talk, message),
                message.body.clone(),
            ]
        });
        let lines: Vec<Vec<String>> = lines.collect();
        if lines.is_empty() {
            blocks.push(Block::Text("Nothing was written.".to_owned()));
        } else {
            blocks.push(table(&[3, 3, 9], &["When", "Who", "Words"], lines));
        }
    }

    /// The customer by name; the seller's people by their first names.
    fn author(&self, talk: &Talk, message: &Message) -> String {
        if message.kind == "customer" {
            return self.record.customer.name.clone();
        }
        let name = message.author_id.as_ref().and_then(|id| talk.names.get(id));
        let first = name.and_then(|name| name.split_whitespace().next());
        match first {
            Some(first) => format!("{first}, {}", self.record.seller.name),
            None => self.record.seller.name.clone(),
        }
    }

    fn policy(&self, blocks: &mut Vec<Block>) {
        let Some((policy, version)) = &self.record.policy else {
            return;
        };
        blocks.push(Block::Heading(2, format!("Policy: {}", policy.title)));
        blocks.push(Block::Text(format!(
            "Version {}, in force from {}, published on {}. SHA-256 of the document: {}.",
            policy.version,
            filters::day(policy.valid_from),
            self.stamp(version.published_at.utc()),
            version.hash,
        )));
        let clauses = policy.clauses.iter().map(|clause| {
            vec![
                clause.id.clone(),
                clause.heading.clone(),
                clause.words.clone(),
            ]
        });
        blocks.push(table(
            &[1, 3, 9],
            &["Clause", "About", "Words"],
            clauses.collect(),
        ));
    }

    fn files(&self, blocks: &mut Vec<Block>) {
        let originals = self.handed_in().map(|(number, talk, file)| {
            vec![
                entry(number, talk, file),
                filters::file_size(u64::try_from(file.bytes).unwrap_or(0)),
                file.sha256.clone(),
            ]
        });
        let originals: Vec<Vec<String>> = originals.collect();
        if !originals.is_empty() {
            blocks.push(Block::Heading(2, "Original files".to_owned()));
            blocks.push(table(
                &[6, 2, 6],
                &["In the archive", "Size", "SHA-256"],
                originals,
            ));
        }
    }

    fn handed_in(&self) -> impl Iterator<Item = (usize, &Talk, &File)> {
        let talks = self.record.talks.iter();
        talks.flat_map(|talk| {
            let files = talk.files.iter().enumerate();
            files.map(move |(at, file)| (at + 1, talk, file))
        })
    }

    fn originals(&self) -> Vec<Original> {
        let originals = self.handed_in().map(|(number, talk, file)| Original {
            name: entry(number, talk, file),
            blob: file.blob.clone(),
            sha256: file.sha256.clone(),
        });
        originals.collect()
    }

    /// Word for word, in characters that the PDF's font may not have; and the policy's document as it was published.
    fn texts(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for talk in &self.record.talks {
            let mut text = format!("{}: {}\n", talk.ticket.number, talk.ticket.subject);
            for message in &talk.messages {
                let (at, who) = (self.stamp(message.at.utc()), self.author(talk, message));
                text.push_str(&format!("\n{at}, {who}:\n{}\n", message.body));
            }
            texts.push((
                format!("conversations/{}.txt", safe(&talk.ticket.number)),
                text,
            ));
        }
        if let Some((policy, version)) = &self.record.policy {
            let name = format!("policy/{}-{}.toml", safe(&policy.id), safe(&policy.version));
            texts.push((name, version.document.clone()));
        }
        texts
    }

    fn stamp(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone)
            .format("%-d %b %Y %H:%M %Z")
            .to_string()
    }
}

/// "originals/T-1001/01-photo.png": its own name made harmless, with the ending of what it contains.
fn entry(number: usize, talk: &Talk, file: &File) -> String {
    let stem = file
        .name
        .rsplit_once('.')
        .map_or(file.name.as_str(), |(stem, _)| stem);
    let kind = match safe(&file.kind) {
        kind if kind == "other" => "bin".to_owned(),
        kind => kind,
    };
    format!(
        "originals/{}/{number:02}-{}.{kind}",
        safe(&talk.ticket.number),
        safe(stem)
    )
}

fn fact(label: &str, value: &str) -> (String, String) {
    (label.to_owned(), value.to_owned())
}

fn rows(rows: Vec<Row>) -> Vec<(String, String)> {
    let lines = rows.into_iter().map(|row| {
        let value = match row.value {
            Value::Text(text) => text,
            Value::Lines(lines) => lines.join("\n"),
            Value::Money(amount) => amount.text(),
            Value::Link(link) => link.label,
        };
        (row.label, value)
    });
    lines.collect()
}

fn table(widths: &[u16], head: &[&str], rows: Vec<Vec<String>>) -> Block {
    Block::Table {
        widths: widths.to_vec(),
        head: head.iter().map(|words| (*words).to_owned()).collect(),
        rows,
    }
}

fn met(result: Met) -> &'static str {
    match result {
        Met::Met => "met",
        Met::NotMet => "not met",
        Met::Unknown => "not known",
        Met::NotApplicable => "does not apply",
    }
}
