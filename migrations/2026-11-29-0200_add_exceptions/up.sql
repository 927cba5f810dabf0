-- A refund that one person may not grant alone, until a second person has looked at it.
CREATE TABLE exceptions (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    claim_id TEXT NOT NULL REFERENCES claims (id),
    seq BIGINT NOT NULL,
    -- What the rules said when it was proposed; where they say something else now, it is overtaken.
    assessment_id TEXT NOT NULL REFERENCES assessments (id),
    currency TEXT NOT NULL,
    computed_e8 BIGINT CHECK (computed_e8 >= 0),
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 > 0),
    override_reason TEXT,
    words TEXT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES people (id),
    proposed_at TIMESTAMP NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined', 'withdrawn', 'overtaken')),
    settled_by TEXT REFERENCES people (id),
    settled_at TIMESTAMP,
    settled_words TEXT,
    decision_id TEXT REFERENCES decisions (id),
    CHECK ((state = 'open') = (settled_at IS NULL)),
    -- Never the same pair of eyes.
    CHECK (state <> 'approved' OR (settled_by IS NOT NULL AND settled_by <> proposed_by AND decision_id IS NOT NULL)),
    CHECK (state <> 'declined' OR (settled_by IS NOT NULL AND settled_by <> proposed_by))
);
CREATE UNIQUE INDEX exceptions_seq_once ON exceptions (claim_id, seq);
CREATE UNIQUE INDEX exceptions_open_once ON exceptions (claim_id) WHERE state = 'open';
CREATE INDEX exceptions_waiting ON exceptions (seller_id, proposed_at) WHERE state = 'open';
