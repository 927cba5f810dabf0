-- What a mail server said of a letter after it had left; null while nobody said anything.
ALTER TABLE outbox ADD COLUMN bounced_at TIMESTAMP;
ALTER TABLE outbox ADD COLUMN bounce TEXT;
CREATE INDEX outbox_recipient ON outbox (recipient, sent_at);

-- Addresses to which nothing is sent, because mail came back from there. Whoever lifts one takes the row away.
CREATE TABLE suppressions (
    address TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    letter_id TEXT REFERENCES outbox (id),
    at TIMESTAMP NOT NULL
);
