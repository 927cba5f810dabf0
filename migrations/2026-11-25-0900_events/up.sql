CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    ticket_id TEXT,
    claim_id TEXT,
    order_id TEXT,
    who TEXT NOT NULL,
    who_label TEXT NOT NULL,
    via TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    -- What the customer may read; null for what concerns staff alone.
    public_words TEXT,
    words TEXT NOT NULL,
    data_json TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE UNIQUE INDEX events_seq_once ON events (seller_id, seq);
CREATE INDEX events_ticket_id ON events (ticket_id, at);
CREATE INDEX events_order_id ON events (order_id, at);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    -- Stable (I22): the same deed writes one letter, however often it is repeated.
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    seller_id TEXT REFERENCES sellers (id),
    ticket_id TEXT REFERENCES tickets (id),
    claim_id TEXT REFERENCES claims (id),
    from_name TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    message_id TEXT NOT NULL,
    automatic BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    attempts BIGINT NOT NULL,
    next_at TIMESTAMP NOT NULL,
    lease TEXT,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP
);
CREATE UNIQUE INDEX outbox_key_once ON outbox (key);
CREATE UNIQUE INDEX outbox_message_id_once ON outbox (message_id);
CREATE INDEX outbox_next_at ON outbox (next_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_ticket_id ON outbox (ticket_id);

-- One row for each form that was sent: the second send gets the first one's answer.
CREATE TABLE forms (
    key TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    location TEXT NOT NULL,
    flash TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
