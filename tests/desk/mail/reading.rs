//! Mails as mail programs really write them, and what is read out of them.

use redress::incoming::Incoming;
use redress::outside::mime;

fn read(raw: &str) -> Incoming {
    mime::read(raw.replace('\n', "\r\n").as_bytes()).unwrap()
}

const HEAD: &str = "From: =?utf-8?B?WsO2ZSBNw7xsbGVy?= <Zoe@Harbor.example>\nTo: Desk <desk@shop.example>\nSubject: =?iso-8859-1?Q?R=FCckgabe?= 12\nMessage-ID: <1@harbor.example>\nIn-Reply-To: <a@desk.example>\nReferences: <r@desk.example>\n <a@desk.example>\nMIME-Version: 1.0\n";

#[test]
fn the_head_is_read_in_every_spelling() {
    let mail = read(&format!(
        "{HEAD}Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n au lait\n"
    ));
    assert_eq!(mail.from.unwrap().as_str(), "zoe@harbor.example");
    assert_eq!(mail.from_name, "Zöe Müller");
    assert_eq!(mail.subject, "Rückgabe 12");
    assert_eq!(mail.message_id.as_deref(), Some("1@harbor.example"));
    assert_eq!(
        mail.references,
        ["a@desk.example", "a@desk.example", "r@desk.example"]
    );
    assert_eq!(mail.text, "café au lait");
    assert_eq!(mail.to[0].as_str(), "desk@shop.example");
}

#[test]
fn the_text_is_taken_before_the_html_and_the_html_as_text_where_there_is_nothing_else() {
    let both = read(&format!(
        "{HEAD}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"
    ));
    assert_eq!(
        (both.text.as_str(), both.html.as_deref().map(str::trim)),
        ("plain", Some("<p>rich</p>"))
    );
    assert!(both.attachments.is_empty());
    let html = read(&format!(
        "{HEAD}Content-Type: text/html; charset=utf-8\n\n<style>p{{}}</style><p>One<br>two &amp; three</p><script>x()</script>\n"
    ));
    assert!(
        html.text.contains("One") && html.text.contains("two & three"),
        "{:?}",
        html.text
    );
    assert!(
        !html.text.contains("x()") && !html.text.contains("p{"),
        "{:?}",
        html.text
    );
}

#[test]
fn lines_that_a_mail_program_writes_as_blocks_stay_apart() {
    let mail = read(&format!(
        "{HEAD}Content-Type: text/html; charset=utf-8\n\n<div dir=3D\"ltr\">My order O-1001</div><div>has not come.</div><div><br></div><div>Anna</div>\n"
    ));
    assert_eq!(mail.text, "My order O-1001\nhas not come.\n\nAnna");
}

#[test]
fn files_keep_their_names_forwarded_mails_are_files_and_signatures_are_none() {
    let mail = read(&format!(
        "{HEAD}Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\nSee below.\n\
         --m\nContent-Type: application/pdf; name*0*=utf-8''re%C3%A7u; name*1=.pdf\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjc=\n\
         --m\nContent-Type: message/rfc822\n\nFrom: a@b.example\nSubject: inner\nContent-Type: text/plain\n\ninner words\n\
         --m\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n\
         --m--\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nAAAA\n--s--\n"
    ));
    assert_eq!(mail.text, "See below.");
    let files: Vec<&str> = mail
        .attachments
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(files, ["reçu.pdf", "forwarded.eml", "invitation.ics"]);
    assert_eq!(mail.attachments[0].bytes, b"%PDF-1.7");
    assert!(String::from_utf8_lossy(&mail.attachments[1].bytes).contains("inner words"));
}

#[test]
fn a_boundary_may_hold_any_word() {
    for boundary in ["--=_rfc822_digest", "global.mixed=1"] {
        let mail = read(&format!(
            "{HEAD}Content-Type: multipart/mixed;\n boundary=\"{boundary}\"\n\n--{boundary}\nContent-Type: text/plain; name=\"digest.txt\"\nContent-Disposition: attachment\n\none\n--{boundary}\n\ntwo\n--{boundary}--\n"
        ));
        assert_eq!(mail.text, "two", "{boundary}");
        assert_eq!(mail.attachments[0].name, "digest.txt");
    }
}

#[test]
fn a_delivery_report_names_the_letter_the_recipient_and_what_was_said() {
    let mail = read(
        "From: Mail Delivery <mailer-daemon@mx.example>\nTo: desk+babc@shop.example\nSubject: Undelivered\nReturn-Path: <>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\nContent-Type: text/plain\n\nSorry.\n\
         --r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; anna@harbor.example\nAction: Failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user here\n\
         --r\nContent-Type: message/rfc822\n\nFrom: desk@shop.example\nMessage-ID: <letter-1@desk.example>\nSubject: Refund\n\nwords\n--r--\n",
    );
    let report = mail.report.unwrap();
    assert_eq!(
        (report.action.as_str(), report.status.as_str()),
        ("failed", "5.1.1")
    );
    assert_eq!(report.recipient, "anna@harbor.example");
    assert_eq!(report.diagnostic, "550 5.1.1 no such user here");
    assert_eq!(report.message_id.as_deref(), Some("letter-1@desk.example"));
    assert!(mail.signs.is_report && mail.attachments.is_empty());
    assert_eq!(mail.signs.envelope_from.as_deref(), Some(""));
}

#[test]
fn the_same_mail_is_known_whatever_servers_put_on_top_of_it() {
    let raw = b"Subject: x\r\nReceived: inside\r\n\r\nbody";
    for top in [
        &b""[..],
        b"From a@b Mon Mar  2 09:00:00 2026\r\n",
        b"Return-Path: <a@b>\r\nReceived: by mx\r\n\t for x;\r\n Mon\r\nDelivered-To: y\r\n",
        b"AUTHENTICATION-RESULTS: mx; none\r\n",
    ] {
        assert_eq!(mime::without_trace(&[top, raw].concat()), raw);
    }
    assert_eq!(mime::without_trace(b"Received: x"), b"");
}
