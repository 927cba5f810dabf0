//! How an operator connects a mailbox, and what they are told.

use crate::mail::{opens_a_shop, redress};
use crate::support::imap::{Mood, PASSWORD, Postbox};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_connects_a_mailbox_and_is_told_at_once_whether_it_lets_us_in() {
    let (folder, postbox) = (tempfile::tempdir().unwrap(), Postbox::open().await);
    let (data, url) = (folder.path(), postbox.url());
    let password = data.join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    opens_a_shop(data);
    let mailbox = |more: &[&str]| {
        let words = [&["seller", "mail", "--seller", "mine"], more].concat();
        let (ok, said) = redress(data, &words);
        assert!(!said.contains("secret"), "{said}");
        (ok, said)
    };
    let file = password.to_str().unwrap();
    let imap = ["--imap", url.as_str(), "--password-file", file];
    let (ok, said) = mailbox(&imap);
    assert!(!ok && said.contains("Say first at which address"), "{said}");
    let (ok, said) = mailbox(&[&["--address", "desk@mine.example"], &imap[..]].concat());
    assert!(
        ok && said.contains("it lets us in; what comes from now on is read"),
        "{said}"
    );
    postbox.is(Mood::Strange);
    let (ok, said) = mailbox(&[]);
    assert!(
        !ok && said.contains("does not take this user and password"),
        "{said}"
    );
    postbox.is(Mood::Answers);
    // The worker, once.
    postbox.takes(
        b"From: Anna <anna@harbor.example>\r\n\r\nHello.\r\n",
        chrono::Utc::now(),
    );
    let (ok, said) = redress(data, &["work", "--once"]);
    assert!(ok && postbox.seen() == [true], "{said}");
    assert!(mailbox(&[]).0);
    let with_password = url.replace('@', ":hidden@");
    let (ok, said) = mailbox(&["--imap", &with_password, "--password-file", file]);
    assert!(
        !ok && said.contains("is read by others") && !said.contains("hidden"),
        "{said}"
    );
    let (ok, said) = mailbox(&["--no-imap"]);
    assert!(ok && !said.contains("fetched"), "{said}");
}
