//! A shop whose mail lies in a mailbox at another server: what is read of it, and what becomes of it when anything on the way breaks.

mod broken;
mod operator;
mod staying;

use chrono::{DateTime, Duration, Utc};
use redress::act::Role;
use redress::db;
use redress::db::imap::Account as Row;
use redress::db::inbox::Mail;
use redress::desk::mailroom::{self, Remote};
use redress::outside::imap::Account;
use redress::worker;

use super::{ANNA, EVIL, OMAR, Stage, lies};
use crate::support::app::Desk;
use crate::support::imap::{PASSWORD, Postbox};
use crate::support::make::Shop;
use crate::support::page::Browser;
use crate::support::post::{Post, mail};

impl Stage<'_> {
    /// Has the shop's mail fetched from there, from now on.
    fn fetches_from(&self, url: &str) {
        let (act, account) = (self.desk.operator(), Account::parse(url, PASSWORD).unwrap());
        let remote = Remote {
            host: account.host,
            port: account.port,
            security: account.security.word(),
            login: account.login,
            password: account.password,
            folder: account.folder,
        };
        let connected = self.desk.app.pool.write(|tx| {
            let seller = db::sellers::find(tx, &self.shop.seller)?;
            mailroom::connect(tx, &act, &seller, &remote)
        });
        connected.unwrap();
    }

    /// A minute later, when it is due again.
    async fn fetches(&self) -> usize {
        self.desk.advance(Duration::minutes(1));
        worker::imap::tick(&self.desk.app).await.unwrap()
    }

    fn account(&self) -> Row {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::imap::of_seller(conn, &self.shop.seller)?.unwrap()))
            .unwrap()
    }

    /// All mail that is here, the oldest first.
    fn inbox(&self) -> Vec<Mail> {
        let states = [
            "received",
            "taken",
            "held",
            "automatic",
            "bounce",
            "unreadable",
            "dropped",
        ];
        let scope = db::tickets::Scope(Vec::new());
        let pool = &self.desk.app.pool;
        let found = pool.read(|conn| Ok(db::inbox::page(conn, &scope, &states, None, 1_000)?));
        let mut found = found.unwrap();
        found.reverse();
        found
    }

    fn now(&self) -> DateTime<Utc> {
        self.desk.app.now()
    }

    /// Anna's mail as it comes to lie in the mailbox, vouched for, each another one.
    fn annas(&self, number: usize, says: &str) -> Post {
        self.annas_mail()
            .id(&format!("{number}@mail.harbor.example"))
            .about(&format!("Question {number}"))
            .says(says)
            .vouched()
    }
}

/// As the mailbox's server writes it down on top.
fn delivered(post: &Post, to: &str) -> Vec<u8> {
    let top = format!(
        "Return-Path: <{ANNA}>\r\nDelivered-To: {to}\r\nReceived: from mx by store;\r\n\tMon, 2 Mar 2026 09:00:00 +0000\r\n"
    );
    [top.into_bytes(), post.raw()].concat()
}

#[tokio::test]
async fn a_mail_in_the_mailbox_becomes_a_conversation_and_is_marked_as_seen_once_it_is_kept() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    postbox.takes(
        &delivered(&stage.annas(1, "Where is it?"), &stage.to),
        stage.now(),
    );
    assert_eq!(stage.fetches().await, 1);
    desk.works().await;
    let got = &stage.inbox()[0];
    assert_eq!((got.via.as_str(), lies(got)), ("imap", ("taken", "new")));
    assert_eq!(
        stage.said(got.ticket_id.as_ref().unwrap()),
        ["Where is it?"]
    );
    assert_eq!(postbox.seen(), [true]);
    // Nothing that marks a mail as seen was asked for before, and it is not fetched again.
    let said = postbox.said();
    assert!(
        said.iter()
            .all(|line| !line.contains("FETCH") || !line.contains("BODY[")),
        "{said:?}"
    );
    assert_eq!(stage.fetches().await, 0);
    assert_eq!(stage.account().checked_at.unwrap().utc(), stage.now());
}

#[tokio::test]
async fn the_same_mail_by_the_pipe_and_out_of_the_mailbox_is_one_message() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let post = stage.annas(1, "Once.\n\nAnd no more than that.");
    postbox.takes(&delivered(&post, &stage.to), stage.now());
    stage.fetches().await;
    desk.works().await;
    // A pipe hands lines over without their CR, and may add an empty one.
    let piped = [
        String::from_utf8(post.raw()).unwrap().replace("\r\n", "\n"),
        "\n".to_owned(),
    ];
    let way = mailroom::Way::pipe(Some(ANNA.to_owned()), Some(stage.to.clone()));
    let kept = worker::mail::keep(&desk.app, piped.concat().into_bytes(), way).await;
    assert_eq!(kept.unwrap(), Some(stage.inbox()[0].id.clone()));
    desk.works().await;
    assert_eq!((stage.inbox().len(), stage.tickets().len()), (1, 1));
    assert_eq!(stage.said(&stage.tickets()[0].id).len(), 1);
}

#[tokio::test]
async fn what_lay_there_before_is_left_alone_and_what_somebody_looked_at_is_not() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    let long_ago = stage.now() - Duration::days(400);
    for number in 1..=3 {
        postbox.takes(&stage.annas(number, "Years ago.").raw(), long_ago);
    }
    stage.fetches_from(&postbox.url());
    // It came between the command and the first look.
    postbox.takes(&stage.annas(4, "Just now.").raw(), stage.now());
    stage.fetches().await;
    assert_eq!(postbox.seen(), [false, false, false, true]);
    let looked_at = postbox.takes(&stage.annas(5, "Looked at.").raw(), stage.now());
    postbox.is_looked_at(looked_at);
    // Somebody moves an old one here, out of another folder: that is new here.
    postbox.takes(&stage.annas(6, "From the spam.").raw(), long_ago);
    assert_eq!(stage.fetches().await, 2);
    desk.works().await;
    let subjects: Vec<String> = stage.inbox().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Question 4", "Question 5", "Question 6"]);
}

#[tokio::test]
async fn new_numbers_in_the_folder_lose_nothing_and_double_nothing() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    postbox.takes(
        &stage.annas(1, "Years ago.").raw(),
        stage.now() - Duration::days(400),
    );
    stage.fetches_from(&postbox.url());
    for number in 2..=4 {
        postbox.takes(&stage.annas(number, "Hello.").raw(), stage.now());
    }
    assert_eq!(stage.fetches().await, 3);
    postbox.takes(&stage.annas(5, "Meanwhile.").raw(), stage.now());
    postbox.renumbers();
    stage.fetches().await;
    desk.works().await;
    assert_eq!(stage.inbox().len(), 4);
    assert_eq!(stage.account().last_uid, 5);
    assert_eq!(stage.fetches().await, 0);
}

#[tokio::test]
async fn whom_it_is_to_says_whose_it_is_and_an_answer_finds_its_conversation() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    let other = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Second Shop",
        "panel-guarantee",
    );
    let others = other.reads_mail(&desk);
    stage.fetches_from(&postbox.url());
    let ticket = stage.question("How long?");
    stage.omar_answers(&ticket.id, "A week.").await;
    let answer = Post::answering(&desk.last_sent_to(ANNA), "Thank you.");
    postbox.takes(&answer.raw(), stage.now());
    postbox.takes(&mail(EVIL, &others).id("2@x.example").raw(), stage.now());
    postbox.takes(
        &mail(EVIL, "somebody@else.example").id("3@x.example").raw(),
        stage.now(),
    );
    stage.fetches().await;
    desk.works().await;
    assert_eq!(stage.said(&ticket.id).last().unwrap(), "Thank you.");
    let sellers: Vec<_> = stage
        .inbox()
        .into_iter()
        .map(|mail| mail.seller_id.unwrap())
        .collect();
    assert_eq!(
        sellers,
        [
            stage.shop.seller.clone(),
            other.seller.clone(),
            stage.shop.seller.clone()
        ]
    );
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_told_of_and_stays_unseen_where_it_is() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let mut large = stage.annas(1, "See the film.").about("A film").raw();
    large.resize(26 * 1024 * 1024, b'x');
    postbox.takes(&large, stage.now());
    postbox.takes(&stage.annas(2, "And this.").raw(), stage.now());
    assert_eq!(stage.fetches().await, 2);
    desk.works().await;
    let inbox = stage.inbox();
    let (state, why) = lies(&inbox[0]);
    assert_eq!((state, inbox[0].subject.as_str()), ("unreadable", "A film"));
    assert!(
        why.starts_with("It has 26 MB, and 25 MB is the most that is fetched."),
        "{why}"
    );
    assert_eq!(lies(&inbox[1]), ("taken", "new"));
    assert_eq!(postbox.seen(), [false, true]);
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail?tray=unreadable").await;
    tray.sees("A film").sees("lies unseen in the mailbox");
    // Reading it again makes no more of it.
    let page = omar.opens(&tray.link("A film")).await;
    omar.sends(page.form("Read it again")).await;
    desk.works().await;
    assert_eq!(stage.inbox()[0].state, "unreadable");
}

#[tokio::test]
async fn a_mailbox_that_is_not_read_is_told_to_the_staff_and_heals_by_itself() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    stage.fetches().await;
    let is_told = async |omar: &mut Browser| {
        let trays = omar.opens("/queue/mail").await;
        trays.text().contains("has not been read")
    };
    let mut omar = desk.signed_in(OMAR).await;
    assert!(!is_told(&mut omar).await);
    postbox.is(crate::support::imap::Mood::Strange);
    postbox.takes(&stage.annas(1, "Hello?").raw(), stage.now());
    let mut tries = 0;
    for _ in 0..60 {
        let before = postbox.said().len();
        stage.fetches().await;
        tries += usize::from(postbox.said().len() > before);
    }
    assert_eq!(tries, 6, "at 1, 2, 4, 8, 16 and 31 minutes");
    let mut omar = desk.signed_in(OMAR).await;
    let told = omar.opens("/queue/mail").await;
    told.sees(&format!("{} has not been read since", stage.to))
        .sees("the mail server does not take this user and password; set them anew");
    assert!(!told.text().contains(PASSWORD));
    postbox.is(crate::support::imap::Mood::Answers);
    desk.advance(Duration::minutes(30));
    assert_eq!(stage.fetches().await, 1);
    assert!(!is_told(&mut omar).await);
    // Nobody reads: the worker is not running.
    desk.advance(Duration::minutes(20));
    omar.opens("/queue/mail")
        .await
        .sees("the desk's worker is not running");
    // Who serves another shop hears nothing of it.
    let other = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Second Shop",
        "panel-guarantee",
    );
    desk.staff(
        "Nils",
        "nils@desk.example",
        Role::Agent,
        std::slice::from_ref(&other.seller),
    );
    let mut nils = desk.signed_in("nils@desk.example").await;
    assert!(
        !nils
            .opens("/queue/mail")
            .await
            .text()
            .contains("has not been read")
    );
}

#[tokio::test]
async fn a_mailbox_is_one_shops_and_can_be_disconnected_again() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    postbox.takes(&stage.annas(1, "Hello.").raw(), stage.now());
    let act = desk.operator();
    let gone = desk.app.pool.write(|tx| {
        let seller = db::sellers::find(tx, &stage.shop.seller)?;
        mailroom::disconnect(tx, &act, &seller)
    });
    assert!(gone.unwrap());
    assert_eq!(stage.fetches().await, 0);
    assert!(postbox.said().is_empty());
}
