//! What no client library sends: requests written byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::app::Desk;

/// Everything the server says until it closes the line.
fn says(desk: &Desk, request: &[u8]) -> String {
    let mut line = TcpStream::connect(desk.url.strip_prefix("http://").unwrap()).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    line.write_all(request).unwrap();
    let mut answer = Vec::new();
    match line.read_to_end(&mut answer) {
        Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
            panic!("the server does not hang up")
        }
        // A server that hangs up on rubbish may reset the line instead of closing it.
        _ => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

const CLOSE: &str = "Connection: close\r\n";

#[test]
fn requests_that_two_programs_could_read_differently_are_refused() {
    let desk = Desk::open();
    for (request, expected) in [
        (
            "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
            &["400"][..],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n{CLOSE}\r\n"),
            &["400"],
        ),
        (
            format!("GET http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n{CLOSE}\r\n"),
            &["421"],
        ),
        (
            format!(
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n{CLOSE}\r\n0\r\n\r\n"
            ),
            &["400"],
        ),
        (
            format!(
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n{CLOSE}\r\nabcd"
            ),
            &["400"],
        ),
        (
            format!(
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n{CLOSE}\r\nabcde"
            ),
            &["400"],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost : localhost\r\n{CLOSE}\r\n"),
            &["400"],
        ),
        ("rubbish\r\n\r\n".to_owned(), &["400", "none"]),
    ] {
        let answer = says(&desk, request.as_bytes());
        assert!(
            expected.contains(&status(&answer)),
            "{request:?}: {answer:?}"
        );
    }
}

#[test]
fn too_many_or_too_large_headers_are_refused() {
    let desk = Desk::open();
    let many = (0..97)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect::<String>();
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    for headers in [many, large] {
        let answer = says(
            &desk,
            format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}{CLOSE}\r\n").as_bytes(),
        );
        assert!(
            ["400", "431", "none"].contains(&status(&answer)),
            "{}",
            status(&answer)
        );
    }
}

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    let desk = Desk::open();
    let answer = says(&desk, b"GET / HTTP/1.1\r\nHost: localhost\r\n");
    assert_eq!(status(&answer), "408");
}

#[test]
fn nor_is_one_that_follows_a_whole_request() {
    let desk = Desk::open();
    let (first, second) = (
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localh",
    );
    let answer = says(&desk, format!("{first}{second}").as_bytes());
    assert_eq!(
        (status(&answer), answer.matches("HTTP/1.1").count()),
        ("200", 1)
    );
}

#[test]
fn a_body_that_does_not_say_its_size_is_measured_as_it_comes() {
    let desk = Desk::open();
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n{CLOSE}\r\n"
    );
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let answer = says(
        &desk,
        format!("{head}{}0\r\n\r\n", chunk.repeat(5)).as_bytes(),
    );
    assert_eq!(status(&answer), "413");
}
