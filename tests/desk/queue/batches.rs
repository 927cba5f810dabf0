//! Payouts that somebody sends by hand, in one file: out to the bank, and back with its references. What was altered on the way is
//! refused with its line and its reason, and then nothing of the file is taken.

use redress::db;
use redress::db::payouts::Payout;
use redress::desk::claims as verbs;
use redress::ids::PersonId;
use redress::rules::lifecycle::payout::State;

use super::{ANNA, LENA, Stage};
use crate::support::app::Desk;
use crate::support::make::e8;
use crate::support::page::{Browser, Page};

const BUTTON: &str = "Read the file";
const LABEL: &str = "The same file, with the bank's references";

/// Anna's and Carl's balances of $500.00 and $40.00, approved to go back to their cards.
fn waiting(stage: &Stage) -> PersonId {
    let desk = stage.desk;
    let carl = desk.person(
        "=HYPERLINK(\"http://evil.example\")",
        "carl@example.net",
        redress::act::Role::Customer,
    );
    stage.shop.deposit(&carl, "D-9", "40.00", 40);
    let anna = stage.claims_on(None, "unused_balance", "I shop elsewhere now.");
    let act = stage.act_of("carl@example.net");
    let new = verbs::New {
        seller: stage.shop.seller.clone(),
        customer: carl.clone(),
        order: None,
        ground: "unused_balance".to_owned(),
        reason: "Me too.".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    let pool = &desk.app.pool;
    let carls = pool.write(|tx| verbs::file(tx, &act, &new)).unwrap().claim;
    for claim in [anna, carls] {
        stage.approves(&claim);
    }
    carl
}

fn payouts(stage: &Stage) -> Vec<Payout> {
    let everywhere = db::tickets::Scope(Vec::new());
    let pool = &stage.desk.app.pool;
    let all = State::ALL.to_vec();
    pool.read(|conn| Ok(db::payouts::list(conn, &everywhere, &all, false, 0, 100)?))
        .unwrap()
}

fn states(stage: &Stage) -> Vec<State> {
    payouts(stage).iter().map(|payout| payout.state).collect()
}

async fn made(stage: &Stage<'_>) -> (Browser, Page) {
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts/batches").await;
    page.sees("Harbour Panel: 2 payouts to be sent");
    let page = lena.sends(page.form("Make a file")).await;
    page.sees("2 payouts are in B-1001").sees("In a batch");
    (lena, page)
}

async fn file(lena: &mut Browser) -> String {
    let page = lena.opens("/queue/payouts/batches/B-1001.csv").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-disposition")
            .contains("payouts-B-1001.csv")
    );
    page.body.clone()
}

async fn brings_back(lena: &mut Browser, page: &Page, file: &str) -> Page {
    let form = page
        .form(BUTTON)
        .attach(LABEL, "payouts-B-1001.csv", file.as_bytes());
    lena.sends(form).await
}

#[tokio::test]
async fn a_file_goes_out_and_comes_back_with_references_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    waiting(&stage);
    let (mut lena, page) = made(&stage).await;
    assert_eq!(states(&stage), [State::Reserved, State::Reserved]);
    let csv = file(&mut lena).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines,
        [
            "payout,customer,method,method_label,amount,currency,reference,failed",
            "P-1001,Anna Lindqvist,card-1,Visa ending 42,500.00,USD,,",
            // What a person typed is no formula, whoever opens the file.
            "P-1002,\"'=HYPERLINK(\"\"http://evil.example\"\")\",card-1,Visa ending 42,40.00,USD,,",
        ]
    );
    // One came back with a reference, as a spreadsheet leaves it; the other waits on.
    let half = csv.replace("500.00,USD,,", "500,USD,BANK-1,");
    let page = brings_back(&mut lena, &page, &half).await;
    page.sees("The file was read: 1 paid, 1 without a reference yet.")
        .sees("reference BANK-1");
    assert_eq!(states(&stage), [State::Succeeded, State::Reserved]);
    assert_eq!(
        desk.subjects_to(ANNA).len(),
        3,
        "{:?}",
        desk.subjects_to(ANNA)
    );
    // The same again changes nothing; the other failed at the bank.
    let whole = half.replace("40.00,USD,,", "40.00,USD,,Unknown card");
    let page = brings_back(&mut lena, &page, &whole).await;
    page.sees("The file was read: 0 paid, 1 failed, 1 as they were.");
    assert_eq!(states(&stage), [State::Succeeded, State::Failed]);
    assert_eq!(desk.subjects_to(ANNA).len(), 3);
    assert!(!page.has_button(BUTTON), "nothing waits any more");
    lena.opens("/queue/payouts/batches")
        .await
        .sees("B-1001")
        .sees("2 of 2 settled")
        .sees("Nothing waits that could go into a file.");
}

#[tokio::test]
async fn a_file_with_unknown_double_or_altered_lines_is_refused_whole_with_each_line_and_reason() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    waiting(&stage);
    let (mut lena, page) = made(&stage).await;
    let csv = file(&mut lena).await;
    let good = csv.replace("500.00,USD,,", "500.00,USD,BANK-1,");
    let second = good.lines().nth(2).unwrap();
    for (file, said) in [
        (
            good.replace("P-1002", "P-7"),
            "line 3, payout: `P-7` is not in B-1001",
        ),
        (
            format!("{good}{second}\r\n"),
            "line 4, payout: P-1002 stands on line 3 already",
        ),
        (
            good.replace("40.00,USD", "400.00,USD"),
            "line 3, amount: is `400.00`, and P-1002 is over 40.00",
        ),
        (
            good.replace("40.00,USD", "-40.00,USD"),
            "line 3, amount: is `-40.00`, and P-1002 is over 40.00",
        ),
        (
            good.replace("40.00,USD", "40.00,EUR"),
            "line 3, currency: is `EUR`, and P-1002 goes to `USD`",
        ),
        (
            good.replacen("card-1", "card-9", 1),
            "line 2, method: is `card-9`, and P-1001 goes to `card-1`",
        ),
        (
            good.replace("BANK-1,", "BANK-1,It bounced"),
            "line 2, failed: P-1001 has a reference, so it did not fail",
        ),
        (
            good.replace("BANK-1", &"x".repeat(201)),
            "line 2, reference: is longer than 200 characters",
        ),
        (
            good.replace("amount", "sum"),
            "line 1, sum: This is no column of payouts",
        ),
        (
            good.replace(",failed", ""),
            "line 2: has 8 cells and the header has 7",
        ),
        ("\0".to_owned(), "There is a NUL character"),
    ] {
        let refused = brings_back(&mut lena, &page, &file).await;
        assert_eq!(refused.status, 422, "{said}");
        refused.sees("Nothing of the file was taken").sees(said);
        assert!(refused.has_button(BUTTON), "the page is still there");
        assert_eq!(states(&stage), [State::Reserved, State::Reserved], "{said}");
    }
    let nothing = lena.sends(page.form(BUTTON)).await;
    assert_eq!(nothing.status, 422);
    nothing.sees("Choose the file");
    // The bank's word stands: another reference for what is paid is no correction.
    let page = brings_back(&mut lena, &page, &good).await;
    page.sees("1 paid");
    let other = good.replace("BANK-1", "BANK-2");
    let refused = brings_back(&mut lena, &page, &other).await;
    refused.sees("line 2, reference: P-1001 was paid under `BANK-1` already");
}

#[tokio::test]
async fn what_is_in_a_file_is_in_no_other_and_can_be_taken_back_while_it_was_not_sent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    waiting(&stage);
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts/batches").await;
    let other = lena.opens("/queue/payouts/batches").await;
    lena.sends(page.form("Make a file")).await;
    let refused = lena.sends(other.form("Make a file")).await;
    assert_eq!(refused.status, 422);
    refused.sees("No payout waits that could go into a file.");
    let page = lena.opens("/queue/payouts/batches/B-1001").await;
    let page = lena.sends(page.form("Take the rest back")).await;
    page.sees("2 payouts wait in the queue again.")
        .sees("Everything was taken back");
    assert_eq!(states(&stage), [State::Queued, State::Queued]);
    let page = lena.opens("/queue/payouts/batches").await;
    lena.sends(page.form("Make a file"))
        .await
        .sees("2 payouts are in B-1002");
    // The first file is still what it was, and settles nothing any more.
    let csv = file(&mut lena).await;
    assert!(csv.contains("P-1001"));
    let act = stage.act_of(LENA);
    let old = desk.app.pool.write(|tx| {
        let everywhere = db::tickets::Scope(Vec::new());
        let batch = db::batches::for_staff(tx, &everywhere, "B-1001")?;
        let csv = csv.replace("500.00,USD,,", "500.00,USD,BANK-1,");
        let lines =
            redress::desk::intake::sheet(&redress::desk::batches::SHEET, "payout", csv.as_bytes());
        redress::desk::batches::import(tx, &act, &batch.id, &lines.unwrap())
    });
    assert_eq!(old.unwrap().unwrap_err().len(), 2);
    assert_eq!(states(&stage), [State::Reserved, State::Reserved]);
    assert_eq!(stage.balance(), 0);
    assert_eq!(payouts(&stage)[0].amount_e8, e8("500"));
}
