//! One walk: a demo and a browser of its own, pictures on the way, and a picture and the page's words where it ends badly.

use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};

use futures_util::FutureExt;

use super::browser::Browser;
use super::demo::Demo;
use super::eyes;

pub struct Walk {
    pub demo: Demo,
    pub browser: Browser,
    name: &'static str,
    scripts: bool,
}

/// Walks with scripts on.
pub async fn walk(name: &'static str, story: impl AsyncFnOnce(&Walk)) {
    go(name, true, story).await;
}

/// Walks with scripts off.
pub async fn plain_walk(name: &'static str, story: impl AsyncFnOnce(&Walk)) {
    go(name, false, story).await;
}

async fn go(name: &'static str, scripts: bool, story: impl AsyncFnOnce(&Walk)) {
    let walk = Walk {
        demo: Demo::start(),
        browser: Browser::open().await,
        name,
        scripts,
    };
    if !scripts {
        walk.browser.without_scripts().await;
    }
    let outcome = AssertUnwindSafe(story(&walk)).catch_unwind().await;
    if let Err(cause) = outcome {
        walk.pictures("failed").await;
        eprintln!("{name} ended on {}", walk.browser.url().await);
        resume_unwind(cause);
    }
    walk.browser.session.close().await;
}

impl Walk {
    pub async fn opens(&self, path: &str) {
        self.browser
            .goes_to(&format!("{}{path}", self.demo.url))
            .await;
    }

    pub async fn signs_in(&self, role: &str, seller: &str) {
        let account = self.demo.account(role, seller).clone();
        self.opens("/sign-in").await;
        self.browser.fills("E-mail address", &account.email).await;
        self.browser.fills("Password", &account.password).await;
        self.browser.presses("Sign in").await;
        self.browser.sees("Sign out").await;
    }

    /// This page is one of the walk's: it is pictured, and it must stand the eyes' examination.
    pub async fn arrives(&self, page: &str) {
        self.pictures(page).await;
        if !self.scripts {
            return;
        }
        let faults = eyes::faults(&self.browser).await;
        let here = self.browser.url().await;
        assert!(faults.is_empty(), "{page} ({here}):\n{}", faults.join("\n"));
    }

    async fn pictures(&self, page: &str) {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        let picture = self.browser.screenshot().await;
        fs::write(folder.join(format!("{}-{page}.png", self.name)), picture).unwrap();
    }
}

/// `walks` beside the build's other results.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("walks")
}
