CREATE TABLE clocks (
    id TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    claim_id TEXT REFERENCES claims (id),
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    kind TEXT NOT NULL CHECK (kind IN
        ('first_response', 'decision', 'cure', 'payout', 'completion', 'bank_credit', 'next_reply')),
    clause TEXT NOT NULL,
    firmness TEXT NOT NULL CHECK (firmness IN ('firm', 'typical', 'aim', 'estimate', 'house')),
    starts_at TIMESTAMP NOT NULL,
    from_at TIMESTAMP,
    due_at TIMESTAMP NOT NULL,
    paused_at TIMESTAMP,
    stopped_at TIMESTAMP,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'met', 'breached', 'void')),
    breached_at TIMESTAMP,
    -- The calendar it started with (I9): zone and holidays, so that later edits rewrite no history.
    calendar_json TEXT NOT NULL,
    starts_on DATE NOT NULL,
    due_on DATE NOT NULL
);
CREATE UNIQUE INDEX clocks_once ON clocks (ticket_id, claim_id, kind, clause, starts_at);
CREATE INDEX clocks_due ON clocks (due_at) WHERE state = 'running';
CREATE INDEX clocks_report ON clocks (seller_id, kind, starts_on);
CREATE INDEX clocks_claim_id ON clocks (claim_id);
