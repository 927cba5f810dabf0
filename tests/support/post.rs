//! Mails as strangers and customers write them, the post that brings them to a desk, and the letters that it takes away.

use data_encoding::BASE64_MIME;
use redress::db::{self, inbox::Mail, mail::Row};
use redress::desk::mailroom::Way;
use redress::ids::MailId;
use redress::outside::smtp::{Mailer, Sent};
use redress::rules::mail::bare_subject;
use redress::worker::{self, reports::Days};

use super::app::Desk;
use super::make::Shop;

/// A mail that is being written.
#[derive(Clone)]
pub struct Post {
    from: String,
    to: String,
    envelope: Option<String>,
    returns: Option<String>,
    subject: String,
    id: String,
    more: Vec<String>,
    text: String,
    files: Vec<(String, String, Vec<u8>)>,
}

/// A mail from `Anna <anna@harbor.example>` to an address, saying something.
pub fn mail(from: &str, to: &str) -> Post {
    Post {
        from: from.to_owned(),
        to: to.to_owned(),
        envelope: Some(to.to_owned()),
        returns: None,
        subject: "A question".to_owned(),
        id: "1@mail.harbor.example".to_owned(),
        more: Vec::new(),
        text: "Hello.".to_owned(),
        files: Vec::new(),
    }
}

impl Post {
    pub fn about(mut self, subject: &str) -> Post {
        subject.clone_into(&mut self.subject);
        self
    }

    pub fn says(mut self, text: &str) -> Post {
        self.text = text.replace('\n', "\r\n");
        self
    }

    pub fn id(mut self, id: &str) -> Post {
        id.clone_into(&mut self.id);
        self
    }

    /// Another header, whole.
    pub fn with(mut self, header: &str) -> Post {
        self.more.push(header.to_owned());
        self
    }

    /// The envelope's sender.
    pub fn returning_to(mut self, address: &str) -> Post {
        self.returns = Some(address.to_owned());
        self
    }

    /// The mail server says nothing of whom it is for.
    pub fn without_envelope(mut self) -> Post {
        self.envelope = None;
        self
    }

    /// Our mail server vouches for the sender.
    pub fn vouched(self) -> Post {
        let domain = self
            .from
            .rsplit('@')
            .next()
            .unwrap()
            .trim_matches('>')
            .to_owned();
        self.with(&format!(
            "Authentication-Results: {AUTHSERV}; dmarc=pass header.from={domain}"
        ))
    }

    pub fn attaching(mut self, name: &str, kind: &str, bytes: &[u8]) -> Post {
        self.files
            .push((name.to_owned(), kind.to_owned(), bytes.to_vec()));
        self
    }

    /// The answer to a letter, as a mail program makes it.
    pub fn answering(letter: &Sent, text: &str) -> Post {
        let letter = &letter.letter;
        let to = letter.reply_to.as_ref().unwrap_or(&letter.from.address);
        let quoted: Vec<String> = letter
            .text
            .lines()
            .map(|line| format!("> {line}"))
            .collect();
        mail(letter.to.address.as_str(), to.as_str())
            .about(&format!("Re: {}", bare_subject(&letter.subject)))
            .id(&format!("re-{}", letter.message_id))
            .with(&format!("In-Reply-To: <{}>", letter.message_id))
            .says(&format!(
                "{text}\n\nOn Monday {} wrote:\n{}\n",
                letter.from.name,
                quoted.join("\n")
            ))
    }

    pub fn raw(&self) -> Vec<u8> {
        let mut out = String::new();
        for header in &self.more {
            out.push_str(&format!("{header}\r\n"));
        }
        out.push_str(&format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n",
            self.from, self.to, self.subject, self.id
        ));
        if self.files.is_empty() {
            out.push_str(&format!(
                "Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
                self.text
            ));
            return out.into_bytes();
        }
        out.push_str("Content-Type: multipart/mixed; boundary=\"=-cut\"\r\n\r\n");
        out.push_str(&format!(
            "--=-cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
            self.text
        ));
        for (name, kind, bytes) in &self.files {
            out.push_str(&format!(
                "--=-cut\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
                BASE64_MIME.encode(bytes)
            ));
        }
        out.push_str("--=-cut--\r\n");
        out.into_bytes()
    }
}

/// What our mail server calls itself.
pub const AUTHSERV: &str = "mx.desk.example";

impl Desk {
    /// A desk that believes its mail server.
    pub fn with_mail() -> Desk {
        Desk::with(|mut config| {
            AUTHSERV.clone_into(&mut config.authserv);
            config
        })
    }

    /// Brings a mail and lets the worker do everything that is due.
    pub async fn gets(&self, post: &Post) -> Mail {
        let id = self.keeps(post).await;
        self.works().await;
        self.mail(&id)
    }

    /// Brings a mail, and nobody reads it yet.
    pub async fn keeps(&self, post: &Post) -> MailId {
        let kept = worker::mail::keep(
            &self.app,
            post.raw(),
            Way::pipe(post.returns.clone(), post.envelope.clone()),
        );
        kept.await.unwrap().expect("nobody's address")
    }

    /// Until nothing is due any more.
    pub async fn works(&self) {
        for _ in 0..10 {
            let round = worker::round(&self.app).await.unwrap();
            if (round.read, round.sent) == (0, 0) {
                // Days are kept too, so that the end of the test finds one that nobody threw away.
                while Days::default().tick(&self.app).await.unwrap() > 0 {}
                return;
            }
        }
        panic!("the worker does not come to rest");
    }

    pub fn mail(&self, id: &MailId) -> Mail {
        self.app
            .pool
            .read(|conn| Ok(db::inbox::find(conn, id)?))
            .unwrap()
    }

    /// The letters that left, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        let Mailer::Memory(sent) = &self.app.mailer else {
            panic!("a test's letters stay in memory");
        };
        sent.lock().unwrap().clone()
    }

    /// The newest letter that left to an address.
    pub fn last_sent_to(&self, email: &str) -> Sent {
        let mut sent = self.sent().into_iter();
        sent.rfind(|sent| sent.letter.to.address.as_str() == email)
            .unwrap_or_else(|| panic!("nothing was sent to {email}"))
    }

    /// The letters to an address, of which kind they were.
    pub fn kinds_to(&self, email: &str) -> Vec<String> {
        let letters = self.letters().into_iter();
        let theirs = letters.filter(|letter: &Row| letter.recipient == email);
        theirs.map(|letter| letter.kind).collect()
    }
}

impl Shop<'_> {
    /// Has the shop's mail read at its own address.
    pub fn reads_mail(&self, desk: &Desk) -> String {
        let act = desk.operator();
        let address = format!("desk@{}.example", self.slug);
        let read = desk.app.pool.write(|tx| {
            let seller = db::sellers::find(tx, &self.seller)?;
            redress::desk::mailroom::open_mailbox(tx, &act, &seller, &address)
        });
        read.unwrap();
        address
    }
}
