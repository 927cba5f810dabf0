//! Why a promise was not kept, as far as the rows show whose turn it was at its due moment. Pure: turns in, a cause out.
//!
//! One cause each, the nearest one: what was on its way to a bank goes before what waited for a second person, that before work that
//! had to be done first, that before whoever had the conversation.

use super::words::words;

words! { Cause {
    /// Nobody had taken the conversation.
    Nobody = "nobody",
    /// Somebody had it, and nothing else stood in the way.
    Agent = "agent",
    /// A refund was proposed, and a second person had not decided.
    Approval = "approval",
    /// A stop, a refill, a repair was not done yet.
    Work = "work",
    /// The payout waited for somebody to send it, by hand or in a file.
    Sending = "sending",
    /// The payout was in a gateway's hands, or nobody knew where it was.
    Gateway = "gateway",
} }

impl Cause {
    /// As managers read it.
    pub fn said(self) -> &'static str {
        match self {
            Cause::Nobody => "Nobody had taken it",
            Cause::Agent => "With its agent",
            Cause::Approval => "Waiting for a second person",
            Cause::Work => "Work to be done first",
            Cause::Sending => "Payout waiting to be sent",
            Cause::Gateway => "Payout with the gateway",
        }
    }
}

/// Where a payout was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    Ours,
    Gateway,
}

/// What stood at the due moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    pub is_about_paying: bool,
    pub payout: Option<Hands>,
    pub is_proposed: bool,
    pub has_work: bool,
    pub is_taken: bool,
}

pub fn cause(turn: Turn) -> Cause {
    match turn {
        Turn {
            is_about_paying: true,
            payout: Some(Hands::Gateway),
            ..
        } => Cause::Gateway,
        Turn {
            is_about_paying: true,
            payout: Some(Hands::Ours),
            ..
        } => Cause::Sending,
        Turn {
            is_proposed: true, ..
        } => Cause::Approval,
        Turn { has_work: true, .. } => Cause::Work,
        Turn { is_taken: true, .. } => Cause::Agent,
        Turn { .. } => Cause::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_cause_is_named_and_a_payout_is_no_cause_of_a_late_answer() {
        let everything = Turn {
            is_about_paying: true,
            payout: Some(Hands::Gateway),
            is_proposed: true,
            has_work: true,
            is_taken: true,
        };
        let by_hand = Turn {
            payout: Some(Hands::Ours),
            ..everything
        };
        let answer = Turn {
            is_about_paying: false,
            ..everything
        };
        let alone = Turn {
            is_proposed: false,
            ..answer
        };
        let idle = Turn {
            has_work: false,
            ..alone
        };
        for (turn, expected) in [
            (everything, Cause::Gateway),
            (by_hand, Cause::Sending),
            (answer, Cause::Approval),
            (alone, Cause::Work),
            (idle, Cause::Agent),
            (Turn::default(), Cause::Nobody),
        ] {
            assert_eq!(cause(turn), expected, "{turn:?}");
        }
    }
}
