//! Who may do what. A right hangs on the role, on the amount, and on who did the step before: nobody decides a claim of their own,
//! and whoever asked for an exception never approves it.
//!
//! Pure: the doors ask before they show a button, the verbs ask again before they act.

use serde::{Deserialize, Serialize};

/// In the order of what they may: each kind of staff may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Agent,
    Lead,
    Manager,
    Admin,
}

impl Role {
    pub const ALL: [Role; 5] = [
        Role::Customer,
        Role::Agent,
        Role::Lead,
        Role::Manager,
        Role::Admin,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Agent => "agent",
            Role::Lead => "lead",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }

    pub fn is_staff(self) -> bool {
        self != Role::Customer
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    // A customer's, on what is their own; whose it is, the finder has settled.
    FileClaim,
    WithdrawClaim,
    AppealClaim,
    CancelOrder,
    ChooseRemedy,
    // On a ticket that the doer can see.
    WriteMessage,
    WriteNote,
    // Staff's.
    WorkQueue,
    EstablishFact,
    DecideClaim,
    AssignSelf,
    AssignOther,
    MergeTickets,
    ApproveException,
    MarkPayoutSent,
    KeepDisputes,
    Sanction,
    ReverseJournal,
    ReadReports,
    ReadOutbox,
    DraftPolicy,
    PublishPolicy,
    SetLimits,
    KeepStaff,
    ImportOrders,
    KeepSellers,
    ReadAudit,
}

impl Verb {
    pub const ALL: [Verb; 27] = [
        Verb::FileClaim,
        Verb::WithdrawClaim,
        Verb::AppealClaim,
        Verb::CancelOrder,
        Verb::ChooseRemedy,
        Verb::WriteMessage,
        Verb::WriteNote,
        Verb::WorkQueue,
        Verb::EstablishFact,
        Verb::DecideClaim,
        Verb::AssignSelf,
        Verb::AssignOther,
        Verb::MergeTickets,
        Verb::ApproveException,
        Verb::MarkPayoutSent,
        Verb::KeepDisputes,
        Verb::Sanction,
        Verb::ReverseJournal,
        Verb::ReadReports,
        Verb::ReadOutbox,
        Verb::DraftPolicy,
        Verb::PublishPolicy,
        Verb::SetLimits,
        Verb::KeepStaff,
        Verb::ImportOrders,
        Verb::KeepSellers,
        Verb::ReadAudit,
    ];
}

/// Whether the role has the verb at all. Amounts and earlier steps are asked of [`deciding`] and [`approving`].
pub fn may(role: Role, verb: Verb) -> bool {
    match verb {
        Verb::FileClaim
        | Verb::WithdrawClaim
        | Verb::AppealClaim
        | Verb::CancelOrder
        | Verb::ChooseRemedy => role == Role::Customer,
        Verb::WriteMessage => true,
        Verb::WriteNote
        | Verb::WorkQueue
        | Verb::EstablishFact
        | Verb::DecideClaim
        | Verb::AssignSelf => role >= Role::Agent,
        Verb::AssignOther
        | Verb::MergeTickets
        | Verb::ApproveException
        | Verb::MarkPayoutSent
        | Verb::KeepDisputes
        | Verb::Sanction
        | Verb::ReadOutbox => role >= Role::Lead,
        Verb::ReverseJournal
        | Verb::ReadReports
        | Verb::DraftPolicy
        | Verb::PublishPolicy
        | Verb::SetLimits
        | Verb::KeepStaff => role >= Role::Manager,
        Verb::ImportOrders | Verb::KeepSellers | Verb::ReadAudit => role >= Role::Admin,
    }
}

/// May somebody of this role give a ticket to somebody of that one (`None`: back to everyone)? `free` where it is nobody's or
/// their own. Anybody hands up what is above them; only a lead moves other people's work.
pub fn assigning(role: Role, free: bool, to: Option<Role>) -> bool {
    let up = to.is_some_and(|to| to > role) && role.is_staff();
    may(role, Verb::AssignOther) || (free && (up || (to.is_none() && role.is_staff())))
}

/// What a seller lets each role grant alone, in the seller's currency at 8 decimals. A manager's right has no limit but the ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub agent_e8: i64,
    pub lead_e8: i64,
}

impl Limits {
    /// For what is not in the seller's own currency: nobody with a limit grants anything there alone.
    pub const ABROAD: Limits = Limits {
        agent_e8: 0,
        lead_e8: 0,
    };

    /// The most that the role grants alone; `None` without a limit.
    pub fn of(self, role: Role) -> Option<i64> {
        match role {
            Role::Customer => Some(0),
            Role::Agent => Some(self.agent_e8),
            Role::Lead => Some(self.lead_e8),
            Role::Manager | Role::Admin => None,
        }
    }
}

/// A claim as far as rights go, seen by the person who is about to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The claim is the person's own (the same account or the same confirmed address).
    pub own: bool,
    /// The person asked for the exception that now waits for a second pair of eyes.
    pub proposed: bool,
    /// What would be granted, and what the rules computed; 0 for a rejection.
    pub granted_e8: i64,
    pub computed_e8: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    Alone,
    /// Recorded as a proposal; a second person approves it.
    WithSecond,
    Never(Why),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Role,
    OwnClaim,
    OwnProposal,
    OverLimit,
}

/// May the person decide so? Above the role's limit, and for any amount above what the rules computed, a second person is needed.
pub fn deciding(role: Role, standing: Standing, limits: Limits) -> Ruling {
    if !may(role, Verb::DecideClaim) {
        return Ruling::Never(Why::Role);
    }
    if standing.own {
        return Ruling::Never(Why::OwnClaim);
    }
    if standing.granted_e8 > standing.computed_e8 || above(limits.of(role), standing.granted_e8) {
        return Ruling::WithSecond;
    }
    Ruling::Alone
}

/// May the person approve what somebody else proposed?
pub fn approving(role: Role, standing: Standing, limits: Limits) -> Ruling {
    if !may(role, Verb::ApproveException) {
        return Ruling::Never(Why::Role);
    }
    if standing.own {
        return Ruling::Never(Why::OwnClaim);
    }
    if standing.proposed {
        return Ruling::Never(Why::OwnProposal);
    }
    if above(limits.of(role), standing.granted_e8) {
        return Ruling::Never(Why::OverLimit);
    }
    Ruling::Alone
}

fn above(limit: Option<i64>, amount_e8: i64) -> bool {
    limit.is_some_and(|limit| amount_e8 > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        agent_e8: 5_000_000_000,
        lead_e8: 20_000_000_000,
    };

    fn standing(granted_e8: i64, computed_e8: i64) -> Standing {
        Standing {
            own: false,
            proposed: false,
            granted_e8,
            computed_e8,
        }
    }

    #[test]
    fn staff_never_lose_a_right_by_rising() {
        for verb in Verb::ALL {
            for pair in Role::ALL[1..].windows(2) {
                assert!(
                    may(pair[1], verb) || !may(pair[0], verb),
                    "{pair:?} {verb:?}"
                );
            }
        }
    }

    #[test]
    fn a_customer_decides_nothing_and_staff_file_nothing() {
        for verb in [
            Verb::DecideClaim,
            Verb::WorkQueue,
            Verb::WriteNote,
            Verb::ReadReports,
        ] {
            assert!(!may(Role::Customer, verb), "{verb:?}");
        }
        for role in &Role::ALL[1..] {
            assert!(!may(*role, Verb::FileClaim) && !may(*role, Verb::CancelOrder));
        }
    }

    #[test]
    fn an_amount_alone_ends_at_the_limit_of_the_role() {
        use Ruling::*;
        let (at, above) = (LIMITS.agent_e8, LIMITS.agent_e8 + 1);
        assert_eq!(deciding(Role::Agent, standing(at, at), LIMITS), Alone);
        assert_eq!(
            deciding(Role::Agent, standing(above, above), LIMITS),
            WithSecond
        );
        assert_eq!(deciding(Role::Lead, standing(above, above), LIMITS), Alone);
        let huge = i64::MAX;
        assert_eq!(deciding(Role::Manager, standing(huge, huge), LIMITS), Alone);
        assert_eq!(
            deciding(Role::Customer, standing(0, 0), LIMITS),
            Never(Why::Role)
        );
    }

    #[test]
    fn more_than_the_rules_computed_needs_a_second_person_whatever_the_role() {
        for role in [Role::Agent, Role::Lead, Role::Manager, Role::Admin] {
            assert_eq!(deciding(role, standing(2, 1), LIMITS), Ruling::WithSecond);
            assert_eq!(deciding(role, standing(0, 1), LIMITS), Ruling::Alone);
        }
    }

    #[test]
    fn an_agent_hands_up_what_is_free_and_a_lead_moves_everything() {
        assert!(assigning(Role::Agent, true, Some(Role::Lead)));
        assert!(assigning(Role::Agent, true, None));
        assert!(!assigning(Role::Agent, true, Some(Role::Agent)));
        assert!(!assigning(Role::Agent, false, Some(Role::Manager)));
        assert!(assigning(Role::Lead, false, Some(Role::Agent)));
        assert!(!assigning(Role::Customer, true, Some(Role::Lead)));
    }

    #[test]
    fn nobody_decides_their_own_claim_nor_approves_their_own_exception() {
        let own = Standing {
            own: true,
            ..standing(1, 1)
        };
        let proposed = Standing {
            proposed: true,
            ..standing(2, 1)
        };
        for role in [Role::Lead, Role::Manager, Role::Admin] {
            assert_eq!(deciding(role, own, LIMITS), Ruling::Never(Why::OwnClaim));
            assert_eq!(approving(role, own, LIMITS), Ruling::Never(Why::OwnClaim));
            assert_eq!(
                approving(role, proposed, LIMITS),
                Ruling::Never(Why::OwnProposal)
            );
            assert_eq!(approving(role, standing(2, 1), LIMITS), Ruling::Alone);
        }
        assert_eq!(
            approving(Role::Agent, standing(2, 1), LIMITS),
            Ruling::Never(Why::Role)
        );
        let above_lead = standing(LIMITS.lead_e8 + 1, 0);
        assert_eq!(
            approving(Role::Lead, above_lead, LIMITS),
            Ruling::Never(Why::OverLimit)
        );
    }
}
