//! Typed ids (UUIDv7 as text, made by the application so that they are known before the insert) and the numbers people say on
//! the phone (T-1042, C-310). An id opens nothing by itself: every finder also asks who is looking.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::ContextV7;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh id of that instant; ids sort by the time they were made.
            pub fn new(at: DateTime<Utc>) -> Self {
                $name(fresh(at))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids!(
    PersonId,
    SessionId,
    SellerId,
    /// One published version of a policy.
    PolicyId,
    MethodId,
    DepositId,
    ServiceId,
    OrderId,
    AccountId,
    JournalId,
    LotId,
    TicketId,
    MessageId,
    ClaimId,
    FactId,
    DraftId,
    FileId,
    AssessmentId,
    DecisionId,
    ExceptionId,
    PayoutId,
    /// A file of payouts that somebody sends by hand.
    BatchId,
    DisputeId,
    SanctionId,
    ClockId,
    EventId,
    LetterId,
    /// A mail that came in.
    MailId,
    TaskId,
    /// What a panel is asked to do.
    RequestId,
    /// A version of a policy that is being written.
    PolicyDraftId,
    PolicyTextId,
    ProposalId,
    /// A draft tried on past claims.
    TrialId,
);

/// A UUIDv7 of that instant, for rows that nothing else refers to by type. Ids made one after the other at the same instant, as
/// the rows of one deed are, sort in that order too (RFC 9562, 6.2).
pub fn fresh(at: DateTime<Utc>) -> String {
    static ORDER: Mutex<Option<ContextV7>> = Mutex::new(None);
    let mut order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let context = order.get_or_insert_with(ContextV7::new);
    let since_epoch = at.timestamp().unsigned_abs();
    let stamp = uuid::Timestamp::from_unix(&*context, since_epoch, at.timestamp_subsec_nanos());
    uuid::Uuid::new_v7(stamp).to_string()
}

/// 256 random bits as 64 hexadecimal digits: session tokens, links in mails, form keys.
/// Only their SHA-256 is ever stored (ASVS 6.5.2).
pub fn secret() -> crate::error::Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|cause| crate::error::Error::broken(format!("no randomness: {cause}")))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// 128 random bits in 26 lower-case letters and digits: the secret part of a reply address. Mail servers may fold the case of what
/// stands before the `@`, and 64 characters are all that fits there.
pub fn token() -> crate::error::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|cause| crate::error::Error::broken(format!("no randomness: {cause}")))?;
    Ok(data_encoding::BASE32_NOPAD
        .encode(&bytes)
        .to_ascii_lowercase())
}

/// The SHA-256 of a text, in hexadecimal.
pub fn digest(text: &str) -> String {
    use sha2::Digest;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_sort_as_they_were_made_and_later_instants_after_them() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let later = at + chrono::Duration::milliseconds(1);
        let mut made: Vec<String> = (0..500).map(|_| fresh(at)).collect();
        made.push(fresh(later));
        let mut sorted = made.clone();
        sorted.sort();
        assert_eq!(made, sorted);
    }
}
