CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('customer', 'agent', 'lead', 'manager', 'admin')),
    password_hash TEXT,
    confirmed_at TIMESTAMP,
    disabled_at TIMESTAMP,
    verified BOOLEAN,
    suspended BOOLEAN NOT NULL,
    time_zone TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
-- Addresses are stored folded to lower case: one person per address.
CREATE UNIQUE INDEX people_email_once ON people (email);

CREATE TABLE staff_sellers (
    person_id TEXT NOT NULL REFERENCES people (id),
    seller_id TEXT NOT NULL,
    PRIMARY KEY (person_id, seller_id)
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT REFERENCES people (id),
    token_hash TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE UNIQUE INDEX sessions_token_hash_once ON sessions (token_hash);
CREATE INDEX sessions_person_id ON sessions (person_id);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset', 'invite')),
    token_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE UNIQUE INDEX tokens_token_hash_once ON tokens (token_hash);
CREATE INDEX tokens_person_id ON tokens (person_id);

CREATE TABLE attempts (
    id TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX attempts_subject_at ON attempts (subject, at);
