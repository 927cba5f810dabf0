//! Encryption that holds, and what is said in the clear before it.

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::super::postbox::{Mood, PASSWORD, Postbox};
use super::super::tls::TRUSTED;
use super::*;

/// It believes the servers of these tests, and nobody else.
fn imap() -> Imap {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(TRUSTED.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Imap {
        tls: TlsConnector::from(Arc::new(tls)),
        ..Imap::open(&Config::read(&Default::default()).unwrap()).unwrap()
    }
    .with_patience(Duration::from_secs(2))
}

fn account(scheme: &str, postbox: &Postbox) -> Account {
    let url = format!("{scheme}://desk%40mine.example@localhost:{}", postbox.port);
    Account::parse(&url, PASSWORD).unwrap()
}

#[tokio::test]
async fn both_ways_to_encrypt_let_us_in_and_hand_over_a_mail() {
    let postbox = Postbox::open().await;
    postbox.takes(b"From: anna@harbor.example\r\n\r\nHello.\r\n", Utc::now());
    for (mood, scheme) in [
        (Mood::Tls, "imaps"),
        (Mood::Starttls, "imap"),
        (Mood::Injected, "imap"),
    ] {
        postbox.is(mood);
        let mut visit = imap().visit(&account(scheme, &postbox)).await.unwrap();
        let listed = visit.above(0).await.unwrap();
        let raw = visit.whole(&listed[0]).await.unwrap().unwrap();
        assert!(raw.ends_with(b"Hello.\r\n"), "{mood:?}");
        visit.leave().await;
    }
}

#[tokio::test]
async fn a_server_that_has_let_us_in_unasked_or_in_the_clear_is_left() {
    let postbox = Postbox::open().await;
    for (mood, expected) in [
        (Mood::Preauth, Failure::Unread),
        (Mood::Answers, Failure::InTheClear),
        (Mood::LateImposter, Failure::Untrusted),
    ] {
        postbox.is(mood);
        let failed = imap().visit(&account("imap", &postbox)).await.unwrap_err();
        assert_eq!(failed, expected, "{mood:?}");
    }
    assert!(postbox.said().iter().all(|line| !line.contains("LOGIN")));
}

#[tokio::test]
async fn of_a_mail_nothing_is_in_what_is_said_of_a_failure() {
    let postbox = Postbox::open().await;
    let url = postbox.url();
    postbox.takes(b"Subject: private\r\n\r\nprivate\r\n", Utc::now());
    postbox.is(Mood::Boasts);
    let account = Account::parse(&url, PASSWORD).unwrap();
    let mut visit = imap().visit(&account).await.unwrap();
    let listed = visit.above(0).await.unwrap();
    let failed = visit.whole(&listed[0]).await.unwrap_err();
    assert!(!format!("{failed} {failed:?}").contains("private"));
}
