//! A corpus of mails as nine kinds of programs build them, in nine alphabets and three encodings, each with what must be read out of it.
//! Generated, so that every kind meets every alphabet; nobody's real mail is in it.

use data_encoding::BASE64_MIME;
use encoding_rs::Encoding;
use redress::outside::mime;

/// An alphabet: its name in a header, and words in it.
const ALPHABETS: [(&str, &str); 9] = [
    ("us-ascii", "It never came."),
    ("utf-8", "Es kam nie an – 山田 🙂"),
    ("iso-8859-1", "Être remboursé, bitte schön"),
    ("windows-1252", "“Remboursé” – 5 €"),
    ("koi8-r", "Заказ не пришёл"),
    ("iso-2022-jp", "注文が届きません"),
    ("gb18030", "订单没有到"),
    ("shift_jis", "返金してください"),
    ("windows-1256", "لم يصل الطلب"),
];

#[derive(Clone, Copy, Debug)]
enum Travels {
    AsItIs,
    Quoted,
    Base64,
}

/// Words as the bytes of a part: its headers after the type, an empty line, and the body.
fn part(kind: &str, charset: &str, words: &str, travels: Travels) -> Vec<u8> {
    let encoding = Encoding::for_label(charset.as_bytes()).unwrap();
    let (bytes, _, lossy) = encoding.encode(words);
    assert!(!lossy, "{charset} cannot say {words}");
    let (name, body) = match travels {
        Travels::AsItIs => ("8bit", bytes.to_vec()),
        Travels::Quoted => {
            let quoted: String = bytes
                .iter()
                .map(|byte| match byte {
                    b'=' | 0..=31 | 127.. => format!("={byte:02X}"),
                    plain => char::from(*plain).to_string(),
                })
                .collect();
            ("quoted-printable", quoted.into_bytes())
        }
        Travels::Base64 => ("base64", BASE64_MIME.encode(&bytes).into_bytes()),
    };
    let head = format!(
        "Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {name}\r\n\r\n"
    );
    [head.as_bytes(), &body, b"\r\n"].concat()
}

fn multipart(kind: &str, boundary: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\nThis is a mail of several parts.\r\n").into_bytes();
    for part in parts {
        out.extend(format!("\r\n--{boundary}\r\n").bytes());
        out.extend(*part);
    }
    out.extend(format!("\r\n--{boundary}--\r\n").bytes());
    out
}

const PNG: &[u8] = b"Content-Type: image/png; name=\"shot.png\"\r\nContent-Disposition: inline; filename=\"shot.png\"\r\nContent-ID: <i@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n";
const PDF: &[u8] = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=UTF-8''Rechnung%20%C3%BC.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjc=\r\n";
const FORWARDED: &[u8] = b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\ninner words\r\n";
const CALENDAR: &[u8] = b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
const SIGNATURE: &[u8] = b"Content-Type: application/pgp-signature; name=\"s.asc\"\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n";

/// How a program puts a mail together, and the files that are found in it.
type Build = fn(&[u8], &[u8]) -> Vec<u8>;
const PROGRAMS: [(&str, Build, &[&str]); 9] = [
    ("plain", |text, _| text.to_vec(), &[]),
    ("only HTML", |_, html| html.to_vec(), &[]),
    (
        "both",
        |text, html| multipart("alternative", "b", &[text, html]),
        &[],
    ),
    (
        "HTML with a picture in it",
        |text, html| {
            multipart(
                "alternative",
                "a",
                &[text, &multipart("related", "r", &[html, PNG])],
            )
        },
        &["shot.png"],
    ),
    (
        "with a file",
        |text, _| multipart("mixed", "=_m", &[text, PDF]),
        &["Rechnung ü.pdf"],
    ),
    (
        "both with a file",
        |text, html| {
            multipart(
                "mixed",
                "m",
                &[&multipart("alternative", "a", &[text, html]), PDF],
            )
        },
        &["Rechnung ü.pdf"],
    ),
    (
        "forwarding another",
        |text, _| multipart("mixed", "m", &[text, FORWARDED]),
        &["forwarded.eml"],
    ),
    (
        "an invitation",
        |text, html| multipart("alternative", "a", &[text, html, CALENDAR]),
        &["invitation.ics"],
    ),
    (
        "signed",
        |text, _| multipart("signed", "s", &[text, SIGNATURE]),
        &[],
    ),
];

#[test]
fn every_program_is_read_in_every_alphabet_and_encoding() {
    let (mut read, mut wrong) = (0, Vec::new());
    for (program, build, files) in PROGRAMS {
        for (charset, words) in ALPHABETS {
            for travels in [Travels::AsItIs, Travels::Quoted, Travels::Base64] {
                let text = part("text/plain", charset, words, travels);
                let html = part("text/html", charset, &format!("<p>{words}</p>"), travels);
                let head = "From: Anna <anna@harbor.example>\r\nTo: desk@shop.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
                let raw = [head.as_bytes(), &build(&text, &html)].concat();
                let name = format!("{program}, {charset}, {travels:?}");
                read += 1;
                match mime::read(&raw) {
                    Ok(mail) => {
                        let found: Vec<&str> = mail
                            .attachments
                            .iter()
                            .map(|file| file.name.as_str())
                            .collect();
                        if mail.text.trim() != words || found != files {
                            wrong.push(format!("{name}: {:?} {found:?}", mail.text));
                        }
                    }
                    Err(unreadable) => wrong.push(format!("{name}: {}", unreadable.why)),
                }
            }
        }
    }
    assert!(read >= 200);
    assert!(
        wrong.is_empty(),
        "{} of {read}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
