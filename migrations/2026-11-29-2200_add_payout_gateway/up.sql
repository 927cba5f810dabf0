-- What a gateway is asked to send: how often it was asked, when last, who asks it now, and when to ask again.
ALTER TABLE payouts ADD COLUMN tries BIGINT CHECK (tries > 0);
ALTER TABLE payouts ADD COLUMN tried_at TIMESTAMP;
ALTER TABLE payouts ADD COLUMN next_at TIMESTAMP;
ALTER TABLE payouts ADD COLUMN lease_until TIMESTAMP
    CHECK (lease_until IS NULL OR state = 'reserved')
    CHECK (state <> 'reserved' OR batch_id IS NOT NULL OR lease_until IS NOT NULL);

-- What it said, as it said it.
CREATE TABLE gateway_messages (
    id TEXT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    key TEXT NOT NULL,
    payout_id TEXT REFERENCES payouts (id),
    told TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'same', 'parked')),
    why TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX gateway_messages_payout_id ON gateway_messages (payout_id, at);
CREATE INDEX gateway_messages_outcome ON gateway_messages (outcome, at);
