//! The program itself as a process of its own, on a database that others may share, and people who can sign in there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use redress::act::{Act, Person, Role};
use redress::db::Pool;
use redress::desk::passwords::hash;
use redress::desk::people::{Newcomer, add};

use super::app::PASSWORD;

static HASH: LazyLock<String> = LazyLock::new(|| hash(PASSWORD).unwrap());

/// A server on a free port; killed when it is dropped.
pub struct Served {
    child: Child,
    pub url: String,
}

pub fn redress(data: &Path, database: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
    command.args(words).env_clear();
    command
        .env("REDRESS_DATA", data)
        .env("REDRESS_DATABASE_URL", database);
    command
}

impl Served {
    pub fn start(data: &Path, database: &str) -> Served {
        let mut child = redress(data, database, &["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().strip_prefix("Redress is listening on ");
        let url = url.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Served { child, url }
    }

    /// At once and without a chance to finish anything (SIGKILL).
    pub fn dies(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody with an account and the password of all.
pub fn joins(pool: &Pool, now: DateTime<Utc>, name: &str, role: Role) -> Person {
    let newcomer = Newcomer {
        name: name.to_owned(),
        email: format!("{}@harbor.example", name.to_lowercase()),
        role,
        sellers: Vec::new(),
    };
    let act = Act::operator(now, "http://desk.example");
    let id = pool.write(|tx| add(tx, &act, &newcomer, &HASH)).unwrap();
    Person {
        id,
        name: newcomer.name,
        email: newcomer.email,
        role,
        sellers: Vec::new(),
    }
}
