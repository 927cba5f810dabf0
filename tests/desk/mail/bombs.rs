//! Mails made to bring a reader down. Each ends as a mail or as an unreadable one, and the next one is read.

use redress::desk::mailroom::Way;
use redress::outside::mime;

use super::{ANNA, Stage};
use crate::support::app::Desk;
use crate::support::post::mail;

fn head(kind: &str) -> String {
    format!(
        "From: {ANNA}\r\nTo: desk@harbour-panel.example\r\nSubject: bomb\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
    )
}

fn nested_multiparts(deep: usize) -> String {
    let mut out = head("multipart/mixed; boundary=b0");
    for at in 0..deep {
        out.push_str(&format!(
            "--b{at}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n",
            at + 1
        ));
    }
    out
}

fn nested_mails(deep: usize) -> String {
    let inner = "Content-Type: message/rfc822\r\n\r\n".repeat(deep);
    head("message/rfc822") + &inner + "Subject: inside\r\n\r\nwords"
}

fn nested_digests(deep: usize) -> String {
    let mut out = head("multipart/digest; boundary=b0");
    for at in 0..deep {
        out.push_str(&format!(
            "--b{at}\r\n\r\nContent-Type: multipart/digest; boundary=b{}\r\n\r\n",
            at + 1
        ));
    }
    out
}

fn encoded_mails() -> String {
    let inner = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let encoded = data_encoding::BASE64_MIME.encode(inner.as_bytes());
    head("multipart/mixed; boundary=b")
        + "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + &encoded
        + "\r\n--b--\r\n"
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let long = |n: usize| "x".repeat(n);
    let addresses = (0..100_000)
        .map(|at| format!("a{at}@x.example, "))
        .collect::<String>();
    let headers = (0..100_000)
        .map(|at| format!("X-{at}: y\r\n"))
        .collect::<String>();
    let boundary = long(2_000);
    [
        ("nothing", String::new()),
        ("only zeros", "\0".repeat(10_000)),
        ("no header", "just words\r\n\r\nand more".to_owned()),
        ("5,000 multiparts in one another", nested_multiparts(5_000)),
        ("30 multiparts in one another", nested_multiparts(30)),
        ("100,000 parts", head("multipart/mixed; boundary=b") + &"--b\r\n\r\n.\r\n".repeat(100_000)),
        ("150 parts", head("multipart/mixed; boundary=b") + &"--b\r\n\r\n.\r\n".repeat(150)),
        ("300,000 mails in one another", nested_mails(300_000)),
        ("5,000 digests in one another", nested_digests(5_000)),
        ("100,000 mails in one another, encoded", encoded_mails()),
        ("a head of 10 MB", format!("X: {}\r\n{}", long(10_000_000), head("text/plain"))),
        ("100,000 headers", headers + &head("text/plain")),
        ("100,000 addresses", format!("Cc: {addresses}\r\n{}words", head("text/plain"))),
        ("a boundary of 2 KB", head(&format!("multipart/mixed; boundary={boundary}")) + &format!("--{boundary}\r\n\r\nhi\r\n")),
        ("the same boundary twice", head("multipart/mixed; boundary=b") + "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n--b--"),
        ("no boundary", head("multipart/mixed") + "words"),
        ("types without end", head(&format!("text/plain{}", "; a=b".repeat(20_000)))),
        ("words of the parser, again and again", head(&format!("text/{}", "rfc822".repeat(10_000))) + "words"),
        ("an unknown charset", head("text/plain; charset=x-unknown") + "words"),
        ("UTF-7", head("text/plain; charset=utf-7") + "+ADw-script+AD4-"),
        ("UTF-16", head("text/plain; charset=utf-16") + "w\0o\0r\0d\0s\0"),
        ("broken base64", head("text/plain\r\nContent-Transfer-Encoding: base64") + "!!!not base64!!!"),
        ("nested HTML", head("text/html") + &"<div>".repeat(100_000)),
        ("entities", head("text/html") + &"&amp;&#x26;&#99999999;".repeat(50_000)),
        ("a date of the year 9999", format!("Date: Fri, 31 Dec 9999 23:59:60 +9999\r\n{}words", head("text/plain"))),
        ("a date of nothing but comments", format!("Date: {}\r\n{}words", "(".repeat(200_000), head("text/plain"))),
        ("a subject of line breaks", format!("Subject: =?utf-8?q?{}?=\r\n{}words", "=0D=0A".repeat(5_000), head("text/plain"))),
    ]
    .map(|(name, text)| (name, text.into_bytes()))
    .to_vec()
}

#[tokio::test]
async fn t10_no_mail_brings_the_reader_down_or_keeps_it_from_the_next_one() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let mut kept = Vec::new();
    for (name, raw) in bombs() {
        let id =
            redress::worker::mail::keep(&desk.app, raw, Way::pipe(None, Some(stage.to.clone())));
        kept.push((name, id.await.unwrap().unwrap()));
    }
    let last = desk
        .keeps(&stage.annas_mail().says("And now something else.").vouched())
        .await;
    desk.works().await;
    for (name, id) in kept {
        let mail = desk.mail(&id);
        assert!(
            ["held", "unreadable"].contains(&mail.state.as_str()),
            "{name}: {mail:?}"
        );
    }
    assert_eq!(desk.mail(&last).state, "taken");
    // The pages show what there is of them.
    let mut omar = desk.signed_in(super::OMAR).await;
    for tray in ["held", "unreadable"] {
        let page = omar.opens(&format!("/queue/mail?tray={tray}")).await;
        assert_eq!(page.status, 200);
    }
}

#[test]
fn t10_what_is_too_much_is_said_and_what_is_only_odd_is_read() {
    let why = |name: &str| {
        let raw = bombs()
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1;
        match mime::read(&raw) {
            Ok(mail) => format!("read: {}", mail.text),
            Err(unreadable) => unreadable.why,
        }
    };
    assert_eq!(
        why("5,000 multiparts in one another"),
        "It has too many parts."
    );
    assert_eq!(
        why("30 multiparts in one another"),
        "Its parts are nested too deep."
    );
    assert_eq!(why("100,000 parts"), "It has too many parts.");
    assert_eq!(why("150 parts"), "It has too many parts.");
    assert_eq!(why("a head of 10 MB"), "Its head is too long.");
    assert_eq!(why("100,000 headers"), "Its head has too many lines.");
    assert_eq!(
        why("only zeros"),
        "Its head has a byte that no mail may have."
    );
    assert_eq!(why("nothing"), "It has no header that could be read.");
    for odd in [
        "an unknown charset",
        "no boundary",
        "a date of the year 9999",
    ] {
        assert_eq!(why(odd), "read: words", "{odd}");
    }
    assert_eq!(why("UTF-7"), "read: <script>");
}

#[test]
fn no_beginning_and_no_broken_byte_of_a_mail_makes_the_reader_panic() {
    let whole = mail(&format!("Anna <{ANNA}>"), "desk@harbour-panel.example")
        .attaching("a.png", "image/png", b"\x89PNG\r\n\x1a\n")
        .raw();
    for end in 0..whole.len() {
        let _ = mime::read(&whole[..end]);
    }
    for at in 0..whole.len() {
        for byte in [0, b'\n', b'"', b'(', b'=', 0xff] {
            let mut broken = whole.clone();
            broken[at] = byte;
            if let Err(unreadable) = mime::read(&broken) {
                assert!(
                    !unreadable.why.contains("broke"),
                    "{}",
                    String::from_utf8_lossy(&broken)
                );
            }
        }
    }
}
