//! The real server on a free port, with its own database and a clock that stands still until it is moved. Nothing happens by itself.

use std::sync::LazyLock;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Role};
use redress::app::App;
use redress::clock::Clock;
use redress::config::{Config, Mail};
use redress::db::{self, mail::Row};
use redress::desk::passwords::hash;
use redress::desk::people::{self, Newcomer};
use redress::ids::{PersonId, SellerId};
use redress::web;
use tempfile::TempDir;

use super::db::{Fresh, fresh_pool};
use super::page::Browser;

pub struct Desk {
    pub app: App,
    pub url: String,
    server: Option<(ServerHandle, JoinHandle<()>)>,
    /// Proves its books when it is dropped, after the server is gone.
    pub db: Fresh,
    _folder: TempDir,
}

/// The password of everybody whom a test gives an account.
pub const PASSWORD: &str = "teapot marmalade cliff";

static HASH: LazyLock<String> = LazyLock::new(|| hash(PASSWORD).unwrap());

/// Monday 2 March 2026, nine o'clock in London.
pub fn monday() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

impl Desk {
    pub fn open() -> Desk {
        Desk::with(|config| config)
    }

    /// With other settings than a fresh clone's.
    pub fn with(settings: impl FnOnce(Config) -> Config) -> Desk {
        Desk::built(settings, |app| app)
    }

    /// With more in the application than its settings put there.
    pub fn built(settings: impl FnOnce(Config) -> Config, more: impl FnOnce(App) -> App) -> Desk {
        let (db, folder) = (fresh_pool(), tempfile::tempdir().unwrap());
        let socket = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listen = socket.local_addr().unwrap();
        let mut config = Config::read(&Default::default()).unwrap();
        config = config
            .with_data(folder.path().to_owned())
            .with_listen(listen);
        config.database_url = db.url.clone();
        config.mail = Mail::Memory;
        let app = more(App::open(settings(config), Clock::fixed(monday())).unwrap());
        let served = app.clone();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = web::server(served, socket).unwrap();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Desk {
            app,
            url: format!("http://{listen}"),
            server: Some((told.recv().unwrap(), thread)),
            db,
            _folder: folder,
        }
    }

    pub fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    pub fn operator(&self) -> Act {
        Act::operator(self.app.now(), &self.app.config.public_url)
    }

    /// A browser in which nobody is signed in.
    pub fn visitor(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// Somebody with an account and the password of all.
    pub fn person(&self, name: &str, email: &str, role: Role) -> PersonId {
        self.staff(name, email, role, &[])
    }

    /// Limited to these sellers; to none, for all.
    pub fn staff(&self, name: &str, email: &str, role: Role, sellers: &[SellerId]) -> PersonId {
        let newcomer = Newcomer {
            name: name.to_owned(),
            email: email.to_owned(),
            role,
            sellers: sellers.to_vec(),
        };
        let act = self.operator();
        self.app
            .pool
            .write(|tx| people::add(tx, &act, &newcomer, &HASH))
            .unwrap()
    }

    /// The person in a browser of their own, signed in through the page.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.visitor();
        let page = browser.opens("/sign-in").await;
        let form = page
            .form("Sign in")
            .fill("E-mail address", email)
            .fill("Password", PASSWORD);
        let page = browser.posts(form).await;
        assert_eq!(page.status, 303, "{email} cannot sign in: {}", page.text());
        browser
    }

    /// Anna Lindqvist, a customer.
    pub async fn anna(&self) -> Browser {
        self.person("Anna Lindqvist", "anna@harbor.example", Role::Customer);
        self.signed_in("anna@harbor.example").await
    }

    /// Omar Haddad, an agent.
    pub async fn omar(&self) -> Browser {
        self.person("Omar Haddad", "omar@desk.example", Role::Agent);
        self.signed_in("omar@desk.example").await
    }

    /// Ruth Okafor, a manager.
    pub async fn ruth(&self) -> Browser {
        self.person("Ruth Okafor", "ruth@desk.example", Role::Manager);
        self.signed_in("ruth@desk.example").await
    }

    /// Every letter that was queued, oldest first.
    pub fn letters(&self) -> Vec<Row> {
        let mut letters = self
            .app
            .pool
            .read(|conn| Ok(db::mail::list(conn, None, 1_000)?))
            .unwrap();
        letters.reverse();
        letters
    }

    /// The subjects of what was sent to an address, oldest first.
    pub fn subjects_to(&self, email: &str) -> Vec<String> {
        let letters = self
            .letters()
            .into_iter()
            .filter(|letter| letter.recipient == email);
        letters.map(|letter| letter.subject).collect()
    }

    /// The path of the one link of ours in the newest letter to the address.
    pub fn link_to(&self, email: &str) -> String {
        let letters = self.letters();
        let letter = letters.iter().rfind(|letter| letter.recipient == email);
        let text = &letter
            .unwrap_or_else(|| panic!("no letter to {email}"))
            .text;
        let words = text
            .split_whitespace()
            .filter_map(|word| word.strip_prefix(&self.app.config.public_url));
        words
            .max_by_key(|path| path.len())
            .unwrap_or_else(|| panic!("no link in {text}"))
            .to_owned()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some((server, thread)) = self.server.take() {
            // The order is given when the future is made; the thread ends when it is obeyed.
            drop(server.stop(false));
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the server broke"
            );
        }
    }
}
