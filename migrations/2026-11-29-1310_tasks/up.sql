-- Work before money: what is to be done for a claim, by whom, and what came of it.
CREATE TABLE tasks (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    claim_id TEXT NOT NULL REFERENCES claims (id),
    kind TEXT NOT NULL CHECK (kind IN ('stop_order', 'refill', 'fix_defect', 'resend', 'replace', 'withdraw_access')),
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'dropped')),
    owner_id TEXT REFERENCES people (id),
    opened_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_by TEXT,
    result TEXT,
    -- What a replacement was worth, in the claim's currency; no money moves for it.
    value_e8 BIGINT CHECK (value_e8 > 0),
    CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX tasks_open_once ON tasks (claim_id, kind) WHERE state = 'open';
CREATE INDEX tasks_open ON tasks (opened_at, id) WHERE state = 'open';
CREATE INDEX tasks_claim_id ON tasks (claim_id);

-- What a panel is asked to do. The row is there before the question leaves, so that a question without an answer is known.
CREATE TABLE panel_requests (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    order_id TEXT NOT NULL REFERENCES orders (id),
    claim_id TEXT REFERENCES claims (id),
    action TEXT NOT NULL CHECK (action IN ('cancel', 'refill')),
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'unknown', 'refused', 'done', 'failed')),
    -- The panel's own number of a refill.
    reference TEXT,
    answer TEXT,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    next_at TIMESTAMP NOT NULL,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    sent_at TIMESTAMP,
    settled_at TIMESTAMP
);
CREATE UNIQUE INDEX panel_requests_open_once ON panel_requests (order_id, action)
    WHERE state IN ('queued', 'sending', 'accepted', 'unknown');
CREATE INDEX panel_requests_due ON panel_requests (seller_id, next_at)
    WHERE state IN ('queued', 'sending', 'accepted', 'unknown');
CREATE INDEX panel_requests_order_id ON panel_requests (order_id, asked_at);
