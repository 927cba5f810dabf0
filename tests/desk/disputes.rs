//! Chargebacks as the desk lives through them: recorded once, frozen, looked into, decided by the bank. Georg paid in; Lena, a lead,
//! keeps the chargebacks; Omar, an agent, reads them and finds things out.

mod pack;

use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Door, Role, Who};
use redress::db;
use redress::db::claims::Claim;
use redress::db::disputes::Dispute;
use redress::db::orders::{Order, Part};
use redress::desk::claims as verbs;
use redress::desk::claims::New;
use redress::desk::tickets::{self, Opening};
use redress::ids::PersonId;
use redress::rules::lifecycle::payout::State;
use redress::rules::money::Amount;
use reqwest::Method;

use crate::support::app::Desk;
use crate::support::make::{Shop, e8};
use crate::support::page::{Browser, Form, Page};

pub(super) const GEORG: &str = "georg@lab.example";
const OMAR: &str = "omar@desk.example";
const LENA: &str = "lena@desk.example";

pub(super) struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    georg: PersonId,
}

impl<'a> Stage<'a> {
    pub(super) fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let georg = desk.person("Georg Brandt", GEORG, Role::Customer);
        desk.person("Omar Haddad", OMAR, Role::Agent);
        desk.person("Lena Fox", LENA, Role::Lead);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
        shop.deposit(&georg, "D-1", "50.00", 40);
        Stage { desk, shop, georg }
    }

    async fn lena(&self) -> Browser {
        self.desk.signed_in(LENA).await
    }

    async fn omar(&self) -> Browser {
        self.desk.signed_in(OMAR).await
    }

    async fn georg(&self) -> Browser {
        self.desk.signed_in(GEORG).await
    }

    fn act_of(&self, email: &str) -> Act {
        let found = self.desk.app.pool.read(|conn| {
            let person = db::people::by_email(conn, email)?.unwrap();
            Ok(db::people::actor(conn, &person)?)
        });
        let person = found.unwrap();
        let via = if person.role.is_staff() {
            Door::Queue
        } else {
            Door::Portal
        };
        self.desk.app.act(Who::Person(person), via, "story")
    }

    /// An order that Georg paid by card, past his balance.
    fn by_card(&self, reference: &str, charge: &str) -> Order {
        self.shop.order(&self.georg, reference, charge, |order| {
            order.paid_with = Some(vec![Part {
                method: "card-1".to_owned(),
                amount: Amount::parse(charge).unwrap(),
            }]);
        })
    }

    /// Georg asks for his money on the order's page, or for his balance.
    fn asks(&self, order: Option<&Order>, ground: &str) -> Claim {
        let act = self.act_of(GEORG);
        let new = New {
            seller: self.shop.seller.clone(),
            customer: self.georg.clone(),
            order: order.map(|order| order.id.clone()),
            ground: ground.to_owned(),
            reason: "Nothing has arrived.".to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: Vec::new(),
            draft: None,
        };
        let filed = self.desk.app.pool.write(|tx| verbs::file(tx, &act, &new));
        filed.unwrap().claim
    }

    /// Lena approves what the rules compute.
    fn approves(&self, claim: &Claim) {
        let act = self.act_of(LENA);
        let done = self.desk.app.pool.write(|tx| {
            let decide = verbs::Decide {
                claim: claim.id.clone(),
                seen: db::tickets::find(tx, &claim.ticket_id)?.seq,
                verdict: verbs::Verdict::Approve,
                amount_e8: None,
                reason: None,
                words: String::new(),
            };
            verbs::decide(tx, &act, &decide)
        });
        assert!(matches!(done.unwrap(), verbs::Decided::Done(_)));
    }

    /// What became of the payouts of a claim, in the order in which they were asked for.
    fn payouts(&self, claim: &Claim) -> Vec<(State, i64)> {
        let pool = &self.desk.app.pool;
        let payouts = pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?));
        let payouts = payouts.unwrap().into_iter();
        payouts
            .map(|payout| (payout.state, payout.amount_e8))
            .collect()
    }

    fn promises(&self, claim: &Claim, kind: &str) -> Vec<String> {
        let pool = &self.desk.app.pool;
        let clocks = pool.read(|conn| Ok(db::clocks::of_ticket(conn, &claim.ticket_id)?));
        let clocks = clocks.unwrap().into_iter();
        clocks
            .filter(|clock| clock.kind == kind)
            .map(|clock| clock.state)
            .collect()
    }

    fn writes(&self, subject: &str) {
        let act = self.act_of(GEORG);
        let opening = Opening {
            seller: &self.shop.seller,
            customer: &self.georg,
            subject,
            body: "Hello?",
        };
        let opened = self
            .desk
            .app
            .pool
            .write(|tx| tickets::open(tx, &act, &opening, &[]));
        opened.unwrap();
    }

    fn disputes(&self) -> Vec<Dispute> {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::disputes::of_customer(conn, &self.georg)?))
            .unwrap()
    }

    fn deposit(&self) -> db::orders::Deposit {
        let pool = &self.desk.app.pool;
        let found =
            pool.read(|conn| Ok(db::deposits::by_reference(conn, &self.shop.seller, "D-1")?));
        found.unwrap().unwrap()
    }

    /// What stands frozen on Georg's balance.
    fn frozen(&self) -> i64 {
        let deposit = self.deposit().id;
        let pool = &self.desk.app.pool;
        let lot = pool.read(|conn| Ok(db::deposits::lot_of_deposit(conn, &deposit)?));
        let lot = lot.unwrap();
        if lot.frozen { lot.remaining_e8 } else { 0 }
    }

    fn outcome(&self, claim: &Claim) -> String {
        let pool = &self.desk.app.pool;
        pool.read(|conn| Ok(db::claims::find(conn, &claim.id)?))
            .unwrap()
            .outcome
    }

    /// As a `datetime-local` of a reader in UTC.
    fn typed(&self, at: DateTime<Utc>) -> String {
        at.format("%Y-%m-%dT%H:%M").to_string()
    }

    /// The form on Georg's deposit, filled as Lena would.
    async fn filled(&self, lena: &mut Browser) -> Form {
        let page = lena
            .opens(&format!(
                "/queue/disputes/new?deposit={}",
                self.deposit().id
            ))
            .await;
        let now = self.desk.app.now();
        page.form("Record the chargeback")
            .choose("Another reason")
            .fill("The bank's reference", "CB-900")
            .fill("Opened", &self.typed(now - Duration::days(1)))
            .fill("Evidence due", &self.typed(now + Duration::days(6)))
    }

    async fn recorded(&self, lena: &mut Browser) -> Page {
        let form = self.filled(lena).await;
        let page = lena.sends(form).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page
    }
}

#[tokio::test]
async fn a_chargeback_is_found_by_its_deposit_recorded_and_frozen() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/disputes").await;
    page.sees("Nothing here");
    let page = lena.opens(&page.link("Record a chargeback")).await;
    let lost = page
        .form("Find the payment")
        .fill("Order or deposit", "D-77");
    let none = lena
        .opens(&format!(
            "/queue/disputes/new?payment={}",
            lost.value("payment")
        ))
        .await;
    none.sees("No order and no deposit bears this number");
    let found = lena.opens("/queue/disputes/new?payment=D-1").await;
    let page = lena
        .opens(&found.link("Deposit D-1 of $50.00, Harbour Panel"))
        .await;
    page.sees("Georg Brandt (georg@lab.example)").sees("$50.00");
    let page = stage.recorded(&mut lena).await;
    page.sees("$50.00 is frozen until the bank decides.")
        .sees("Chargeback D-1001")
        .sees("Frozen on the balance")
        .sees("CB-900")
        .sees("The bank takes evidence until 8 Mar 09:00 UTC");
    assert_eq!(stage.frozen(), e8("50"));
    let mut omar = stage.omar().await;
    let list = omar.opens("/queue/disputes").await;
    list.sees("D-1001 Georg Brandt")
        .sees("A lead records chargebacks.");
    let page = omar.opens("/queue/disputes/D-1001").await;
    page.sees("A lead closes it.");
    assert!(!page.has_button("Close D-1001"));
}

#[tokio::test]
async fn the_same_form_or_the_same_reference_twice_is_one_chargeback() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let form = stage.filled(&mut lena).await;
    let (mut one, mut other) = (lena.clone(), lena.clone());
    let (a, b) = tokio::join!(one.posts(form.clone()), other.posts(form));
    assert_eq!((a.status, b.status), (303, 303));
    let again = stage.filled(&mut lena).await;
    let page = lena.posts(again.clone()).await;
    assert_eq!(page.leads_to().as_deref(), Some("/queue/disputes/D-1001"));
    let less = stage.filled(&mut lena).await.fill("Amount", "20.00");
    let refused = lena.sends(less).await;
    assert_eq!(refused.status, 409);
    refused.sees("D-1001 bears this reference already");
    assert_eq!(
        refused.form("Record the chargeback").value("amount"),
        "20.00"
    );
    assert_eq!(stage.disputes().len(), 1);
    assert_eq!(stage.deposit().disputed_e8, e8("50"));
}

#[tokio::test]
async fn what_cannot_be_is_refused_beside_its_field_and_the_form_is_kept() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let now = desk.app.now();
    let (tomorrow, long_ago) = (
        stage.typed(now + Duration::days(1)),
        stage.typed(now - Duration::days(60)),
    );
    for (label, typed, problem) in [
        ("Amount", "0", "Enter an amount above zero"),
        ("Amount", "-5", "Enter an amount in figures"),
        ("Amount", "5.005", "USD has 2 decimals"),
        ("Amount", "50.01", "Of this payment $50.00 can be disputed"),
        ("The bank's reference", "  ", "Enter the bank's reference"),
        ("Opened", "soon", "Enter a date and a time"),
        ("Opened", tomorrow.as_str(), "This lies in the future"),
        (
            "Opened",
            long_ago.as_str(),
            "This lies before the payment was made",
        ),
        (
            "Evidence due",
            long_ago.as_str(),
            "This must lie after the chargeback was opened",
        ),
    ] {
        let form = stage.filled(&mut lena).await.fill(label, typed);
        let page = lena.sends(form).await;
        assert_eq!(page.status, 422, "{label} {typed}");
        page.sees(problem);
        let kept = page.form("Record the chargeback");
        assert!(label == "The bank's reference" || kept.value("reference") == "CB-900");
    }
    let page = lena
        .opens(&format!(
            "/queue/disputes/new?deposit={}",
            stage.deposit().id
        ))
        .await;
    let unchosen = lena.sends(page.form("Record the chargeback")).await;
    unchosen.sees("Choose what the bank gives as the reason");
    assert!(stage.disputes().is_empty());
}

#[tokio::test]
async fn an_order_paid_by_card_can_be_disputed_and_one_paid_from_the_balance_cannot() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let (card, balance) = (
        stage.by_card("A-1", "12.00"),
        stage.shop.order(&stage.georg, "A-2", "5.00", |_| ()),
    );
    let mut lena = stage.lena().await;
    let page = lena.opens(&format!("/queue/orders/{}", card.number)).await;
    let page = lena.opens(&page.link("Record a chargeback")).await;
    let fill = |page: &Page| {
        page.form("Record the chargeback")
            .choose("Fraudulent")
            .fill("The bank's reference", "CB-901")
            .fill("Opened", &stage.typed(desk.app.now() - Duration::hours(3)))
    };
    let page = lena.sends(fill(&page)).await;
    page.sees("Fraudulent: not authorised by the holder")
        .sees("named no date for evidence");
    lena.opens(&format!("/queue/orders/{}", card.number))
        .await
        .sees("D-1001, $12.00, open");
    let page = lena
        .opens(&format!("/queue/disputes/new?order={}", balance.number))
        .await;
    let form = fill(&page).fill("The bank's reference", "CB-902");
    let refused = lena.sends(form).await;
    assert_eq!(refused.status, 422);
    refused.sees("The chargeback is on the deposit that filled it");
}

#[tokio::test]
async fn a_claim_on_the_balance_waits_for_the_bank_and_goes_on_when_it_has_decided() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let claim = stage.asks(None, "balance_withdrawal");
    assert_ne!(stage.outcome(&claim), "on_hold");
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    assert_eq!(stage.outcome(&claim), "on_hold");
    let card = lena.opens(&format!("/queue/claims/{}", claim.number)).await;
    card.sees("D-1001, $50.00, open");
    let open = page.form("Close D-1001");
    let refused = lena.sends(open.clone()).await;
    assert_eq!(refused.status, 422);
    refused.sees("Choose how the bank decided");
    let page = lena.sends(open.choose("For us: won")).await;
    page.sees("D-1001 is won: the payment is free again.");
    assert_eq!(stage.frozen(), 0);
    assert_ne!(stage.outcome(&claim), "on_hold");
    lena.opens("/queue/disputes?view=closed").await.sees("Won");
}

#[tokio::test]
async fn what_waits_to_be_paid_out_is_stopped_and_the_bank_takes_the_whole_payment() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let claim = stage.asks(None, "balance_withdrawal");
    stage.approves(&claim);
    assert_eq!(stage.payouts(&claim), [(State::Queued, e8("50"))]);
    assert_eq!(stage.promises(&claim, "payout"), ["running"]);
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    page.sees("$50.00");
    assert_eq!(stage.payouts(&claim), [(State::Failed, e8("50"))]);
    assert_eq!(stage.frozen(), e8("50"), "back on the balance, and frozen");
    assert_eq!(stage.deposit().disputed_e8, e8("50"));
    assert_eq!(stage.promises(&claim, "payout"), ["void"]);
    let letters = desk.letters().into_iter();
    let stopped: Vec<_> = letters
        .filter(|letter| letter.kind == "payout_stopped")
        .collect();
    assert_eq!(stopped.len(), 1);
    assert!(
        stopped[0]
            .text
            .contains("Your bank has taken back the payment")
    );

    let ended = "/queue/payouts?view=failed";
    let again = lena.opens(ended).await.form("Queue $50.00 again");
    let refused = lena.sends(again).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    refused.sees("A dispute is open on this payment");
    assert_eq!(stage.payouts(&claim).len(), 1);

    let won = page.form("Close D-1001").choose("For us: won");
    lena.sends(won).await.sees("D-1001 is won");
    let again = lena.opens(ended).await.form("Queue $50.00 again");
    assert_eq!(lena.sends(again).await.status, 200);
    let states = [(State::Failed, e8("50")), (State::Queued, e8("50"))];
    assert_eq!(stage.payouts(&claim), states);
}

#[tokio::test]
async fn a_refund_to_the_card_that_a_chargeback_overtakes_is_not_sent_beside_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "digital-downloads");
    let order = stage.by_card("A-1", "12.00");
    let claim = stage.asks(Some(&order), "cancel_before_sending");
    stage.approves(&claim);
    assert_eq!(stage.payouts(&claim), [(State::Queued, e8("12"))]);
    let mut lena = stage.lena().await;
    let page = lena
        .opens(&format!("/queue/disputes/new?order={}", order.number))
        .await;
    let form = page
        .form("Record the chargeback")
        .choose("Another reason")
        .fill("The bank's reference", "CB-903")
        .fill("Opened", &stage.typed(desk.app.now()));
    lena.sends(form).await.sees("$12.00");
    assert_eq!(stage.payouts(&claim), [(State::Failed, e8("12"))]);
    let again = lena.opens("/queue/payouts?view=failed").await;
    let refused = lena.sends(again.form("Queue $12.00 again")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    refused.sees("A dispute is open on this payment");
}

#[tokio::test]
async fn two_people_close_it_once_and_the_slower_one_reads_what_is_new() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    let won = page.form("Close D-1001").choose("For us: won");
    let mut omar = stage.omar().await;
    let seen = omar.opens("/queue/disputes/D-1001").await;
    let lost = lena
        .opens("/queue/disputes/D-1001")
        .await
        .form("Close D-1001")
        .choose("For the customer: lost")
        .choose("Fraudulent");
    let page = lena.sends(lost).await;
    page.sees("D-1001 is lost: the payment is written down.")
        .sees("Fraudulent: not authorised by the holder")
        .sees("As the bank decided it.");
    let stale = lena.sends(won).await;
    assert_eq!(stale.status, 409);
    stale.sees("Somebody changed this chargeback while you were looking");
    assert_eq!(stage.disputes()[0].status, "lost");
    let late = seen
        .form("Keep this")
        .fill("How you know", "I read the conversation.");
    let stale = omar.sends(late).await;
    assert_eq!(stale.status, 409);
    let kept = stale.form("Keep this");
    assert_eq!(kept.value("why"), "I read the conversation.");
}

#[tokio::test]
async fn the_desk_knows_from_its_own_conversations_whether_they_came_first() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    page.sees("Nothing of theirs reached this desk between the payment and the chargeback.");

    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    stage.writes("When do you open?");
    desk.advance(Duration::days(3));
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    page.sees("They wrote before, though not in a request about this payment: T-1001.")
        .sees("Nothing came here that is known to be about it.");
}

#[tokio::test]
async fn whether_we_answered_in_time_is_read_from_the_clock_of_their_request() {
    for (answers, why) in [
        (true, "T-1001 had its first response in time."),
        (false, "T-1001 had no first response in time."),
    ] {
        let desk = Desk::open();
        let stage = Stage::of(&desk, "panel-guarantee");
        let claim = stage.asks(None, "balance_withdrawal");
        desk.advance(Duration::hours(2));
        if answers {
            let act = stage.act_of(OMAR);
            let reply = |tx: &mut db::Tx| {
                tickets::reply(tx, &act, &claim.ticket_id, None, "We look into it.", &[])
                    .map(|_| ())
            };
            desk.app.pool.write(reply).unwrap();
        }
        desk.advance(Duration::days(3));
        let mut lena = stage.lena().await;
        let page = stage.recorded(&mut lena).await;
        page.sees("They asked about this payment before: T-1001.")
            .sees(why);
    }
}

#[tokio::test]
async fn an_agent_corrects_what_is_known_with_a_reason_and_nothing_is_overwritten() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    stage.recorded(&mut lena).await;
    let mut omar = stage.omar().await;
    let page = omar.opens("/queue/disputes/D-1001").await;
    let same = omar
        .sends(page.form("Keep this").fill("How you know", "So."))
        .await;
    assert_eq!(same.status, 422);
    same.sees("Nothing here differs from what is known");
    let mute = omar
        .sends(page.form("Keep this").fill("They came to us first", "Yes"))
        .await;
    assert_eq!(mute.status, 422);
    mute.sees("Say how you know");
    assert_eq!(mute.form("Keep this").value("contacted_first"), "yes");
    let yes = mute.form("Keep this").fill(
        "How you know",
        "He wrote to the shop by post on 3 February.",
    );
    let page = omar.sends(yes).await;
    page.sees("He wrote to the shop by post on 3 February. Omar Haddad, 2 Mar 09:00 UTC");
    let unsure = page
        .form("Keep this")
        .fill("They came to us first", "Not known after all")
        .fill("How you know", "The letter is from somebody else.");
    omar.sends(unsure)
        .await
        .sees("The letter is from somebody else.")
        .sees("Omar Haddad recorded of chargeback D-1001: contacted first, yes.");
    let found = desk
        .app
        .pool
        .read(|conn| Ok(db::disputes::found(conn, &stage.disputes()[0].id)?))
        .unwrap();
    let values: Vec<_> = found.iter().map(|one| one.value.as_deref()).collect();
    assert_eq!(values, [Some("yes"), None]);
}

/// A chargeback without contact, and Lena's form on it.
async fn to_decide(stage: &Stage<'_>, lena: &mut Browser) -> Form {
    let page = stage.recorded(lena).await;
    page.sees("The customer did not write first: an agent may choose a sanction.")
        .sees("Suggested: the mildest step that is not taken yet.");
    page.form("Decide and tell the customer")
        .choose("Suspend the account")
        .fill("Why", "You went to your bank without writing to us.")
}

fn standing(stage: &Stage) -> Vec<db::sanctions::Kept> {
    let pool = &stage.desk.app.pool;
    pool.read(|conn| Ok(db::sanctions::of_customer(conn, &stage.georg, None)?))
        .unwrap()
}

#[tokio::test]
async fn a_lead_suspends_dated_and_reasoned_the_customer_reads_it_and_it_is_lifted_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let form = to_decide(&stage, &mut lena).await;
    let until = stage.typed(desk.app.now() + Duration::days(30));
    let form = form.fill("Until", &until);
    let (mut one, mut other) = (lena.clone(), lena.clone());
    let (a, b) = tokio::join!(one.posts(form.clone()), other.posts(form));
    assert_eq!((a.status, b.status), (303, 303));
    assert_eq!(standing(&stage).len(), 1);
    let letter = desk.letters().pop().unwrap();
    assert_eq!(letter.recipient, GEORG);
    assert_eq!(letter.subject, "Decided: the account is suspended — S-1001");
    for part in [
        "clause B27",
        "You went to your bank without writing to us.",
        "object",
    ] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
    }
    let mut georg = stage.georg().await;
    let home = georg.opens("/portal").await;
    home.sees(
        "Harbour Panel: The account is suspended, from 2 Mar 09:00 UTC until 1 Apr 09:00 UTC.",
    );
    let page = georg.opens(&home.link("Why, and how to object")).await;
    page.sees("In force")
        .sees("You went to your bank without writing to us.")
        .sees("Clause B27 of version")
        .sees("may bring suspension, termination, blacklisting")
        .sees("Write to the shop and name S-1001");
    let page = lena.opens("/queue/disputes/D-1001").await;
    let mute = lena.sends(page.form("Lift S-1001")).await;
    assert_eq!(mute.status, 422);
    mute.sees("Say why it is lifted");
    let lift = mute
        .form("Lift S-1001")
        .fill("Why it is lifted", "You explained it; thank you.");
    let second = page.form("Lift S-1001").fill("Why it is lifted", "Again.");
    lena.sends(lift)
        .await
        .sees("S-1001 is lifted, and the customer is told.");
    let late = lena.sends(second).await;
    assert_eq!(late.status, 422);
    late.sees("S-1001 is over already; nothing was changed.");
    georg.opens("/portal").await.does_not_see("is suspended");
    georg
        .opens("/portal/standing")
        .await
        .sees("Lifted on 2 Mar 09:00 UTC: You explained it; thank you.");
    let subjects = desk.subjects_to(GEORG);
    let lifted = subjects
        .iter()
        .filter(|subject| subject.starts_with("Lifted"));
    assert_eq!(lifted.count(), 1, "{subjects:?}");
}

#[tokio::test]
async fn a_suspension_ends_what_happens_by_itself_and_takes_no_refund_away() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.shop.order(&stage.georg, "A-3", "8.00", |_| ());
    let mut georg = stage.georg().await;
    let page = format!("/portal/orders/{}", order.number);
    georg
        .opens(&page)
        .await
        .sees("you can cancel it now, and the money is back at once");
    let mut lena = stage.lena().await;
    let form = to_decide(&stage, &mut lena).await;
    lena.sends(form).await.sees("S-1001 is decided");
    georg
        .opens(&page)
        .await
        .sees("you can ask for it to be cancelled");
    let cancel = georg.opens(&format!("{page}/cancel")).await;
    cancel.sees("A person confirms it");
    let answer = georg
        .sends(cancel.form("Ask to cancel and refund $8.00"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let claims = desk
        .app
        .pool
        .read(|conn| Ok(db::claims::of_order(conn, &order.id)?))
        .unwrap();
    assert_eq!(claims.len(), 1, "the request is kept");
    assert_eq!(claims[0].state, "in_review", "a person answers it");
    assert_eq!(
        claims[0].computed_e8,
        Some(e8("8")),
        "and nothing is taken away"
    );
    lena.opens(&format!("/queue/claims/{}", claims[0].number))
        .await
        .sees("The account is suspended, from 2 Mar 09:00 UTC until it is lifted (S-1001).");
}

#[tokio::test]
async fn a_sanction_begins_and_ends_by_its_dates() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let form = to_decide(&stage, &mut lena).await;
    let now = desk.app.now();
    let form = form
        .fill("From", &stage.typed(now + Duration::days(1)))
        .fill("Until", &stage.typed(now + Duration::days(2)));
    lena.sends(form).await.sees("To come");
    let restrained = |hours: i64| {
        let at = now + Duration::hours(hours);
        let (seller, georg) = (&stage.shop.seller, &stage.georg);
        let pool = &desk.app.pool;
        pool.read(|conn| redress::desk::sanctions::restrains(conn, seller, georg, at))
            .unwrap()
    };
    assert_eq!(
        [0, 23, 24, 47, 48].map(restrained),
        [false, false, true, true, false]
    );
}

#[tokio::test]
async fn what_the_text_does_not_allow_is_refused_and_so_is_who_may_not_decide() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let mut lena = stage.lena().await;
    let page = stage.recorded(&mut lena).await;
    page.sees("The policy names no consequence of a chargeback.");
    assert!(!page.has_button("Decide and tell the customer"));

    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let form = to_decide(&stage, &mut lena).await;
    let mut omar = stage.omar().await;
    let theirs = omar.opens("/queue/disputes/D-1001").await;
    theirs.sees("A lead decides whether anything follows.");
    let posted = omar.posts(form.clone()).await;
    assert_eq!(posted.status, 403);
    let past = stage.typed(desk.app.now() - Duration::days(1));
    for (label, typed, problem) in [
        ("Why", " ", "Say why, in words that the customer will read"),
        ("From", past.as_str(), "It cannot begin in the past"),
        ("Until", past.as_str(), "This must lie after its beginning"),
        ("Until", "never", "Enter a date and a time"),
    ] {
        let page = lena.sends(form.clone().fill(label, typed)).await;
        assert_eq!(page.status, 422, "{label} {typed}");
        page.sees(problem);
    }
    let fee = lena
        .sends(form.clone().choose("Ask for the processor's fee"))
        .await;
    fee.sees("Enter what the processor charged");
    let page = omar
        .sends(
            theirs
                .form("Keep this")
                .fill("They came to us first", "Yes")
                .fill("How you know", "By post."),
        )
        .await;
    page.sees("Nothing more is allowed by the text as it stands.");
    let stale = lena.sends(form.clone()).await;
    assert_eq!(stale.status, 409, "what was known has changed");
    let seen = lena.opens("/queue/disputes/D-1001").await;
    let seen = seen.form("Keep this").value("seen").to_owned();
    let refused = lena.sends(form.forge("seen", &seen)).await;
    assert_eq!(refused.status, 422);
    refused.sees("The policy does not allow this step. The customer wrote first.");
    assert!(standing(&stage).is_empty());
}

#[tokio::test]
async fn a_fee_is_asked_for_and_never_taken_and_holds_nothing_up() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    let form = to_decide(&stage, &mut lena)
        .await
        .choose("Ask for the processor's fee")
        .fill("The processor's fee", "15.00");
    lena.sends(form)
        .await
        .sees("The processor's fee of $15.00 is asked for");
    let letter = desk.letters().pop().unwrap();
    assert!(
        letter.text.contains("The amount is $15.00."),
        "{}",
        letter.text
    );
    assert!(letter.text.contains("Nothing is taken from your balance"));
    assert_eq!(stage.frozen(), e8("50"), "the balance is as it was");
    let (seller, georg, now) = (&stage.shop.seller, &stage.georg, desk.app.now());
    let pool = &desk.app.pool;
    let restrains = pool.read(|conn| redress::desk::sanctions::restrains(conn, seller, georg, now));
    assert!(!restrains.unwrap());
}

#[tokio::test]
async fn staff_of_another_shop_find_neither_the_chargeback_nor_its_payment() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut lena = stage.lena().await;
    stage.recorded(&mut lena).await;
    let other = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Other Shop",
        "panel-credits",
    );
    let elsewhere = "ines@other.example";
    desk.staff("Ines Alba", elsewhere, Role::Lead, &[other.seller]);
    let mut ines = desk.signed_in(elsewhere).await;
    ines.opens("/queue/disputes").await.sees("Nothing here");
    assert_eq!(ines.opens("/queue/disputes/D-1001").await.status, 404);
    let new = format!("/queue/disputes/new?deposit={}", stage.deposit().id);
    assert_eq!(ines.opens(&new).await.status, 404);
    let page = lena.opens("/queue/disputes/D-1001").await;
    let csrf = ines
        .opens("/account")
        .await
        .form("Save")
        .value("csrf")
        .to_owned();
    let theirs = page.form("Close D-1001").choose("For us: won");
    let answer = ines
        .asks(Method::POST, "/queue/disputes/D-1001/closure", |it| {
            it.header("sec-fetch-site", "same-origin").form(&[
                ("csrf", csrf.as_str()),
                ("idempotency_key", theirs.value("idempotency_key")),
                ("seen", theirs.value("seen")),
                ("result", "won"),
                ("reason", "other"),
            ])
        })
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(stage.disputes()[0].status, "open");
}
