//! The 72 hours for a repair (D6): they stand still while access is awaited, end with the repair itself, and a miss that was
//! recorded too early is taken back where people can read it.

use redress::db::events;

use super::*;

const HOUR: i64 = 60;

impl Shop {
    /// Anna reports a major defect on an order of this morning.
    fn defect(&self) -> Standing {
        let order = self.order("VN-1", "20", "card-1", Status::Completed, "0");
        let mut new = self.wants(
            Some(&order),
            "major_defect",
            "It fails with error 12 on every call.",
        );
        new.evidence = vec![("log".to_owned(), None)];
        new.remedy_choice = Some("refund".to_owned());
        let standing = self.files(&new, 0).unwrap();
        self.establishes(&standing, "findings.defect.approved", true.into(), 1)
    }

    fn hears(&self, standing: &Standing, what: &str, happened: i64, told: i64) {
        let name = format!("findings.defect.{what}");
        self.establishes(standing, &name, at(happened).to_rfc3339().into(), told);
    }

    fn sweeps(&self, minute: i64) -> usize {
        let act = Act::operator(at(minute), SITE);
        let swept = self.db.pool.write(|tx| desk_clocks::sweep(tx, &act, 100));
        swept.unwrap().breaches
    }

    fn happened(&self, standing: &Standing, kind: &str) -> usize {
        let events = self.reads(|conn| Ok(events::of_ticket(conn, &standing.ticket.id)?));
        events.iter().filter(|event| event.kind == kind).count()
    }
}

#[test]
fn the_hours_of_a_repair_stand_still_while_access_is_awaited() {
    let shop = Shop::of("virtual-numbers", "UTC");
    let defect = shop.defect();
    assert_eq!(shop.clock(&defect, "cure").due_at, at(72 * HOUR).into());
    shop.hears(&defect, "access_requested_at", 10 * HOUR, 11 * HOUR);
    let awaited = shop.clock(&defect, "cure");
    assert_eq!(
        (awaited.state.as_str(), awaited.paused_at),
        ("paused", Some(at(10 * HOUR).into()))
    );
    assert_eq!(shop.sweeps(90 * HOUR), 0, "nobody is late while it stands");
    shop.hears(&defect, "access_granted_at", 90 * HOUR, 91 * HOUR);
    let goes_on = shop.clock(&defect, "cure");
    assert_eq!(
        (goes_on.state.as_str(), goes_on.due_at),
        ("running", at(152 * HOUR).into())
    );
    assert_eq!(shop.sweeps(152 * HOUR), 0);
    assert_eq!(shop.sweeps(152 * HOUR + 1), 1);
    assert_eq!(shop.sweeps(153 * HOUR), 0, "a miss is recorded once");
    shop.replays();
}

#[test]
fn a_miss_that_was_none_is_taken_back_when_the_wait_for_access_becomes_known() {
    let shop = Shop::of("virtual-numbers", "UTC");
    let defect = shop.defect();
    assert_eq!(shop.sweeps(73 * HOUR), 1);
    assert!(shop.clock(&defect, "cure").breached_at.is_some());
    shop.hears(&defect, "access_requested_at", 60 * HOUR, 74 * HOUR);
    assert_eq!(shop.clock(&defect, "cure").breached_at, None);
    assert_eq!(shop.happened(&defect, "clock_breached"), 1);
    assert_eq!(shop.happened(&defect, "clock_cleared"), 1);
    shop.hears(&defect, "access_granted_at", 70 * HOUR, 75 * HOUR);
    assert_eq!(shop.clock(&defect, "cure").due_at, at(82 * HOUR).into());
    assert_eq!(shop.sweeps(83 * HOUR), 1, "late after all, by the new time");
}

#[test]
fn a_repair_ends_its_promise_at_the_moment_it_was_made() {
    let shop = Shop::of("virtual-numbers", "UTC");
    let defect = shop.defect();
    shop.sweeps(73 * HOUR);
    shop.hears(&defect, "fixed_at", 70 * HOUR, 80 * HOUR);
    let made = shop.clock(&defect, "cure");
    assert_eq!(
        (made.state.as_str(), made.stopped_at, made.breached_at),
        ("met", Some(at(70 * HOUR).into()), None)
    );

    let shop = Shop::of("virtual-numbers", "UTC");
    let defect = shop.defect();
    shop.hears(&defect, "fixed_at", 73 * HOUR, 80 * HOUR);
    assert_eq!(shop.clock(&defect, "cure").state, "breached");
}

#[test]
fn no_repair_is_owed_once_there_is_no_defect_or_no_access() {
    for (fact, value) in [("approved", false), ("access_refused", true)] {
        let shop = Shop::of("virtual-numbers", "UTC");
        let defect = shop.defect();
        let name = format!("findings.defect.{fact}");
        shop.establishes(&defect, &name, value.into(), HOUR);
        assert_eq!(shop.clock(&defect, "cure").state, "void", "{fact}");
        assert_eq!(shop.sweeps(100 * HOUR), 0);
    }
}

#[test]
fn money_before_the_hours_are_over_breaks_no_promise_of_a_repair() {
    let shop = Shop::of("virtual-numbers", "UTC");
    let defect = shop.defect();
    let proposed = shop.decides(&shop.omar, &defect, 2 * HOUR, |decide| {
        decide.amount_e8 = Some(e8("20"));
        decide.reason = Some("goodwill".to_owned());
        decide.words = "It cannot be repaired, so why wait.".to_owned();
    });
    assert!(matches!(proposed, Ok(Decided::Proposed(_))), "{proposed:?}");
    let decided = shop.decides(&shop.lena, &defect, 2 * HOUR + 1, |decide| {
        decide.verdict = Verdict::Endorse;
    });
    assert!(matches!(decided, Ok(Decided::Done(_))), "{decided:?}");
    assert_eq!(shop.clock(&defect, "cure").state, "void");
}
