-- A version of a policy that is being written. Every text that was saved is a row of policy_texts.
CREATE TABLE policy_drafts (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    policy TEXT NOT NULL,
    -- The version that it began as.
    base_id TEXT NOT NULL REFERENCES policies (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'published', 'dropped')),
    -- The number of its newest text.
    seq BIGINT NOT NULL CHECK (seq > 0),
    begun_by TEXT NOT NULL REFERENCES people (id),
    begun_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX policy_drafts_number_once ON policy_drafts (number);
CREATE INDEX policy_drafts_policy ON policy_drafts (policy, state);

CREATE TABLE policy_texts (
    id TEXT NOT NULL PRIMARY KEY,
    draft_id TEXT NOT NULL REFERENCES policy_drafts (id),
    seq BIGINT NOT NULL,
    document TEXT NOT NULL,
    written_by TEXT NOT NULL REFERENCES people (id),
    written_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX policy_texts_seq_once ON policy_texts (draft_id, seq);

-- One text, put before a second person. A later text overtakes it.
CREATE TABLE policy_proposals (
    id TEXT NOT NULL PRIMARY KEY,
    draft_id TEXT NOT NULL REFERENCES policy_drafts (id),
    text_id TEXT NOT NULL REFERENCES policy_texts (id),
    hash TEXT NOT NULL,
    words TEXT NOT NULL,
    -- The warnings that its proposer read and accepted.
    warnings_json TEXT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES people (id),
    proposed_at TIMESTAMP NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined', 'withdrawn', 'overtaken')),
    settled_by TEXT REFERENCES people (id),
    settled_at TIMESTAMP,
    settled_words TEXT,
    policy_id TEXT REFERENCES policies (id),
    CHECK ((state = 'open') = (settled_at IS NULL)),
    -- Never the same pair of eyes.
    CHECK (state <> 'approved' OR (settled_by IS NOT NULL AND settled_by <> proposed_by AND policy_id IS NOT NULL)),
    CHECK (state <> 'declined' OR (settled_by IS NOT NULL AND settled_by <> proposed_by))
);
CREATE UNIQUE INDEX policy_proposals_open_once ON policy_proposals (draft_id) WHERE state = 'open';

-- A text tried on past claims: how far it has come, and what it comes to. It touches nothing else.
CREATE TABLE policy_trials (
    id TEXT NOT NULL PRIMARY KEY,
    draft_id TEXT NOT NULL REFERENCES policy_drafts (id),
    text_id TEXT NOT NULL REFERENCES policy_texts (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    seller_id TEXT REFERENCES sellers (id),
    from_on DATE NOT NULL,
    to_on DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'failed')),
    total BIGINT NOT NULL CHECK (total >= 0),
    judged BIGINT NOT NULL CHECK (judged >= 0),
    -- The last claim that was judged; the next slice begins after it.
    after_id TEXT NOT NULL,
    tally_json TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX policy_trials_running_once ON policy_trials (person_id) WHERE state = 'running';
CREATE INDEX policy_trials_draft_id ON policy_trials (draft_id, started_at);

-- A claim whose answer would have been another.
CREATE TABLE policy_flips (
    id TEXT NOT NULL PRIMARY KEY,
    trial_id TEXT NOT NULL REFERENCES policy_trials (id),
    claim_id TEXT NOT NULL REFERENCES claims (id),
    change TEXT NOT NULL,
    old_outcome TEXT NOT NULL,
    new_outcome TEXT NOT NULL,
    currency TEXT NOT NULL,
    old_e8 BIGINT,
    new_e8 BIGINT,
    -- What a person granted in fact.
    granted_e8 BIGINT,
    -- The clauses responsible, a blank between two.
    clauses TEXT NOT NULL
);
CREATE UNIQUE INDEX policy_flips_claim_once ON policy_flips (trial_id, claim_id);
