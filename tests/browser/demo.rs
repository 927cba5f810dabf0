//! The program itself, as a newcomer starts it: `redress demo` in a folder of its own, on a port of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

const START: Duration = Duration::from_secs(180);
const LISTENING: &str = "Redress is listening on ";

pub struct Demo {
    child: Child,
    pub url: String,
    pub accounts: Vec<Account>,
    _folder: TempDir,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    pub role: String,
    pub email: String,
    pub password: String,
    pub seller: Option<String>,
}

#[derive(Deserialize)]
struct Sheet {
    url: String,
    accounts: Vec<Account>,
}

impl Demo {
    pub fn start() -> Demo {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REDRESS_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (tell, told) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| drop(tell.send(line)))
        });
        let mut demo = Demo {
            child,
            url: String::new(),
            accounts: Vec::new(),
            _folder: folder,
        };
        while demo.url.is_empty() {
            let line = told.recv_timeout(START).expect("the demo never listened");
            if let Some((_, url)) = line.split_once(LISTENING) {
                demo.url = url.trim().to_owned();
            }
        }
        let sheet = fs::read_to_string(demo._folder.path().join("demo.json")).unwrap();
        let sheet: Sheet = serde_json::from_str(&sheet).unwrap();
        assert_eq!(sheet.url, demo.url);
        demo.accounts = sheet.accounts;
        demo
    }

    /// Someone of this role; of this seller where one is named.
    pub fn account(&self, role: &str, seller: &str) -> &Account {
        self.accounts
            .iter()
            .find(|account| {
                account.role == role
                    && (seller.is_empty() || account.seller.as_deref() == Some(seller))
            })
            .unwrap_or_else(|| panic!("the demo has no {role} of {seller:?}: {:?}", self.accounts))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
