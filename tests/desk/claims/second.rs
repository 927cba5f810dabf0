//! The second pair of eyes: what one may not grant alone is proposed, and paid only when somebody else has approved it.

use diesel::connection::SimpleConnection;
use redress::db::exceptions;

use super::*;

impl Shop {
    /// 4 of 10 are due by the rules; Omar proposes 6.
    fn proposed(&self) -> Standing {
        self.deposit("D-1", "50", -1_000);
        let order = self.order("1001", "10", "balance", Status::InProgress, "400");
        let wants = self.wants(Some(&order), "order_cancellation", "too slow");
        let standing = self.files(&wants, 0).unwrap();
        let standing = self.establishes(&standing, "findings.stop", "stopped".into(), 30);
        let proposed = self.proposes(&self.omar, &standing, 33);
        assert!(matches!(proposed, Ok(Decided::Proposed(_))), "{proposed:?}");
        standing
    }

    fn proposes(&self, who: &PersonId, standing: &Standing, minute: i64) -> Result<Decided> {
        self.decides(who, standing, minute, |decide| {
            decide.amount_e8 = Some(e8("6"));
            decide.reason = Some("goodwill".to_owned());
            decide.words = "They waited for a week.".to_owned();
        })
    }

    fn says(
        &self,
        who: &PersonId,
        standing: &Standing,
        minute: i64,
        verdict: Verdict,
    ) -> Result<Decided> {
        self.decides(who, standing, minute, |decide| {
            decide.verdict = verdict;
            decide.words = "The provider was not slow at all.".to_owned();
        })
    }

    fn ends(&self, standing: &Standing) -> Vec<String> {
        let rows = self.reads(|conn| Ok(exceptions::of_claim(conn, &standing.claim.id)?));
        rows.into_iter().map(|row| row.state).collect()
    }
}

#[test]
fn more_than_the_rules_computed_is_paid_when_a_second_person_approves_and_only_once() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    assert_eq!(shop.balance(), e8("40"), "a proposal pays nothing");
    let own = shop.says(&shop.omar, &standing, 34, Verdict::Endorse);
    assert!(matches!(own, Err(Error::Forbidden)), "{own:?}");
    let granted = shop.says(&shop.lena, &standing, 35, Verdict::Endorse);
    let Ok(Decided::Done(done)) = granted else {
        panic!("{granted:?}")
    };
    assert_eq!(done.claim.granted_e8, Some(e8("6")));
    assert_eq!(shop.balance(), e8("46"));
    assert_eq!(shop.ends(&standing), ["approved"]);
    let again = shop.says(&shop.lena, &standing, 36, Verdict::Endorse);
    assert_eq!(code(again), Code::AlreadyDone);
    assert_eq!(shop.balance(), e8("46"));
    let letter = shop.letter("claim_approved");
    assert!(letter.contains("They waited for a week."), "{letter}");
    shop.replays();
}

#[test]
fn whoever_proposes_never_approves_whatever_their_role() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    shop.says(&shop.omar, &standing, 34, Verdict::Retract)
        .unwrap();
    for (minute, who, other) in [(40, &shop.lena, &shop.ruth), (50, &shop.ruth, &shop.lena)] {
        shop.proposes(who, &standing, minute).unwrap();
        let own = shop.says(who, &standing, minute + 1, Verdict::Endorse);
        assert_eq!(code(own), Code::OwnClaim);
        shop.says(other, &standing, minute + 2, Verdict::Decline)
            .unwrap();
    }
    assert_eq!(shop.ends(&standing), ["withdrawn", "declined", "declined"]);
    assert_eq!(shop.balance(), e8("40"));
}

#[test]
fn one_proposal_waits_at_a_time_and_only_its_proposer_takes_it_back() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    assert_eq!(
        code(shop.proposes(&shop.lena, &standing, 34)),
        Code::AlreadyOpen
    );
    let others = shop.says(&shop.lena, &standing, 35, Verdict::Retract);
    assert!(matches!(others, Err(Error::Forbidden)), "{others:?}");
    let silent = shop.decides(&shop.lena, &standing, 36, |decide| {
        decide.verdict = Verdict::Decline
    });
    assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
}

#[test]
fn news_and_any_other_decision_overtake_a_proposal() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    shop.establishes(&standing, "order.remains", 300.into(), 40);
    assert_eq!(shop.ends(&standing), ["overtaken"]);
    let late = shop.says(&shop.lena, &standing, 41, Verdict::Endorse);
    assert_eq!(code(late), Code::AlreadyDone);
    shop.proposes(&shop.omar, &standing, 42).unwrap();
    shop.decides(&shop.lena, &standing, 43, |_| ()).unwrap();
    assert_eq!(shop.ends(&standing), ["overtaken", "overtaken"]);
    assert_eq!(shop.balance(), e8("43"), "paid once, as the rules computed");
}

#[test]
fn a_customer_who_withdraws_leaves_nothing_to_approve() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    let act = shop.act(&shop.anna, 40);
    let withdrawn = shop
        .db
        .pool
        .write(|tx| claims::withdraw(tx, &act, &standing.claim.id));
    withdrawn.unwrap();
    assert_eq!(shop.ends(&standing), ["overtaken"]);
    let late = shop.says(&shop.lena, &standing, 41, Verdict::Endorse);
    assert_eq!(code(late), Code::AlreadyDone);
    assert_eq!(shop.balance(), e8("40"));
}

/// Whatever a program says: the database itself knows two pairs of eyes, and lets a settled proposal be.
#[test]
fn the_database_refuses_one_person_on_both_sides_and_a_second_ending() {
    let shop = Shop::of("panel-credits", "UTC");
    let standing = shop.proposed();
    let runs = |sql: &str| {
        let ran = shop.db.pool.raw(|conn| Ok(conn.batch_execute(sql)));
        ran.unwrap().map_err(|cause| cause.to_string())
    };
    let own = runs(
        "UPDATE exceptions SET state = 'declined', settled_by = proposed_by, settled_at = proposed_at",
    );
    assert!(own.unwrap_err().to_lowercase().contains("check"));
    let other = runs("UPDATE exceptions SET amount_e8 = amount_e8 + 1");
    assert!(other.unwrap_err().contains("append-only"));
    shop.says(&shop.lena, &standing, 34, Verdict::Decline)
        .unwrap();
    let again = runs("UPDATE exceptions SET settled_words = 'yes'");
    assert!(again.unwrap_err().contains("append-only"));
    let gone = runs("DELETE FROM exceptions");
    assert!(gone.unwrap_err().contains("append-only"));
}
