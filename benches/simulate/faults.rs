//! Faults on purpose, so that it is known that the simulator finds them: each is what a bug of that kind would leave behind, put
//! into the rows once, as soon as there is something to put it into.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use redress::db::Conn;
use redress::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// A balance is not what its entries sum to.
    Drift,
    /// A refund is credited a second time under another key.
    Double,
    /// An order forgets what went back, and may give it back again.
    Ceiling,
    /// A decision without its letter.
    Silent,
    /// A decision without its line in the timeline.
    Unseen,
    /// A payout that arrived is queued again.
    Resent,
    /// Somebody decided a claim of their own.
    Own,
    /// A link of the timeline's chain was changed.
    Chain,
    /// A lot moves without the journal.
    Lot,
    /// A letter leaves that nobody queued.
    Mail,
    /// A claim that was withdrawn is open again.
    Reopened,
    /// The gateway pays what nobody asked it for.
    Rogue,
}

impl Fault {
    /// What the finding begins with: the invariant that must speak.
    #[cfg(test)]
    pub fn found_as(self) -> &'static [&'static str] {
        match self {
            Fault::Drift => &["I1", "I8"],
            Fault::Double | Fault::Ceiling => &["model"],
            Fault::Silent | Fault::Unseen => &["I7"],
            Fault::Resent => &["I4", "I5"],
            Fault::Own => &["I6"],
            Fault::Chain => &["I9"],
            Fault::Lot => &["I8"],
            Fault::Mail => &["I11"],
            Fault::Reopened => &["I5"],
            Fault::Rogue => &["I10"],
        }
    }

    /// The statement that leaves it behind; it must change a row to count.
    fn sql(self) -> Option<&'static str> {
        Some(match self {
            Fault::Drift => {
                "UPDATE accounts SET balance_e8 = balance_e8 + 1 WHERE id = (SELECT MIN(id) FROM accounts)"
            }
            Fault::Ceiling => "UPDATE orders SET refunded_e8 = 0 WHERE refunded_e8 > 0",
            Fault::Silent => {
                "DELETE FROM outbox WHERE claim_id = (SELECT MIN(claim_id) FROM decisions)"
            }
            Fault::Unseen => {
                "UPDATE events SET kind = 'claim_read' WHERE kind IN ('claim_approved', 'claim_rejected')"
            }
            Fault::Resent => "UPDATE payouts SET state = 'queued' WHERE state = 'succeeded'",
            Fault::Own => {
                "UPDATE decisions SET decided_by = (SELECT customer_id FROM claims c WHERE c.id = claim_id)"
            }
            Fault::Chain => "UPDATE events SET prev_hash = 'x' WHERE seq = 1002",
            Fault::Lot => "UPDATE lots SET remaining_e8 = remaining_e8 - 1 WHERE remaining_e8 > 0",
            Fault::Reopened => "UPDATE claims SET state = 'in_review' WHERE state = 'withdrawn'",
            Fault::Double | Fault::Mail | Fault::Rogue => return None,
        })
    }

    /// Puts it into the rows; says whether there was anything to put it into.
    pub fn plant(self, conn: &mut Conn) -> Result<bool> {
        match self.sql() {
            Some(sql) => Ok(diesel::sql_query(sql).execute(conn)? > 0),
            None => Ok(false),
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Takes the guards away that would refuse such a change (SQLite).
pub fn disarm(conn: &mut Conn) -> Result<()> {
    let triggers = diesel::sql_query("SELECT name FROM sqlite_master WHERE type = 'trigger'");
    for trigger in triggers.load::<Name>(conn)? {
        conn.batch_execute(&format!("DROP TRIGGER {}", trigger.name))?;
    }
    Ok(())
}

/// Where a transaction dies (SQLite): at its write of this kind.
pub const POINTS: [&str; 20] = [
    "INSERT ON journals",
    "INSERT ON entries",
    "INSERT ON lots",
    "INSERT ON lot_moves",
    "INSERT ON deposits",
    "INSERT ON orders",
    "INSERT ON order_events",
    "INSERT ON claims",
    "INSERT ON assessments",
    "INSERT ON decisions",
    "INSERT ON payouts",
    "INSERT ON events",
    "INSERT ON outbox",
    "INSERT ON clocks",
    "INSERT ON gateway_messages",
    "UPDATE ON payouts",
    "UPDATE ON accounts",
    "UPDATE ON lots",
    "UPDATE ON claims",
    "UPDATE ON tickets",
];

/// The error that such a death leaves.
pub const CRASH: &str = "the process died here";

/// Where a sender dies who has handed a letter over: as it marks that.
pub const MARK: &str = "UPDATE OF sent_at ON outbox";

/// Lays the points out, none of them armed. Once a connection: a trigger that came and went with each death would have every
/// statement prepared anew.
pub fn lay(conn: &mut Conn) -> Result<()> {
    let mut sql =
        "CREATE TEMP TABLE armed (point TEXT); INSERT INTO armed VALUES (NULL);".to_owned();
    for (place, point) in POINTS.iter().chain([&MARK]).enumerate() {
        sql += &format!(
            "CREATE TEMP TRIGGER simulated_crash_{place} BEFORE {point} WHEN (SELECT point FROM armed) = '{point}'
                BEGIN SELECT RAISE(ABORT, '{CRASH}'); END;"
        );
    }
    Ok(conn.batch_execute(&sql)?)
}

/// From now on the writer dies at this point.
pub fn arm(conn: &mut Conn, point: &str) -> Result<()> {
    Ok(conn.batch_execute(&format!("UPDATE temp.armed SET point = '{point}'"))?)
}

pub fn disarm_crash(conn: &mut Conn) -> Result<()> {
    Ok(conn.batch_execute("UPDATE temp.armed SET point = NULL")?)
}
