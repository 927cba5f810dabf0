//! A town with a post office: desks whose letters leave through Postfix, customers whose mailboxes Dovecot shows, and the ways by which
//! mail comes to a desk. Everybody waits for what must happen, for a minute at most, and for nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration as Wait;

use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use redress::clock::{Clock, Watch};
use redress::config::{Config, Mail};
use redress::db;
use redress::desk::mailroom::{self, Remote};
use redress::outside::imap::{Account, Imap, Security};
use redress::outside::mime;
use redress::worker::imap::watch::run;
use tokio::sync::watch::{self, Sender};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::app::Desk;
use crate::support::make::Shop;
use crate::support::post::Post;

const A_MINUTE: Wait = Wait::from_secs(60);
const PASSWORD: &str = "secret";

/// By which way mail comes to a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Pipe,
    Box,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Way::Pipe => "pipe",
            Way::Box => "box",
        }
    }

    /// What the inbox says of it.
    pub fn via(self) -> &'static str {
        match self {
            Way::Pipe => "pipe",
            Way::Box => "imap",
        }
    }

    /// A shop's name; of it comes an address in the domain from which mail goes this way.
    pub fn shop(self, story: &str) -> String {
        format!("{story}.{}", self.word())
    }
}

pub struct Town {
    folder: PathBuf,
    smtp: u16,
    imap: u16,
}

/// What `tests/mail-servers start` printed.
static TOLD: LazyLock<Option<String>> = LazyLock::new(|| {
    let told = std::env::var("REDRESS_TEST_MAIL").ok()?;
    let folder = PathBuf::from(told.split(' ').next().unwrap());
    // The pipe's user sees nothing of where this was built.
    fs::copy(env!("CARGO_BIN_EXE_redress"), folder.join("redress")).unwrap();
    Some(told)
});

impl Town {
    pub fn running() -> Option<Town> {
        let words: Vec<&str> = TOLD.as_ref()?.split(' ').collect();
        let [folder, smtp, imap] = words[..] else {
            panic!("REDRESS_TEST_MAIL is {words:?}");
        };
        Some(Town {
            folder: PathBuf::from(folder),
            smtp: smtp.parse().unwrap(),
            imap: imap.parse().unwrap(),
        })
    }

    /// A desk on today's time, that hands its letters to Postfix and believes it.
    pub fn desk(&self) -> Desk {
        let smtp = format!("smtp://127.0.0.1:{}?tls=none", self.smtp);
        let desk = Desk::with(|mut config| {
            config.mail = Mail::Smtp(smtp);
            "mx.mail.example".clone_into(&mut config.authserv);
            config
        });
        desk.app.clock.set(Clock::System.now());
        desk
    }

    /// Has the shop's mail come to the desk.
    pub fn opens(&self, desk: &Desk, shop: &Shop, way: Way) -> Door {
        let domain = format!("{}.example", shop.slug);
        match way {
            Way::Pipe => {
                let config = &desk.app.config;
                let database = config.database_url.strip_prefix("sqlite://");
                let database = database.map(|file| Path::new(file).parent().unwrap());
                for folder in [Some(config.data.as_path()), database]
                    .into_iter()
                    .flatten()
                {
                    opened(folder);
                }
                let settings = format!(
                    "export REDRESS_DATA='{}' REDRESS_DATABASE_URL='{}'\n",
                    config.data.display(),
                    config.database_url
                );
                fs::write(self.folder.join("desks").join(domain), settings).unwrap();
                Door(None)
            }
            Way::Box => {
                let (act, remote) = (desk.operator(), self.remote(&format!("desk@{domain}")));
                let connected = desk.app.pool.write(|tx| {
                    let seller = db::sellers::find(tx, &shop.seller)?;
                    mailroom::connect(tx, &act, &seller, &remote)
                });
                connected.unwrap();
                let (stop, stopped) = watch::channel(false);
                Door(Some((stop, tokio::spawn(run(desk.app.clone(), stopped)))))
            }
        }
    }

    fn remote(&self, login: &str) -> Remote {
        Remote {
            host: "127.0.0.1".to_owned(),
            port: self.imap,
            security: Security::None.word(),
            login: login.to_owned(),
            password: PASSWORD.to_owned(),
            folder: "INBOX".to_owned(),
        }
    }

    /// A mail into Postfix, as a customer's mail program hands it over.
    pub async fn posts(&self, from: &str, to: &str, post: &Post) {
        let envelope = Envelope::new(Some(from.parse().unwrap()), vec![to.parse().unwrap()]);
        let postfix = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1");
        let postfix = postfix.port(self.smtp).build();
        let sent = postfix.send_raw(&envelope.unwrap(), &post.raw()).await;
        assert!(sent.unwrap().is_positive());
    }

    /// Until the desk has what is waited for.
    pub async fn until<T>(
        &self,
        desk: &Desk,
        words: &str,
        mut found: impl FnMut() -> Option<T>,
    ) -> T {
        let watch = Watch::start();
        while watch.millis() < 60_000 {
            desk.app.clock.set(Clock::System.now());
            desk.works().await;
            if let Some(found) = found() {
                return found;
            }
            sleep(Wait::from_millis(50)).await;
        }
        panic!("never came: {words}; see {}", self.folder.display());
    }

    /// Until such a letter lies in somebody's mailbox.
    pub async fn until_letter(
        &self,
        desk: &Desk,
        address: &str,
        words: &str,
        is_it: impl Fn(&Letter) -> bool,
    ) -> Letter {
        let watch = Watch::start();
        while u128::from(watch.millis()) < A_MINUTE.as_millis() {
            desk.app.clock.set(Clock::System.now());
            desk.works().await;
            if let Some(letter) = self.letters(address).await.into_iter().find(&is_it) {
                return letter;
            }
            sleep(Wait::from_millis(50)).await;
        }
        panic!("{address} never got {words}; see {}", self.folder.display());
    }

    /// Lets the desks work so long, and looks again and again.
    pub async fn for_a_while(&self, desks: &[&Desk], long: Wait, look: impl Fn()) {
        let watch = Watch::start();
        while u128::from(watch.millis()) < long.as_millis() {
            for desk in desks {
                desk.app.clock.set(Clock::System.now());
                desk.works().await;
            }
            look();
            sleep(Wait::from_millis(200)).await;
        }
    }

    /// What lies in somebody's mailbox, read from Dovecot.
    pub async fn letters(&self, address: &str) -> Vec<Letter> {
        let remote = self.remote(address);
        let account = Account {
            host: remote.host,
            port: remote.port,
            security: Security::None,
            login: remote.login,
            password: remote.password,
            folder: remote.folder,
        };
        let imap = Imap::open(&Config::read(&Default::default()).unwrap()).unwrap();
        let mut visit = imap.visit(&account).await.unwrap();
        let mut letters = Vec::new();
        for mail in visit.above(0).await.unwrap() {
            let raw = visit.whole(&mail).await.unwrap().unwrap();
            letters.push(Letter(String::from_utf8(raw).unwrap()));
        }
        visit.leave().await;
        letters
    }
}

/// The way by which mail comes to a desk, while it is open.
pub struct Door(Option<(Sender<bool>, JoinHandle<()>)>);

impl Door {
    pub async fn shuts(self) {
        if let Some((stop, worker)) = self.0 {
            stop.send(true).unwrap();
            worker.await.unwrap();
        }
    }
}

/// A letter of ours as it lies in its reader's mailbox.
pub struct Letter(String);

impl Letter {
    /// A header's value, unfolded; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self
            .0
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .replace("\r\n ", " ")
            .replace("\r\n\t", " ");
        let value = head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        });
        value.unwrap_or_default()
    }

    /// The address to answer to.
    pub fn reply_to(&self) -> String {
        let value = self.header("Reply-To");
        value
            .rsplit('<')
            .next()
            .unwrap()
            .trim_end_matches('>')
            .to_owned()
    }

    pub fn text(&self) -> String {
        mime::read(self.0.as_bytes()).unwrap().text
    }
}

/// For the pipe's user, who is nobody. What is made there later has the rights of the test's umask.
fn opened(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            opened(&path);
        } else {
            fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        }
    }
}
