-- Payouts that somebody sends by hand, in one file: a row a file, with the file as it was handed out.
CREATE TABLE payout_batches (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    made_by TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL CHECK (lines > 0),
    file TEXT NOT NULL
);
CREATE UNIQUE INDEX payout_batches_number_once ON payout_batches (number);
CREATE INDEX payout_batches_seller_id ON payout_batches (seller_id, made_at);

-- One place: a payout is in one batch or in none, and whatever waits in the queue is in none.
ALTER TABLE payouts ADD COLUMN batch_id TEXT REFERENCES payout_batches (id)
    CHECK (batch_id IS NULL OR state <> 'queued');
CREATE INDEX payouts_batch_id ON payouts (batch_id);
