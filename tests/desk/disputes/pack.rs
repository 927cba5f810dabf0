//! The evidence pack as the bank gets it: what is in it, what is not, and who may download it.

use std::io::{Cursor, Read, Seek, Write};

use chrono::Duration;
use redress::act::Role;
use redress::desk::files::{self, Upload};
use redress::desk::tickets;
use redress::rules::facts::Status;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{GEORG, OMAR, Stage};
use crate::support::app::Desk;
use crate::support::pdf::words;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR rest of a picture";
const PHOTO: &str = "originals/T-1001/01-my-photo-gnp.png";

/// An order of Georg's that his deposit paid for and that was delivered, a request with a screenshot, an answer, a note.
async fn delivered(stage: &Stage<'_>) {
    let desk = stage.desk;
    let order = stage.shop.order(&stage.georg, "A-7", "9.00", |_| ());
    let now = desk.app.now();
    stage
        .shop
        .moves_on(&order, Status::Completed, "0", now - Duration::days(1));
    let mut picture = tempfile::tempfile().unwrap();
    picture.write_all(PICTURE).unwrap();
    picture.rewind().unwrap();
    let name = "../../my photo \u{202e}gnp.exe".to_owned();
    let kept = desk.app.keep(name, picture).await.unwrap();
    let upload = Upload {
        name: kept.name,
        kind: kept.kind.to_owned(),
        bytes: kept.bytes,
        sha256: kept.sha256,
        blob: kept.blob,
    };
    let act = stage.act_of(GEORG);
    let file = desk
        .app
        .pool
        .write(|tx| files::keep(tx, &act, &upload, None))
        .unwrap();
    let claim = stage.asks(Some(&order), "order_cancellation");
    let (georg, omar) = (stage.act_of(GEORG), stage.act_of(OMAR));
    desk.app
        .pool
        .write(|tx| {
            let ticket = &claim.ticket_id;
            tickets::reply(
                tx,
                &georg,
                ticket,
                None,
                "Here is what I see: 漢字 <b>&amp;",
                std::slice::from_ref(&file),
            )?;
            tickets::reply(tx, &omar, ticket, None, "It was delivered on Sunday.", &[])?;
            tickets::note(tx, &omar, ticket, None, "I think he is lying.").map(|_| ())
        })
        .unwrap();
}

#[tokio::test]
async fn the_pdf_says_what_was_bought_delivered_said_and_accepted() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    delivered(&stage).await;
    desk.advance(Duration::days(2));
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    let (status, headers, pdf) = lena.saves(&page.link("PDF")).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/pdf");
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("attachment") && disposition.contains("evidence-D-1001.pdf"));
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
    assert!(pdf.starts_with(b"%PDF-1."));
    let text = words(&pdf);
    for part in [
        "Evidence on chargeback D-1001",
        "CB-900",
        "$50.00",
        "Georg Brandt, georg@lab.example",
        "1 order that this payment paid for",
        "Not in it: notes among the staff",
        "Order O-1001: 1,000 followers",
        "Completed",
        "Nothing has arrived.",
        "It was delivered on Sunday.",
        "Omar, Harbour",
        "Here is what I see: ?? <b>&amp;",
        "A chargeback in place of contacting support may bring",
        PHOTO,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    for part in [
        "I think he is lying.",
        "Haddad",
        "omar@desk.example",
        "What it comes to",
    ] {
        assert!(!text.contains(part), "{part} is in it");
    }
}

#[tokio::test]
async fn the_archive_holds_the_originals_as_they_were_and_hashes_that_hold() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    delivered(&stage).await;
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    let (status, headers, bytes) = lena.saves(&page.link("ZIP with the originals")).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/zip");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    for name in [
        "evidence.pdf",
        "conversations/T-1001.txt",
        PHOTO,
        "SHA256SUMS",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("policy/panel-guarantee-"))
    );
    let mut read = |name: &str| {
        let mut content = Vec::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        content
    };
    assert_eq!(read(PHOTO), PICTURE);
    let talk = String::from_utf8(read("conversations/T-1001.txt")).unwrap();
    assert!(talk.contains("Here is what I see: 漢字 <b>&amp;"), "{talk}");
    assert!(
        !talk.contains("lying") && !talk.contains("Haddad"),
        "{talk}"
    );
    let sums = String::from_utf8(read("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), names.len() - 1);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let true_one = data_encoding::HEXLOWER.encode(&Sha256::digest(read(name)));
        assert_eq!(sum, true_one, "{name}");
    }
}

#[tokio::test]
async fn a_pack_is_for_leads_of_the_shop_and_about_one_customer() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let hana = desk.person("Hana Other", "hana@elsewhere.example", Role::Customer);
    stage.shop.deposit(&hana, "D-2", "30.00", 20);
    stage.shop.order(&hana, "A-8", "7.00", |order| {
        order.title = "Hana's own".to_owned()
    });
    let order = stage.by_card("A-9", "12.00");
    let mut lena = stage.lena().await;
    let page = lena
        .opens(&format!("/queue/disputes/new?order={}", order.number))
        .await;
    let form = page
        .form("Record the chargeback")
        .choose("Not known")
        .fill("The bank's reference", "CB-903")
        .fill("Opened", &stage.typed(desk.app.now() - Duration::hours(1)));
    lena.sends(form).await.sees("Chargeback D-1001");
    let (_, _, pdf) = lena.saves("/queue/disputes/D-1001/pack.pdf").await;
    let text = words(&pdf);
    assert!(
        text.contains("Georg Brandt") && !text.contains("Hana"),
        "{text}"
    );
    let omar = stage.omar().await;
    let georg = stage.georg().await;
    for browser in [&omar, &georg] {
        for path in [
            "/queue/disputes/D-1001/pack.pdf",
            "/queue/disputes/D-1001/pack.zip",
        ] {
            assert_eq!(browser.saves(path).await.0, 403, "{path}");
        }
    }
    assert_eq!(lena.saves("/queue/disputes/D-1002/pack.pdf").await.0, 404);
    let page = { omar }.opens("/queue/disputes/D-1001").await;
    page.sees("A lead downloads it.");
}
