CREATE TABLE disputes (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    order_id TEXT REFERENCES orders (id),
    deposit_id TEXT REFERENCES deposits (id),
    status TEXT NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    reason TEXT CHECK (reason IN ('fraudulent', 'other')),
    currency TEXT NOT NULL,
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 > 0),
    contacted_first BOOLEAN,
    answered_in_time BOOLEAN,
    reference TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    evidence_due_at TIMESTAMP,
    closed_at TIMESTAMP,
    CHECK (order_id IS NOT NULL OR deposit_id IS NOT NULL)
);
CREATE UNIQUE INDEX disputes_number_once ON disputes (number);
CREATE UNIQUE INDEX disputes_reference_once ON disputes (seller_id, reference);
CREATE INDEX disputes_customer_id ON disputes (customer_id);

CREATE TABLE payouts (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    claim_id TEXT NOT NULL REFERENCES claims (id),
    decision_id TEXT NOT NULL REFERENCES decisions (id),
    deposit_id TEXT REFERENCES deposits (id),
    order_id TEXT REFERENCES orders (id),
    method TEXT NOT NULL,
    destination TEXT NOT NULL CHECK (destination IN ('original_payment_method', 'alternative_method')),
    -- What left the books, in the account's or order's currency…
    currency TEXT NOT NULL,
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 > 0),
    -- …and what the customer gets, in the payment's own currency and minor unit (I15).
    pay_currency TEXT NOT NULL,
    pay_e8 BIGINT NOT NULL CHECK (pay_e8 > 0),
    state TEXT NOT NULL CHECK (state IN
        ('queued', 'reserved', 'sent', 'unknown', 'succeeded', 'failed', 'returned')),
    key TEXT NOT NULL,
    reference TEXT,
    requested_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    settled_at TIMESTAMP,
    sent_by TEXT,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX payouts_number_once ON payouts (number);
CREATE UNIQUE INDEX payouts_key_once ON payouts (key);
CREATE INDEX payouts_state ON payouts (state, requested_at);
CREATE INDEX payouts_claim_id ON payouts (claim_id);
CREATE INDEX payouts_deposit_id ON payouts (deposit_id);
CREATE INDEX payouts_order_id ON payouts (order_id);
