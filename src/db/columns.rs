//! How our own types are columns: instants, ids and the words of enums. Each hands the database a value it owns, generically over
//! the backend, because an implementation for one backend alone does not compile for inserts on the two-headed connection.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Nullable, SingleValue, Text, Timestamp};

use crate::act::Role;
use crate::ids::*;
use crate::rules::ledger::{AccountKind, Movement};
use crate::rules::lifecycle::{payout, request};
use crate::rules::{facts, lots, tasks};

/// An instant in UTC as both databases keep it: microseconds, or PostgreSQL would not give back what was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(NaiveDateTime);

impl At {
    pub fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }
}

impl From<DateTime<Utc>> for At {
    fn from(at: DateTime<Utc>) -> Self {
        At(at.trunc_subsecs(6).naive_utc())
    }
}

/// `Option` of an instant as a column.
pub fn at(instant: Option<DateTime<Utc>>) -> Option<At> {
    instant.map(At::from)
}

macro_rules! column {
    ($type:ty, $sql:ty) => {
        impl AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<$sql> for &'a $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl AsExpression<Nullable<$sql>> for $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<Nullable<$sql>> for &'a $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<DB> ToSql<Nullable<$sql>, DB> for $type
        where
            DB: Backend,
            Self: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
        impl<ST, DB> Queryable<ST, DB> for $type
        where
            DB: Backend,
            ST: SingleValue,
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

column!(At, Timestamp);

impl<DB> ToSql<Timestamp, DB> for At
where
    DB: Backend,
    NaiveDateTime: ToSql<Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB> FromSql<Timestamp, DB> for At
where
    DB: Backend,
    NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDateTime::from_sql(bytes).map(At)
    }
}

macro_rules! id_columns {
    ($($id:ident),+ $(,)?) => {$(
        column!($id, Text);

        impl<DB> ToSql<Text, DB> for $id
        where
            DB: Backend,
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.as_str().to_sql(out)
            }
        }

        impl<DB> FromSql<Text, DB> for $id
        where
            DB: Backend,
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                String::from_sql(bytes).map($id::from)
            }
        }
    )+};
}

id_columns!(
    PersonId,
    SessionId,
    SellerId,
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
    BatchId,
    DisputeId,
    SanctionId,
    ClockId,
    EventId,
    LetterId,
    MailId,
    TaskId,
    RequestId,
    PolicyDraftId,
    PolicyTextId,
    ProposalId,
    TrialId,
);

/// Enums as text columns, by the functions that write and read their words; an unknown word in the database is an error, never a
/// default.
macro_rules! word_columns {
    ($write:ident, $read:ident: $($word:ty),+ $(,)?) => {$(
        column!($word, Text);

        impl<DB> ToSql<Text, DB> for $word
        where
            DB: Backend,
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.$write().to_sql(out)
            }
        }

        impl<DB> FromSql<Text, DB> for $word
        where
            DB: Backend,
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let text = String::from_sql(bytes)?;
                <$word>::$read(&text).ok_or_else(|| format!("unknown {}: {text}", stringify!($word)).into())
            }
        }
    )+};
}

word_columns!(as_str, parse: Role);
word_columns!(
    word, from_word:
    AccountKind,
    Movement,
    payout::State,
    request::Action,
    request::State,
    tasks::Kind,
    tasks::State,
    lots::Source,
    facts::Status,
    facts::CanceledBy,
    facts::Sms,
    facts::MethodStatus,
    facts::DisputeStatus,
    facts::DisputeReason,
);
