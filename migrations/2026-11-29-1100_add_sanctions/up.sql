-- What people found out about a dispute, each with its reason. The last one of a name counts, and none is overwritten.
CREATE TABLE dispute_facts (
    id TEXT NOT NULL PRIMARY KEY,
    dispute_id TEXT NOT NULL REFERENCES disputes (id),
    seq BIGINT NOT NULL,
    name TEXT NOT NULL CHECK (name IN ('reason', 'contacted_first', 'answered_in_time')),
    -- NULL: not known after all.
    value TEXT CHECK (value IN ('yes', 'no', 'fraudulent', 'other')),
    why TEXT NOT NULL CHECK (why <> ''),
    who TEXT NOT NULL,
    who_label TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX dispute_facts_dispute_id_seq_once ON dispute_facts (dispute_id, seq);
CREATE INDEX disputes_status ON disputes (status, evidence_due_at);

-- What a person decided about a customer because of a dispute, under a clause that allows it.
CREATE TABLE sanctions (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    dispute_id TEXT NOT NULL REFERENCES disputes (id),
    kind TEXT NOT NULL CHECK (kind IN ('suspension', 'closure', 'block', 'fee')),
    policy_id TEXT NOT NULL REFERENCES policies (id),
    clause TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    starts_at TIMESTAMP NOT NULL,
    -- The first instant at which it no longer holds; NULL: until it is lifted.
    ends_at TIMESTAMP,
    -- What a fee asks for. It is never taken from a balance.
    currency TEXT,
    amount_e8 BIGINT,
    decided_by TEXT NOT NULL,
    decided_by_label TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    CHECK (ends_at IS NULL OR ends_at > starts_at),
    CHECK ((kind = 'fee' AND amount_e8 > 0 AND currency IS NOT NULL)
        OR (kind <> 'fee' AND amount_e8 IS NULL AND currency IS NULL))
);
CREATE UNIQUE INDEX sanctions_number_once ON sanctions (number);
CREATE INDEX sanctions_customer_id ON sanctions (customer_id, seller_id);
CREATE INDEX sanctions_dispute_id ON sanctions (dispute_id);

-- The end of a sanction before its time, once.
CREATE TABLE lifts (
    sanction_id TEXT NOT NULL PRIMARY KEY REFERENCES sanctions (id),
    reason TEXT NOT NULL CHECK (reason <> ''),
    lifted_by TEXT NOT NULL,
    lifted_by_label TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
