//! One clock, folded from what happened: the only place that knows what starts, pauses and ends a promise. The rows of the desk, the
//! letters and the reports all come from here, so a clock counted anew from its ticket's story is the clock that is kept.
//!
//! A pause has one meaning: what is left is frozen, and resumes unchanged. A clock ends once; what comes after its end, a later
//! "thank you" for one, changes nothing. A pause that begins when the promise is broken already mends nothing.

pub mod account;

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::assessment::ClockKind;
use super::calendar::{Calendar, Hours, Opening, Span};
use super::deadline::{Clock, ClockLength, Spent};
use super::facts::At;
use super::words::words;

words! {
    /// What can happen to a ticket or a claim, as far as clocks hear of it.
    Signal {
        Received = "received",
        Approved = "approved",
        Rejected = "rejected",
        Remedied = "remedied",
        Withdrawn = "withdrawn",
        CustomerWrote = "customer_wrote",
        /// The customer handed in what a claim was waiting for.
        Supplied = "supplied",
        /// In public: a note is no answer.
        StaffAnswered = "staff_answered",
        /// The customer was asked, or has to send something.
        CustomersTurn = "customers_turn",
        OurTurn = "our_turn",
        AccessAsked = "access_asked",
        AccessGiven = "access_given",
        Repaired = "repaired",
        /// Nothing is to be repaired, or access was refused (D6f).
        RepairMoot = "repair_moot",
        /// All of the money is there.
        Settled = "settled",
        /// None of it is on its way any more, and there is nobody to pay.
        Unpaid = "unpaid",
        Closed = "closed",
    }
}

words! {
    /// What a clock may stand still for.
    Pause {
        CustomersTurn = "customers_turn",
        AccessAwaited = "access_awaited",
    }
}

impl Pause {
    fn begins(self) -> Signal {
        match self {
            Pause::CustomersTurn => Signal::CustomersTurn,
            Pause::AccessAwaited => Signal::AccessAsked,
        }
    }

    fn ends(self) -> Signal {
        match self {
            Pause::CustomersTurn => Signal::OurTurn,
            Pause::AccessAwaited => Signal::AccessGiven,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: At,
    pub signal: Signal,
}

words! { State { Running = "running", Paused = "paused", Met = "met", Breached = "breached", Void = "void" } }

/// A promise as it was made: declared by the policy or the house, by the calendar of that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub clock: Clock,
    pub calendar: Calendar,
    pub starts_at: At,
    /// A clock from before declarations were kept: due then, whatever its length was and what it stood still for.
    pub fixed: Option<At>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub state: State,
    pub from_at: Option<At>,
    /// While it stands still: where it stood when the pause began.
    pub due_at: At,
    pub paused_at: Option<At>,
    pub stopped_at: Option<At>,
    /// When it ran; the last stretch ends with the clock, or at its due instant while it runs.
    pub runs: Vec<Span>,
    pub stands: Vec<Stand>,
}

/// A stretch in which it stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    pub why: Pause,
    pub from: At,
    pub until: Option<At>,
}

impl Course {
    /// In whole seconds, as every deadline is judged: the due instant itself is in time.
    pub fn is_late(&self, at: At) -> bool {
        self.state != State::Paused && at.timestamp() > self.due_at.timestamp()
    }
}

/// How a promise stands after a story, which is in the order of its instants. None beyond the calendar's range.
pub fn fold(promise: &Promise, story: &[Moment]) -> Option<Course> {
    let mut hand = Hand::wound(promise)?;
    for moment in story.iter().filter(|moment| moment.at >= promise.starts_at) {
        hand.hears(moment)?;
        if hand.course.stopped_at.is_some() {
            break;
        }
    }
    Some(hand.rests())
}

/// A clock while its story is read.
struct Hand<'a> {
    promise: &'a Promise,
    spent: Spent,
    running_since: Option<At>,
    holds: BTreeSet<Pause>,
    course: Course,
}

impl<'a> Hand<'a> {
    fn wound(promise: &'a Promise) -> Option<Hand<'a>> {
        let mut hand = Hand {
            promise,
            spent: Spent::default(),
            running_since: None,
            holds: BTreeSet::new(),
            course: Course {
                state: State::Running,
                from_at: None,
                due_at: promise.starts_at,
                paused_at: None,
                stopped_at: None,
                runs: Vec::new(),
                stands: Vec::new(),
            },
        };
        hand.runs_on(promise.starts_at)?;
        Some(hand)
    }

    fn hears(&mut self, moment: &Moment) -> Option<()> {
        let (clock, Moment { at, signal }) = (&self.promise.clock, *moment);
        if stops(clock).contains(&signal) {
            return self.ends(at, State::Met);
        }
        if voids(clock.kind).contains(&signal) {
            return self.ends(at, State::Void);
        }
        let pauses = match self.promise.fixed {
            Some(_) => &[],
            None => pauses(clock),
        };
        if let Some(pause) = pauses.iter().find(|pause| pause.begins() == signal) {
            self.pauses(*pause, at);
        } else if let Some(pause) = pauses.iter().find(|pause| pause.ends() == signal)
            && self.holds.remove(pause)
            && self.holds.is_empty()
        {
            return self.runs_on(at);
        }
        Some(())
    }

    fn runs_on(&mut self, at: At) -> Option<()> {
        let Promise {
            clock, calendar, ..
        } = self.promise;
        let (from, due) = match self.promise.fixed {
            Some(due) => (None, due),
            None => clock.length.ends(at, self.spent, calendar)?,
        };
        (self.course.from_at, self.course.due_at) = (from, due);
        self.course.state = State::Running;
        self.course.paused_at = None;
        self.running_since = Some(at);
        if let Some(stand) = self.course.stands.last_mut() {
            stand.until.get_or_insert(at);
        }
        Some(())
    }

    fn pauses(&mut self, why: Pause, at: At) {
        if let Some(since) = self.running_since {
            if self.course.is_late(at) {
                return;
            }
            self.uses_up(since, at);
            self.running_since = None;
            self.course.state = State::Paused;
            self.course.paused_at = Some(at);
            self.course.stands.push(Stand {
                why,
                from: at,
                until: None,
            });
        }
        self.holds.insert(why);
    }

    fn uses_up(&mut self, from: At, until: At) {
        let Promise {
            clock, calendar, ..
        } = self.promise;
        self.spent = clock.length.spend(self.spent, from, until, calendar);
        if from < until {
            self.course.runs.push(Span { from, until });
        }
    }

    /// One that is late is broken, whatever ended it. One that stands still is in time, and ends with what was left.
    fn ends(&mut self, at: At, state: State) -> Option<()> {
        let since = match self.running_since {
            Some(since) => since,
            None => {
                self.holds.clear();
                self.runs_on(at)?;
                at
            }
        };
        let is_late = self.course.is_late(at);
        self.uses_up(since, at);
        self.running_since = None;
        self.course.state = if is_late { State::Breached } else { state };
        self.course.stopped_at = Some(at);
        Some(())
    }

    fn rests(mut self) -> Course {
        if let Some(since) = self.running_since {
            let until = self.course.due_at;
            if since < until {
                self.course.runs.push(Span { from: since, until });
            }
        }
        self.course
    }
}

/// Whole seconds that an ended clock ran, pauses left out, within the opening hours of its calendar; where the seller has told
/// none, as the promise itself counts: day and night for hours, whole business days for those. None while it has not ended.
pub fn worked(promise: &Promise, course: &Course) -> Option<i64> {
    course.stopped_at?;
    let calendar = match promise.calendar.hours {
        Some(_) => promise.calendar.clone(),
        None => measure(promise),
    };
    let runs = course.runs.iter();
    let runs = runs.map(|run| calendar.worked_between(run.from, run.until));
    Some(runs.sum::<TimeDelta>().num_seconds())
}

/// What ends a clock as kept, where it is in time: the policy's own, or the kind's.
pub fn stops(clock: &Clock) -> &[Signal] {
    use Signal::*;
    match (&clock.stops, clock.kind) {
        (Some(own), _) => own,
        (None, ClockKind::FirstResponse | ClockKind::NextReply) => {
            &[StaffAnswered, Approved, Rejected, Remedied, Closed]
        }
        (None, ClockKind::Decision) => &[Approved, Rejected, Remedied],
        (None, ClockKind::Cure) => &[Repaired],
        (None, ClockKind::Payout | ClockKind::Completion | ClockKind::BankCredit) => &[Settled],
    }
}

/// What leaves nothing to promise to anyone.
fn voids(kind: ClockKind) -> &'static [Signal] {
    use Signal::*;
    match kind {
        ClockKind::FirstResponse | ClockKind::NextReply | ClockKind::Decision => &[Withdrawn],
        ClockKind::Cure => &[Withdrawn, RepairMoot, Approved, Rejected, Remedied],
        ClockKind::Payout | ClockKind::Completion | ClockKind::BankCredit => {
            &[Withdrawn, Rejected, Remedied, Unpaid]
        }
    }
}

/// What it stands still for: the policy's own, or the kind's.
pub fn pauses(clock: &Clock) -> &[Pause] {
    match (&clock.pauses, clock.kind) {
        (Some(own), _) => own,
        // While the customer has the turn, the review cannot go on.
        (None, ClockKind::Decision) => &[Pause::CustomersTurn],
        (None, ClockKind::Cure) => &[Pause::AccessAwaited],
        (None, _) => &[],
    }
}

/// When the desk began to owe an answer: a customer's message that no answer is owed for already. `first` says that the first
/// message has a clock of its own, and `decision` that what is handed in is answered by a decision which has one: no second clock
/// runs beside either.
pub fn replies_owed(story: &[Moment], first: bool, decision: bool) -> Vec<At> {
    use Signal::*;
    let (mut owed, mut since) = (false, Vec::new());
    for moment in story {
        match moment.signal {
            Received if first => owed = true,
            Supplied if decision => {}
            CustomerWrote | Supplied if !owed => {
                owed = true;
                since.push(moment.at);
            }
            StaffAnswered | Approved | Rejected | Remedied | Closed | Withdrawn => owed = false,
            _ => {}
        }
    }
    since
}

words! {
    /// How much of a promise is used up, and who should know.
    Step { Half = "half", FourFifths = "four_fifths", Whole = "whole" }
}

impl Step {
    pub fn percent(self) -> i32 {
        match self {
            Step::Half => 50,
            Step::FourFifths => 80,
            Step::Whole => 100,
        }
    }
}

/// Nobody is warned in the night of what counts business days: where the seller has told no hours, from nine to five.
const OFFICE: (u16, u16) = (9 * 60, 17 * 60);

/// When to warn of that step: once the share of the promise is used up, and not before the calendar opens unless the clock runs day
/// and night. None while it stands still short of it, or once it has ended.
pub fn warns_at(promise: &Promise, course: &Course, step: Step) -> Option<At> {
    if course.state != State::Running {
        return None;
    }
    let at = match step {
        Step::Whole => course.due_at,
        _ => used_up(promise, course, step.percent())?,
    };
    let calendar = &promise.calendar;
    match promise.clock.length {
        ClockLength::Hours(_) | ClockLength::WorkingMinutes(_) => Some(at),
        ClockLength::BusinessDays { .. } => {
            let hours = calendar.hours.clone().or_else(|| {
                let office = Opening::new(OFFICE.0, OFFICE.1)?;
                Some(Hours::weekdays(&[office]))
            });
            let office = Calendar {
                hours,
                ..calendar.clone()
            };
            office.next_open(at)
        }
    }
}

/// The first instant at which that share of the whole is used up, pauses left out.
fn used_up(promise: &Promise, course: &Course, percent: i32) -> Option<At> {
    let measure = measure(promise);
    let worked = |run: &Span| measure.worked_between(run.from, run.until);
    let whole = course
        .runs
        .iter()
        .fold(TimeDelta::zero(), |sum, run| sum + worked(run));
    let mut left = whole * percent / 100;
    for run in &course.runs {
        let here = worked(run);
        if here >= left {
            return measure.due_at(run.from, left);
        }
        left -= here;
    }
    None
}

/// The calendar by which a length is used up: of business days, whole days; of hours, no calendar at all.
fn measure(promise: &Promise) -> Calendar {
    let calendar = promise.calendar.clone();
    let hours = match promise.clock.length {
        ClockLength::Hours(_) => None,
        ClockLength::WorkingMinutes(_) => calendar.hours,
        ClockLength::BusinessDays { .. } => {
            let day = Opening::new(0, 24 * 60);
            day.map(|day| Hours::weekdays(&[day]))
        }
    };
    Calendar { hours, ..calendar }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assessment::Firmness;
    use crate::rules::calendar::Holidays;
    use crate::rules::deadline::ClockStart;

    fn at(hour: i64) -> At {
        "2026-11-02T09:00:00Z".parse::<At>().unwrap() + TimeDelta::hours(hour)
    }

    fn promise(kind: ClockKind, length: ClockLength) -> Promise {
        Promise {
            clock: Clock {
                kind,
                clause: "B22".to_owned(),
                starts: ClockStart::Received,
                length,
                firmness: Firmness::Firm,
                stops: None,
                pauses: None,
            },
            calendar: Calendar {
                zone: chrono_tz::UTC,
                holidays: Holidays::default(),
                hours: None,
            },
            starts_at: at(0),
            fixed: None,
        }
    }

    fn story(moments: &[(i64, Signal)]) -> Vec<Moment> {
        let moment = |(hour, signal): &(i64, Signal)| Moment {
            at: at(*hour),
            signal: *signal,
        };
        moments.iter().map(moment).collect()
    }

    fn told(promise: &Promise, moments: &[(i64, Signal)]) -> (State, At) {
        let course = fold(promise, &story(moments)).unwrap();
        (course.state, course.due_at)
    }

    #[test]
    fn working_time_leaves_out_pauses_nights_and_what_has_not_ended() {
        use Signal::*;
        // Monday 9:00 UTC; asked at 13:00, answered on Tuesday at 11:00, decided on Tuesday at 15:00.
        let told = [(4, CustomersTurn), (26, OurTurn), (30, Approved)];
        let worked = |hours: Option<Hours>, told: &[(i64, Signal)]| {
            let mut decision = promise(ClockKind::Decision, ClockLength::Hours(48));
            decision.calendar.hours = hours;
            let course = fold(&decision, &story(told)).unwrap();
            worked(&decision, &course).map(|seconds| seconds / 3600)
        };
        assert_eq!(worked(None, &told), Some(8));
        let shift = |from: u16, until: u16| Opening::new(from * 60, until * 60).unwrap();
        let hours = || Some(Hours::weekdays(&[shift(10, 12), shift(13, 17)]));
        assert_eq!(worked(hours(), &told), Some(2 + 1 + 2));
        assert_eq!(worked(hours(), &told[..2]), None);
        // Late: it ran on past its due instant, through two nights.
        assert_eq!(worked(hours(), &[(56, Approved)]), Some(3 * 6));
    }

    #[test]
    fn a_pause_freezes_what_is_left_and_gives_back_exactly_that() {
        use Signal::*;
        let decision = promise(ClockKind::Decision, ClockLength::Hours(48));
        assert_eq!(told(&decision, &[]), (State::Running, at(48)));
        let asked = [(10, CustomersTurn)];
        assert_eq!(told(&decision, &asked), (State::Paused, at(48)));
        let answered = [(10, CustomersTurn), (100, OurTurn)];
        assert_eq!(told(&decision, &answered), (State::Running, at(138)));
        let twice = [
            (10, CustomersTurn),
            (12, CustomersTurn),
            (20, OurTurn),
            (30, CustomersTurn),
            (31, OurTurn),
        ];
        assert_eq!(told(&decision, &twice), (State::Running, at(59)));
        let decided = [(10, CustomersTurn), (100, Approved)];
        assert_eq!(told(&decision, &decided), (State::Met, at(138)));
        let late = [(49, CustomersTurn), (50, OurTurn), (51, Approved)];
        assert_eq!(told(&decision, &late), (State::Breached, at(48)));
    }

    #[test]
    fn a_pause_of_business_days_gives_back_whole_days() {
        use Signal::*;
        let mut payout = promise(
            ClockKind::Decision,
            ClockLength::BusinessDays { first: 3, last: 5 },
        );
        payout.clock.pauses = Some(vec![Pause::CustomersTurn]);
        // From Monday; asked on Tuesday with one day used, answered on the Friday a week later.
        let answered = [(24, CustomersTurn), (24 * 11, OurTurn)];
        let course = fold(&payout, &story(&answered)).unwrap();
        assert_eq!(
            course.from_at,
            Some("2026-11-17T00:00:00Z".parse().unwrap())
        );
        assert_eq!(course.due_at, "2026-11-19T23:59:59Z".parse::<At>().unwrap());
    }

    #[test]
    fn each_kind_ends_by_its_own_signal_and_once() {
        use Signal::*;
        let first = promise(ClockKind::FirstResponse, ClockLength::Hours(24));
        assert_eq!(
            told(&first, &[(5, StaffAnswered), (6, CustomersTurn)]).0,
            State::Met
        );
        assert_eq!(told(&first, &[(25, StaffAnswered)]).0, State::Breached);
        assert_eq!(
            told(&first, &[(5, Withdrawn), (6, StaffAnswered)]).0,
            State::Void
        );
        assert_eq!(told(&first, &[(25, Withdrawn)]).0, State::Breached);
        let cure = promise(ClockKind::Cure, ClockLength::Hours(72));
        assert_eq!(
            told(&cure, &[(10, AccessAsked), (90, AccessGiven)]).1,
            at(152)
        );
        assert_eq!(
            told(&cure, &[(10, AccessAsked), (90, Repaired)]).0,
            State::Met
        );
        assert_eq!(
            told(&cure, &[(3, CustomersTurn), (10, RepairMoot)]).0,
            State::Void
        );
        let mut own = promise(ClockKind::Completion, ClockLength::Hours(24));
        assert_eq!(told(&own, &[(3, Approved)]).0, State::Running);
        own.clock.stops = Some(vec![Approved]);
        assert_eq!(told(&own, &[(3, Approved)]).0, State::Met);
    }

    #[test]
    fn a_reply_is_owed_between_a_message_and_the_next_answer_and_only_once() {
        use Signal::*;
        let talk = story(&[
            (0, Received),
            (1, CustomerWrote),
            (2, StaffAnswered),
            (3, CustomerWrote),
            (4, CustomerWrote),
            (5, StaffAnswered),
            (6, StaffAnswered),
            (7, CustomerWrote),
            (8, Closed),
            (9, CustomerWrote),
        ]);
        assert_eq!(replies_owed(&talk, true, true), [at(3), at(7), at(9)]);
        assert_eq!(
            replies_owed(&talk, false, true),
            [at(1), at(3), at(7), at(9)]
        );
        let asked = story(&[
            (0, StaffAnswered),
            (1, Supplied),
            (2, CustomerWrote),
            (3, Approved),
        ]);
        assert_eq!(replies_owed(&asked, false, true), [at(2)]);
        assert_eq!(replies_owed(&asked, false, false), [at(1)]);
    }

    #[test]
    fn warnings_come_with_the_share_that_is_used_up_and_wait_while_it_stands_still() {
        use Signal::*;
        let decision = promise(ClockKind::Decision, ClockLength::Hours(48));
        let warns = |moments: &[(i64, Signal)]| {
            let course = fold(&decision, &story(moments)).unwrap();
            Step::ALL
                .iter()
                .map(|step| {
                    warns_at(&decision, &course, *step)
                        .map(|at| (at - super::tests::at(0)).num_minutes())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(warns(&[]), [Some(24 * 60), Some(2304), Some(48 * 60)]);
        assert_eq!(warns(&[(30, CustomersTurn)]), [None, None, None]);
        let after = [(30, CustomersTurn), (40, OurTurn)];
        assert_eq!(
            warns(&after),
            [Some(24 * 60), Some(2304 + 600), Some(58 * 60)]
        );
        assert_eq!(warns(&[(30, Approved)]), [None, None, None]);
    }

    #[test]
    fn nobody_is_warned_at_night_of_business_days() {
        let payout = promise(
            ClockKind::Payout,
            ClockLength::BusinessDays { first: 3, last: 5 },
        );
        let course = fold(&payout, &[]).unwrap();
        assert_eq!(course.due_at, "2026-11-09T23:59:59Z".parse::<At>().unwrap());
        let warns = |step| warns_at(&payout, &course, step).unwrap().to_rfc3339();
        // Monday's fifteen hours and five days are 135 hours: half are over on Thursday at half past three in the morning.
        assert_eq!(warns(Step::Half), "2026-11-05T09:00:00+00:00");
        assert_eq!(warns(Step::Whole), "2026-11-10T09:00:00+00:00");
    }

    #[test]
    fn an_old_clock_keeps_its_instant() {
        use Signal::*;
        let mut old = promise(ClockKind::Decision, ClockLength::Hours(0));
        old.fixed = Some(at(48));
        assert_eq!(told(&old, &[]), (State::Running, at(48)));
        assert_eq!(
            told(&old, &[(10, CustomersTurn), (20, OurTurn)]),
            (State::Running, at(48))
        );
        assert_eq!(told(&old, &[(49, Approved)]).0, State::Breached);
    }
}
