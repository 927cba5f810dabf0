//! Throws broken mails at the reader: seeds that are cut, spliced, doubled and sprinkled with what parsers trip over. Nothing may make it
//! panic, and whatever it reads keeps its bounds; what it shows of HTML is safe. One seed drives it, so a failure can be played again.
//!
//! `cargo run --release --example fuzz-mail -- --inputs 1000000`

use std::panic;
use std::process::ExitCode;

use redress::outside::{html, mime};

/// Splitmix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `sides`; 0 where there are none.
    fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.roll() % sides).unwrap_or(0)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const SEEDS: [&str; 8] = [
    "From: Anna <anna@harbor.example>\r\nTo: desk@shop.example\r\nSubject: =?utf-8?B?WsO2ZQ==?=\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n",
    "From: a@b.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich <a href=\"https://x.example\">x</a></p>\r\n--b--\r\n",
    "From: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_m\"\r\n\r\n--=_m\r\n\r\ntext\r\n--=_m\r\nContent-Type: application/pdf; name*0*=utf-8''re%C3%A7u; name*1=.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjc=\r\n--=_m--\r\n",
    "From: a@b.example\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: inner\r\n\r\nwords\r\n--d\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\ndeep\r\n--d--\r\n",
    "From: mailer-daemon@mx.example\r\nReturn-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\nSorry.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <l@d>\r\n--r--\r\n",
    "Received: by mx;\r\n\tMon, 2 Mar 2026 09:00:00 +0000\r\nAuthentication-Results: mx; dmarc=pass header.from=b.example\r\nFrom: \"x (y)\" <a@b.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000 (c)\r\nReferences: <a@b> <c@d>\r\n\r\nbody\r\n",
    "From: a@b.example\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<table><tr><td>=E9</td></tr></table><img src=3Dx onerror=3Dy>=\r\n",
    "From: a@b.example\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--s\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--s--\r\n",
];

const TRIPS: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"--",
    b"--b",
    b"--b--",
    b"--=_m",
    b"boundary=",
    b"boundary=\"\"",
    b"Content-Type: ",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"=?utf-8?q?=41?=",
    b"=?utf-8?b?",
    b"=?x?y?z?=",
    b"?=",
    b"=",
    b"=3",
    b"(",
    b")",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b":",
    b",",
    b"@",
    b"*0*=",
    b"charset=utf-7",
    b"charset=utf-16",
    b"From: x@y.example\r\n",
    b"<div>",
    b"&#99999999;",
];

fn broken(dice: &mut Dice) -> Vec<u8> {
    let mut mail = dice.one(&SEEDS).as_bytes().to_vec();
    for _ in 0..=dice.below(8) {
        let at = dice.below(mail.len() + 1);
        match dice.below(7) {
            0 => {
                let trip = *dice.one(&TRIPS);
                mail.splice(at..at, trip.iter().copied());
            }
            1 if at < mail.len() => mail[at] = u8::try_from(dice.below(256)).unwrap_or(0),
            2 => mail.truncate(at),
            3 => {
                let end = (at + dice.below(60)).min(mail.len());
                mail.drain(at..end);
            }
            4 => {
                let end = (at + dice.below(200)).min(mail.len());
                let again = mail[at..end].to_vec();
                for _ in 0..=dice.below(5) {
                    mail.splice(at..at, again.iter().copied());
                }
            }
            5 => {
                let other = dice.one(&SEEDS).as_bytes();
                let from = dice.below(other.len());
                mail.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let trip = *dice.one(&TRIPS);
                for _ in 0..dice.below(40) {
                    mail.splice(at..at, trip.iter().copied());
                }
            }
        }
    }
    mail
}

/// What is wrong with how a mail was read; empty where nothing is.
fn wrong(raw: &[u8]) -> String {
    let mail = match mime::read(raw) {
        Ok(mail) => mail,
        Err(unreadable) if unreadable.why.contains("broke") => return unreadable.why,
        Err(_) => return String::new(),
    };
    if mail.attachments.len() > 20 || mail.subject.chars().count() > 300 || mail.to.len() > 100 {
        return "a bound was passed".to_owned();
    }
    if mail.subject.contains(['\r', '\n']) || mail.from_name.contains(['\r', '\n']) {
        return "a line break stands in a line".to_owned();
    }
    if let Some(Ok(clean)) = mail
        .html
        .map(|html| html::safe(&html, "https://desk.example/leaving?to="))
    {
        let clean = clean.to_ascii_lowercase();
        if ["<script", "<img", "<svg", "<style", "<iframe", "<form"]
            .iter()
            .any(|tag| clean.contains(tag))
        {
            return format!("the HTML is not safe: {clean}");
        }
    }
    String::new()
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let given = |name: &str, otherwise: u64| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)?.parse().ok())
            .unwrap_or(otherwise)
    };
    let (inputs, seed) = (given("--inputs", 100_000), given("--seed", 1));
    panic::set_hook(Box::new(|_| {}));
    for number in 0..inputs {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let raw = broken(&mut dice);
        let found = panic::catch_unwind(|| wrong(&raw)).unwrap_or_else(|_| "a panic".to_owned());
        if !found.is_empty() {
            println!(
                "seed {seed}, input {number}: {found}\n{}",
                String::from_utf8_lossy(&raw)
            );
            return ExitCode::FAILURE;
        }
    }
    println!("{inputs} mails of seed {seed}: each was read or refused");
    ExitCode::SUCCESS
}
