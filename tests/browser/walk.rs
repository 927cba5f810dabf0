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
        self.signs_in_to(&self.browser, role, seller).await;
    }

    /// Somebody else, at a browser of their own.
    pub async fn signs_in_to(&self, browser: &Browser, role: &str, seller: &str) {
        let email = &self.demo.account(role, seller).email;
        self.enters(browser, email).await;
    }

    pub async fn signs_in_as(&self, email: &str) {
        self.enters(&self.browser, email).await;
    }

    /// Everybody in a demo has the same password.
    async fn enters(&self, browser: &Browser, email: &str) {
        let password = &self.demo.accounts[0].password;
        browser.goes_to(&format!("{}/sign-in", self.demo.url)).await;
        browser.fills("E-mail address", email).await;
        browser.fills("Password", password).await;
        browser.presses("Sign in").await;
        browser.leaves("/sign-in").await;
    }

    /// Leaves by the menu that carries this person's name.
    pub async fn signs_out(&self, name: &str) {
        self.browser.presses(name).await;
        self.browser.presses("Sign out").await;
        self.browser.is_at("/").await;
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
