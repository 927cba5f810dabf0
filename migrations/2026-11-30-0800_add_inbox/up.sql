-- The address under which a seller's mail is read here. A seller without one writes, and reads nothing.
CREATE TABLE mailboxes (
    seller_id TEXT NOT NULL PRIMARY KEY REFERENCES sellers (id),
    address TEXT NOT NULL,
    since TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX mailboxes_address_once ON mailboxes (address);

-- Raw mail first: kept before anybody tries to read it, and never deleted. The bytes are in the store.
CREATE TABLE inbox (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    -- Of the recipient and the content without its trace lines: the same mail is one row, however often and by whichever way it comes.
    key TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    blob TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('pipe', 'imap')),
    -- As the mail server told them; null where it did not. An empty sender is the null sender of a bounce.
    envelope_from TEXT,
    envelope_to TEXT,
    received_at TIMESTAMP NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'taken', 'held', 'automatic', 'bounce', 'unreadable', 'dropped')),
    why TEXT,
    attempts BIGINT NOT NULL,
    next_at TIMESTAMP NOT NULL,
    seller_id TEXT REFERENCES sellers (id),
    sender TEXT,
    sender_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('pass', 'fail', 'none')),
    -- Who stands for the sender being who they say: 'reply' (they answered our letter), or the member of staff.
    vouched_by TEXT,
    ticket_id TEXT REFERENCES tickets (id),
    message_row TEXT REFERENCES messages (id),
    letter_id TEXT REFERENCES outbox (id),
    settled_at TIMESTAMP
);
CREATE UNIQUE INDEX inbox_number_once ON inbox (number);
CREATE UNIQUE INDEX inbox_key_once ON inbox (key);
CREATE INDEX inbox_next_at ON inbox (next_at) WHERE state = 'received';
CREATE INDEX inbox_state ON inbox (state, id);
CREATE INDEX inbox_ticket_id ON inbox (ticket_id);
CREATE INDEX inbox_sender ON inbox (sender, state);

-- Where an answer to a letter goes. The token is in the address alone; here is only its hash.
CREATE TABLE reply_addresses (
    token_hash TEXT NOT NULL PRIMARY KEY,
    letter_id TEXT NOT NULL REFERENCES outbox (id),
    -- Null where the letter asks a sender to confirm their mail.
    ticket_id TEXT REFERENCES tickets (id),
    mail_id TEXT REFERENCES inbox (id),
    recipient TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX reply_addresses_ticket_id ON reply_addresses (ticket_id);

ALTER TABLE outbox ADD COLUMN from_address TEXT;
-- Until the letter has left; afterwards it is in the reader's hands alone.
ALTER TABLE outbox ADD COLUMN token TEXT;
ALTER TABLE outbox ADD COLUMN in_reply_to TEXT;
ALTER TABLE outbox ADD COLUMN thread TEXT;
