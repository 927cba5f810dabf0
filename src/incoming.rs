//! A mail as plain words: what `outside` reads out of the bytes and what `desk` judges. A leaf, because neither room may know the
//! other. Every word in it is a stranger's; nothing of it proves who wrote it.

use crate::address::Address;

/// What a mail says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The one address of its one `From`; otherwise what is wrong with it.
    pub from: Option<Address>,
    pub from_flaw: String,
    /// The name beside it, fit to show.
    pub from_name: String,
    /// To whom, in the order in which the headers name them: those that the mail server added first.
    pub to: Vec<Address>,
    pub subject: String,
    pub message_id: Option<String>,
    /// `In-Reply-To` first, then `References` from the newest on.
    pub references: Vec<String>,
    pub signs: Signs,
    /// The values of `Authentication-Results`, the topmost first.
    pub authentication: Vec<String>,
    /// The plain text, or the text of the HTML where there is none.
    pub text: String,
    /// The HTML as it came; nothing of it is safe to show.
    pub html: Option<String>,
    pub attachments: Vec<Attachment>,
    /// What could not be kept of it, in sentences for whoever reads it.
    pub notes: Vec<String>,
    pub report: Option<Report>,
}

/// What tells a person's mail from a machine's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    pub auto_submitted: Option<String>,
    pub precedence: Option<String>,
    /// Any `List-` header.
    pub is_list: bool,
    /// A header that only answering programs write (`X-Autoreply`, `X-Autorespond` …).
    pub is_autoreply: bool,
    /// `multipart/report`.
    pub is_report: bool,
    /// The envelope's sender: empty for the null sender, none where nobody told.
    pub envelope_from: Option<String>,
}

/// A file in the mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As the sender called it; may be empty.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attachment({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A delivery report (RFC 3464): what became of a letter of ours, as another mail server says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// `failed`, `delayed`, `delivered` …
    pub action: String,
    /// `5.1.1`
    pub status: String,
    pub recipient: String,
    /// The other server's words.
    pub diagnostic: String,
    /// The Message-ID of the letter, where the report brings its headers along.
    pub message_id: Option<String>,
}
