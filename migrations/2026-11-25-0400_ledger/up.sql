CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    kind TEXT NOT NULL,
    -- The customer whose money it is; empty for the seller's own accounts.
    owner_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    seq BIGINT NOT NULL,
    balance_e8 BIGINT NOT NULL,
    CHECK (kind NOT IN ('customer_cash', 'customer_bonus', 'payout_in_transit') OR balance_e8 >= 0)
);
CREATE UNIQUE INDEX accounts_once ON accounts (seller_id, kind, owner_id, currency);
CREATE INDEX accounts_owner_id ON accounts (owner_id);

CREATE TABLE journals (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- Stable idempotency key (I22): the same deed posts once, whoever repeats it.
    key TEXT NOT NULL,
    reference TEXT NOT NULL,
    reverses_id TEXT REFERENCES journals (id),
    who TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE UNIQUE INDEX journals_key_once ON journals (key);
CREATE UNIQUE INDEX journals_seq_once ON journals (seller_id, seq);
CREATE UNIQUE INDEX journals_reverses_id_once ON journals (reverses_id);
CREATE INDEX journals_reference ON journals (reference);

CREATE TABLE entries (
    id TEXT NOT NULL PRIMARY KEY,
    journal_id TEXT NOT NULL REFERENCES journals (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    seq BIGINT NOT NULL,
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 <> 0),
    currency TEXT NOT NULL
);
CREATE UNIQUE INDEX entries_seq_once ON entries (account_id, seq);
CREATE INDEX entries_journal_id ON entries (journal_id);

CREATE TABLE lots (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    currency TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('deposit', 'bonus')),
    deposit_id TEXT REFERENCES deposits (id),
    reference TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    original_e8 BIGINT NOT NULL CHECK (original_e8 > 0),
    remaining_e8 BIGINT NOT NULL CHECK (remaining_e8 >= 0),
    -- A lost dispute larger than what was left; later credits to the lot meet it first (I20).
    debt_e8 BIGINT NOT NULL CHECK (debt_e8 >= 0),
    frozen BOOLEAN NOT NULL,
    CHECK (remaining_e8 <= original_e8),
    CHECK ((source = 'deposit') = (deposit_id IS NOT NULL))
);
CREATE UNIQUE INDEX lots_reference_once ON lots (seller_id, customer_id, source, reference);
-- One lot a deposit.
CREATE UNIQUE INDEX lots_deposit_id_once ON lots (deposit_id);
CREATE INDEX lots_customer_id ON lots (customer_id, seller_id, currency);

CREATE TABLE lot_moves (
    id TEXT NOT NULL PRIMARY KEY,
    lot_id TEXT NOT NULL REFERENCES lots (id),
    journal_id TEXT NOT NULL REFERENCES journals (id),
    order_id TEXT REFERENCES orders (id),
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 <> 0),
    at TIMESTAMP NOT NULL
);
CREATE INDEX lot_moves_lot_id ON lot_moves (lot_id);
CREATE INDEX lot_moves_order_id ON lot_moves (order_id);
CREATE INDEX lot_moves_journal_id ON lot_moves (journal_id);
