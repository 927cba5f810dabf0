CREATE TABLE claims (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    order_id TEXT REFERENCES orders (id),
    -- What "one open claim per order and ground" hangs on: the order, or the balance it speaks of.
    subject TEXT NOT NULL,
    ground TEXT NOT NULL,
    policy_id TEXT NOT NULL REFERENCES policies (id),
    state TEXT NOT NULL CHECK (state IN
        ('needs_evidence', 'in_review', 'action_first', 'on_hold', 'approved', 'rejected', 'remedied', 'withdrawn')),
    channel TEXT NOT NULL CHECK (channel IN ('portal', 'email', 'chat', 'api')),
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    requested_e8 BIGINT CHECK (requested_e8 > 0),
    remedy_choice TEXT CHECK (remedy_choice IN ('refund', 'replacement')),
    received_at TIMESTAMP NOT NULL,
    received_on DATE NOT NULL,
    decided_at TIMESTAMP,
    approved_at TIMESTAMP,
    appealed_at TIMESTAMP,
    -- The latest assessment and decision, for lists; the rows themselves are in assessments and decisions.
    outcome TEXT NOT NULL,
    computed_e8 BIGINT CHECK (computed_e8 >= 0),
    granted_e8 BIGINT CHECK (granted_e8 >= 0),
    flagged BOOLEAN NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX claims_number_once ON claims (number);
CREATE UNIQUE INDEX claims_open_once ON claims (subject, ground)
    WHERE state IN ('needs_evidence', 'in_review', 'action_first', 'on_hold');
CREATE UNIQUE INDEX claims_ticket_id_once ON claims (ticket_id);
CREATE INDEX claims_customer_id ON claims (customer_id, received_at);
CREATE INDEX claims_order_id ON claims (order_id);

CREATE TABLE facts (
    id TEXT NOT NULL PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims (id),
    seq BIGINT NOT NULL,
    -- The dotted path of the claim document, e.g. findings.stop
    name TEXT NOT NULL,
    value_json TEXT NOT NULL,
    source TEXT NOT NULL,
    who TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX facts_seq_once ON facts (claim_id, seq);

CREATE TABLE drafts (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    order_id TEXT REFERENCES orders (id),
    answers_json TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    filed_as TEXT REFERENCES claims (id)
);
CREATE INDEX drafts_person_id ON drafts (person_id);

CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES people (id),
    draft_id TEXT REFERENCES drafts (id),
    ticket_id TEXT REFERENCES tickets (id),
    message_id TEXT REFERENCES messages (id),
    claim_id TEXT REFERENCES claims (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes >= 0),
    sha256 TEXT NOT NULL,
    blob TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP
);
CREATE INDEX files_ticket_id ON files (ticket_id);
CREATE INDEX files_draft_id ON files (draft_id);
CREATE INDEX files_claim_id ON files (claim_id);
CREATE INDEX files_owner_id ON files (owner_id, at);

CREATE TABLE evidence (
    id TEXT NOT NULL PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims (id),
    kind TEXT NOT NULL CHECK (kind IN ('order_number', 'invoice_payment', 'screenshot', 'log', 'other')),
    file_id TEXT REFERENCES files (id),
    who TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL
);
CREATE INDEX evidence_claim_id ON evidence (claim_id);

CREATE TABLE assessments (
    id TEXT NOT NULL PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims (id),
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    policy_id TEXT NOT NULL REFERENCES policies (id),
    policy_hash TEXT NOT NULL,
    engine TEXT NOT NULL,
    facts_json TEXT NOT NULL,
    result_json TEXT NOT NULL,
    outcome TEXT NOT NULL,
    amount_e8 BIGINT
);
CREATE UNIQUE INDEX assessments_seq_once ON assessments (claim_id, seq);

CREATE TABLE decisions (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    -- Its place in the seller's hash chain.
    chain BIGINT NOT NULL,
    claim_id TEXT NOT NULL REFERENCES claims (id),
    seq BIGINT NOT NULL,
    assessment_id TEXT NOT NULL REFERENCES assessments (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
    currency TEXT NOT NULL,
    computed_e8 BIGINT,
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 >= 0),
    override_reason TEXT,
    words TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CHECK (verdict = 'approve' OR amount_e8 = 0)
);
CREATE UNIQUE INDEX decisions_chain_once ON decisions (seller_id, chain);
CREATE UNIQUE INDEX decisions_seq_once ON decisions (claim_id, seq);
