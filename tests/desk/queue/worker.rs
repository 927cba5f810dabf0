//! What the worker does by itself, whatever one mail server or one claim does to it.

use std::thread;

use chrono::Duration;
use redress::outside::smtp::Mailer;
use redress::worker;

use super::Stage;
use crate::support::app::Desk;

#[test]
fn a_letter_is_leased_from_the_moment_it_is_taken_however_slow_the_one_before_was() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.stopped("10.00");
    stage.stopped("20.00");
    let Mailer::Memory(sent) = &desk.app.mailer else {
        panic!("a test's letters stay in memory");
    };
    let slow = sent.lock().unwrap();
    let app = desk.app.clone();
    let working = thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(worker::letters::tick(&app)).unwrap()
    });
    let taken = || {
        desk.letters()
            .iter()
            .filter(|row| row.state == "sending")
            .count()
    };
    while taken() == 0 && !working.is_finished() {
        thread::yield_now();
    }
    desk.advance(Duration::minutes(11));
    drop(slow);
    assert_eq!(working.join().unwrap(), (2, 0));
    let last = desk.letters().pop().unwrap();
    assert!(
        last.next_at.utc() > desk.app.now(),
        "the second lease was over before its letter left"
    );
}
