//! What is in the database, read with plain SQL and none of the desk's own queries.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use redress::db::Conn;
use redress::error::Result;

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Account {
    #[diesel(sql_type = Text)]
    pub seller_id: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub owner_id: String,
    #[diesel(sql_type = Text)]
    pub currency: String,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = BigInt)]
    pub balance_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub entries: i64,
    #[diesel(sql_type = BigInt)]
    pub sum_e8: i64,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Lot {
    #[diesel(sql_type = Text)]
    pub seller_id: String,
    #[diesel(sql_type = Text)]
    pub customer_id: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = BigInt)]
    pub remaining_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub debt_e8: i64,
    #[diesel(sql_type = Bool)]
    pub frozen: bool,
    #[diesel(sql_type = BigInt)]
    pub moved_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub refunded_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub disputed_e8: i64,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Order {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = BigInt)]
    pub charge_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub refunded_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub disputed_e8: i64,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Claim {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Text)]
    pub customer_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub order_reference: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub ticket_seq: i64,
    #[diesel(sql_type = BigInt)]
    pub appeals: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub computed_e8: Option<i64>,
    /// Events that say what was decided, and letters about the claim.
    #[diesel(sql_type = BigInt)]
    pub told: i64,
    #[diesel(sql_type = BigInt)]
    pub letters: i64,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Decision {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub claim: String,
    #[diesel(sql_type = Text)]
    pub verdict: String,
    #[diesel(sql_type = BigInt)]
    pub amount_e8: i64,
    #[diesel(sql_type = BigInt)]
    pub computed_e8: i64,
    #[diesel(sql_type = Text)]
    pub decided_by: String,
    #[diesel(sql_type = Text)]
    pub customer_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub order_reference: Option<String>,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Payout {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Text)]
    pub seller_id: String,
    #[diesel(sql_type = Text)]
    pub customer_id: String,
    #[diesel(sql_type = Text)]
    pub decision_id: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub method: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub deposit: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub order_reference: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount_e8: i64,
    /// Journals that reserved it, paid it, brought it back.
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub paid: i64,
    #[diesel(sql_type = BigInt)]
    pub back: i64,
}

/// What waits, or waited, for a second person.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Proposal {
    #[diesel(sql_type = Text)]
    pub claim: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Text)]
    pub proposed_by: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub settled_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decision_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount_e8: i64,
}

/// One link of a hash chain.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Link {
    #[diesel(sql_type = Text)]
    pub chain: String,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub prev_hash: String,
    #[diesel(sql_type = Text)]
    pub hash: String,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Letter {
    #[diesel(sql_type = Text)]
    pub message_id: String,
    #[diesel(sql_type = Text)]
    pub state: String,
}

#[derive(Debug, Clone, diesel::QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    words: String,
}

/// Everything that the invariants look at, as it stands after a step.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub accounts: Vec<Account>,
    pub lots: Vec<Lot>,
    pub orders: Vec<Order>,
    pub claims: Vec<Claim>,
    pub decisions: Vec<Decision>,
    pub payouts: Vec<Payout>,
    pub proposals: Vec<Proposal>,
    pub links: Vec<Link>,
    pub letters: Vec<Letter>,
    /// Journals whose entries do not sum to zero.
    pub crooked: Vec<String>,
}

const ACCOUNTS: &str = "SELECT a.seller_id, a.kind, a.owner_id, a.currency, a.seq, a.balance_e8,
    (SELECT COUNT(*) FROM entries e WHERE e.account_id = a.id) AS entries,
    CAST((SELECT COALESCE(SUM(e.amount_e8), 0) FROM entries e WHERE e.account_id = a.id) AS BIGINT) AS sum_e8
    FROM accounts a";

const LOTS: &str = "SELECT l.seller_id, l.customer_id, l.source, l.reference, l.remaining_e8, l.debt_e8, l.frozen,
    CAST((SELECT COALESCE(SUM(m.amount_e8), 0) FROM lot_moves m WHERE m.lot_id = l.id) AS BIGINT) AS moved_e8,
    COALESCE(d.refunded_e8, 0) AS refunded_e8, COALESCE(d.disputed_e8, 0) AS disputed_e8
    FROM lots l LEFT JOIN deposits d ON d.id = l.deposit_id";

const ORDERS: &str =
    "SELECT id, reference, COALESCE(charge_e8, 0) AS charge_e8, refunded_e8, disputed_e8
    FROM orders ORDER BY number";

const CLAIMS: &str = "SELECT c.id, c.number, c.state, c.customer_id, o.reference AS order_reference,
    t.seq AS ticket_seq, CAST(CASE WHEN c.appealed_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS appeals, c.computed_e8,
    (SELECT COUNT(*) FROM events e WHERE e.claim_id = c.id
        AND e.kind IN ('claim_approved', 'claim_rejected', 'claim_remedied')) AS told,
    (SELECT COUNT(*) FROM outbox b WHERE b.claim_id = c.id) AS letters
    FROM claims c JOIN tickets t ON t.id = c.ticket_id LEFT JOIN orders o ON o.id = c.order_id ORDER BY c.number";

const DECISIONS: &str = "SELECT d.id, c.number AS claim, d.verdict, d.amount_e8,
    COALESCE(d.computed_e8, 0) AS computed_e8, d.decided_by,
    c.customer_id, o.reference AS order_reference
    FROM decisions d JOIN claims c ON c.id = d.claim_id LEFT JOIN orders o ON o.id = c.order_id
    ORDER BY d.seller_id, d.chain";

const PAYOUTS: &str = "SELECT p.id, p.number, p.state, p.seller_id, p.customer_id, p.decision_id, p.key, p.method,
    d.reference AS deposit, o.reference AS order_reference, p.amount_e8,
    (SELECT COUNT(*) FROM journals j WHERE j.key = p.key) AS reserved,
    (SELECT COUNT(*) FROM journals j WHERE j.key = p.key || ' paid') AS paid,
    (SELECT COUNT(*) FROM journals j WHERE j.key IN (p.key || ' failed', p.key || ' returned')) AS back
    FROM payouts p LEFT JOIN deposits d ON d.id = p.deposit_id LEFT JOIN orders o ON o.id = p.order_id
    ORDER BY p.number";

const PROPOSALS: &str =
    "SELECT c.number AS claim, x.state, x.proposed_by, x.settled_by, x.decision_id, x.amount_e8
    FROM exceptions x JOIN claims c ON c.id = x.claim_id ORDER BY c.number, x.seq";

const LINKS: &str = "SELECT 'journals ' || seller_id AS chain, seq, prev_hash, hash FROM journals
    UNION ALL SELECT 'events ' || seller_id, seq, prev_hash, hash FROM events
    UNION ALL SELECT 'decisions ' || seller_id, chain, prev_hash, hash FROM decisions ORDER BY 1, 2";

const CROOKED: &str = "SELECT j.key AS words FROM entries e JOIN journals j ON j.id = e.journal_id
    GROUP BY j.key, e.currency HAVING SUM(e.amount_e8) <> 0";

/// What a transaction that did not happen may not have changed.
const WEIGHT: &str = "SELECT
    (SELECT COUNT(*) FROM journals) || ' ' || (SELECT COUNT(*) FROM entries) || ' ' || (SELECT COUNT(*) FROM lot_moves)
    || ' ' || (SELECT COUNT(*) FROM lots) || ' ' || (SELECT COUNT(*) FROM deposits) || ' ' || (SELECT COUNT(*) FROM orders)
    || ' ' || (SELECT COUNT(*) FROM claims) || ' ' || (SELECT COUNT(*) FROM assessments)
    || ' ' || (SELECT COUNT(*) FROM decisions) || ' ' || (SELECT COUNT(*) FROM payouts)
    || ' ' || (SELECT COUNT(*) FROM disputes) || ' ' || (SELECT COUNT(*) FROM events)
    || ' ' || (SELECT COUNT(*) FROM outbox) || ' ' || (SELECT COUNT(*) FROM messages)
    || ' ' || (SELECT COUNT(*) FROM facts) || ' ' || (SELECT COUNT(*) FROM clocks)
    || ' ' || (SELECT COUNT(*) FROM order_events) || ' ' || (SELECT COUNT(*) FROM tickets)
    || ' ' || (SELECT COUNT(*) FROM gateway_messages) || ' ' || (SELECT COUNT(*) FROM exceptions) || ' ' || (SELECT COUNT(*) FROM exceptions WHERE state = 'open')
    || ' ' || (SELECT COUNT(*) FROM imports) || ' ' || (SELECT COUNT(*) FROM forms)
    || ' ' || (SELECT COALESCE(SUM(seq), 0) FROM claims) || ' ' || (SELECT COALESCE(SUM(seq), 0) FROM tickets)
    || ' ' || (SELECT COALESCE(SUM(seq), 0) FROM orders) || ' ' || (SELECT COALESCE(SUM(seq), 0) FROM payouts)
    || ' ' || (SELECT COALESCE(SUM(value), 0) FROM counters) AS words";

impl Rows {
    pub fn read(conn: &mut Conn) -> Result<Rows> {
        Ok(Rows {
            accounts: diesel::sql_query(ACCOUNTS).load(conn)?,
            lots: diesel::sql_query(LOTS).load(conn)?,
            orders: diesel::sql_query(ORDERS).load(conn)?,
            claims: diesel::sql_query(CLAIMS).load(conn)?,
            decisions: diesel::sql_query(DECISIONS).load(conn)?,
            payouts: diesel::sql_query(PAYOUTS).load(conn)?,
            proposals: diesel::sql_query(PROPOSALS).load(conn)?,
            links: diesel::sql_query(LINKS).load(conn)?,
            letters: diesel::sql_query("SELECT message_id, state FROM outbox ORDER BY message_id")
                .load(conn)?,
            crooked: diesel::sql_query(CROOKED)
                .load::<Words>(conn)?
                .into_iter()
                .map(|row| row.words)
                .collect(),
        })
    }

    /// The claims that wait for somebody.
    pub fn open_claims(&self) -> Vec<Claim> {
        let open = self.claims.iter().filter(|claim| claim.is_open());
        open.cloned().collect()
    }
}

impl Claim {
    pub fn is_open(&self) -> bool {
        ["needs_evidence", "in_review", "action_first", "on_hold"].contains(&self.state.as_str())
    }
}

/// Counts and numbers of every table that money or letters touch.
pub fn weight(conn: &mut Conn) -> Result<String> {
    Ok(diesel::sql_query(WEIGHT).get_result::<Words>(conn)?.words)
}
