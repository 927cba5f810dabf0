//! Outbound calls against servers that behave badly, and addresses that must not be called.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn http(settings: &[(&str, &str)]) -> Http {
    let given: BTreeMap<String, String> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let http = Http::open(&Config::read(&given).unwrap()).unwrap();
    http.with_patience(Duration::from_secs(2))
}

/// Answers each connection with these bytes after it read a request, then closes it.
async fn server(says: &'static [u8]) -> String {
    serving(move |mut stream| async move {
        let mut heard = [0; 4096];
        let _ = stream.read(&mut heard).await;
        let _ = stream.write_all(says).await;
    })
    .await
}

async fn serving<F: Future<Output = ()> + Send + 'static>(
    play: impl Fn(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            play(stream).await;
        }
    });
    format!("http://127.0.0.1:{port}/pay")
}

fn get(url: &str) -> Call {
    Call {
        url: url.to_owned(),
        ..Call::default()
    }
}

#[tokio::test]
async fn an_answer_comes_with_its_status_whatever_that_is() {
    let url = server(b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\n{}").await;
    let answer = http(&[]).send(&get(&url)).await.unwrap();
    assert_eq!((answer.status, answer.body), (422, b"{}".to_vec()));
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pay?x=1", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"a=1%262&b=") {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
        let _ = stream.write_all(b"HTTP/1.1 204 Done\r\n\r\n").await;
        String::from_utf8(heard).unwrap()
    });
    let fields = [("a", "1&2"), ("b", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let call = Call {
        url,
        headers: vec![("idempotency-key", "C-1 payout".to_owned())],
        body: Body::Form(fields.to_vec()),
    };
    assert!(http(&[]).send(&call).await.unwrap().is_success());
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("POST /pay?x=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("idempotency-key: C-1 payout\r\n"), "{heard}");
}

#[tokio::test]
async fn each_way_to_fail_has_its_word_and_says_whether_the_request_may_have_arrived() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let silent = serving(|mut stream| async move {
        let mut heard = [0; 4096];
        while stream.read(&mut heard).await.is_ok_and(|count| count > 0) {}
    })
    .await;
    let moved = server(b"HTTP/1.1 302 Away\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n").await;
    let dropped = server(b"").await;
    let cut = server(b"HTTP/1.1 200 Fine\r\ncontent-length: 100\r\n\r\n{\"").await;
    let nonsense = server(b"this is no answer\r\n\r\n").await;
    for (url, failure, arrived) in [
        (closed.as_str(), Failure::Unreachable, false),
        (&silent, Failure::Timeout, true),
        (&moved, Failure::Redirected, true),
        (&dropped, Failure::Lost, true),
        (&cut, Failure::Lost, true),
        (&nonsense, Failure::Lost, true),
        ("nowhere", Failure::Address, false),
        ("ftp://gateway.example/", Failure::Address, false),
        (
            "https://desk:secret@gateway.example/",
            Failure::Address,
            false,
        ),
        // In the clear, to a stranger.
        ("http://gateway.example/", Failure::Address, false),
    ] {
        let told = http(&[]).send(&get(url)).await.unwrap_err();
        assert_eq!((told, told.may_have_arrived()), (failure, arrived), "{url}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let url = serving(|mut stream| async move {
        let mut heard = [0; 4096];
        let _ = stream.read(&mut heard).await;
        let _ = stream.write_all(b"HTTP/1.1 200 Fine\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    })
    .await;
    let told = http(&[]).send(&get(&url)).await;
    assert_eq!(told, Err(Failure::TooLarge));
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_request() {
    // Speaks no TLS at all: the handshake fails before anything was said.
    let url = server(b"220 hello\r\n")
        .await
        .replace("http://", "https://");
    let told = http(&[]).send(&get(&url)).await.unwrap_err();
    assert_eq!(told, Failure::Unreachable);
}

#[tokio::test]
async fn private_addresses_are_called_only_where_the_operator_names_them() {
    let production = [
        ("REDRESS_MODE", "production"),
        ("REDRESS_PUBLIC_URL", "https://desk.seller.test"),
        ("REDRESS_SECRET", "0123456789abcdef0123456789abcdef"),
        ("REDRESS_MAIL", "smtps://u:p@mail.seller.test"),
        ("REDRESS_MAIL_FROM", "desk@seller.test"),
    ];
    let url = server(b"HTTP/1.1 204 Done\r\n\r\n").await;
    for place in [
        url.as_str(),
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        // A name of this machine, found out when it is looked up.
        "https://localhost/",
    ] {
        let told = http(&production).send(&get(place)).await;
        assert_eq!(told, Err(Failure::Private), "{place}");
    }
    let mut named = production.to_vec();
    named.push(("REDRESS_PRIVATE_HOSTS", "gateway.internal, 127.0.0.1"));
    assert!(http(&named).send(&get(&url)).await.is_ok());
    // Development reaches this machine, and no other private one.
    assert!(http(&[]).send(&get(&url)).await.is_ok());
    let told = http(&[]).send(&get("https://192.168.0.1/")).await;
    assert_eq!(told, Err(Failure::Private));
}

#[test]
fn the_registries_of_special_addresses_are_known() {
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "2002:7f00:1::",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
    for address in [
        "1.1.1.1",
        "100.128.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "64:ff9b::101:101",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}
