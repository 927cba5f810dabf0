CREATE TABLE methods (
    id TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES people (id),
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    reference TEXT NOT NULL,
    label TEXT NOT NULL,
    state TEXT CHECK (state IN ('usable', 'closed')),
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX methods_reference_once ON methods (seller_id, customer_id, reference);

CREATE TABLE deposits (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    method_id TEXT NOT NULL REFERENCES methods (id),
    reference TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    currency TEXT NOT NULL,
    amount_e8 BIGINT NOT NULL CHECK (amount_e8 > 0),
    paid_e8 BIGINT CHECK (paid_e8 > 0),
    paid_currency TEXT,
    surcharge_e8 BIGINT CHECK (surcharge_e8 >= 0),
    -- What went back, or was disputed, of this payment: together never more than was captured (I13).
    refunded_e8 BIGINT NOT NULL CHECK (refunded_e8 >= 0),
    disputed_e8 BIGINT NOT NULL CHECK (disputed_e8 >= 0),
    CHECK (refunded_e8 + disputed_e8 <= amount_e8),
    CHECK ((paid_e8 IS NULL) = (paid_currency IS NULL))
);
CREATE UNIQUE INDEX deposits_reference_once ON deposits (seller_id, reference);
CREATE INDEX deposits_customer_id ON deposits (customer_id, seller_id);

CREATE TABLE services (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    reference TEXT NOT NULL,
    name TEXT NOT NULL,
    snapshot_json TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX services_reference_once ON services (seller_id, reference);

CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    service_id TEXT REFERENCES services (id),
    reference TEXT NOT NULL,
    title TEXT NOT NULL,
    target TEXT NOT NULL,
    placed_at TIMESTAMP,
    currency TEXT NOT NULL,
    charge_e8 BIGINT CHECK (charge_e8 >= 0),
    tax_included_e8 BIGINT CHECK (tax_included_e8 >= 0),
    quantity BIGINT CHECK (quantity >= 0),
    remains TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'in_progress', 'partial', 'completed', 'canceled')),
    canceled_by TEXT CHECK (canceled_by IN ('customer', 'system')),
    paid_with_json TEXT,
    -- What the buyer was shown when buying; frozen, whatever the service says today.
    snapshot_json TEXT NOT NULL,
    items BIGINT NOT NULL CHECK (items > 0),
    period_ends_on DATE,
    confirmed_at TIMESTAMP,
    sent_at TIMESTAMP,
    sms TEXT CHECK (sms IN ('received', 'not_received', 'unavailable')),
    sms_received_at TIMESTAMP,
    -- Refunds and lost disputes together never exceed what was paid (I13).
    refunded_e8 BIGINT NOT NULL CHECK (refunded_e8 >= 0),
    disputed_e8 BIGINT NOT NULL CHECK (disputed_e8 >= 0),
    seq BIGINT NOT NULL,
    CHECK (charge_e8 IS NOT NULL OR refunded_e8 + disputed_e8 = 0),
    CHECK (refunded_e8 + disputed_e8 <= charge_e8)
);
CREATE UNIQUE INDEX orders_number_once ON orders (number);
CREATE UNIQUE INDEX orders_reference_once ON orders (seller_id, reference);
CREATE INDEX orders_customer_id ON orders (customer_id, placed_at);

CREATE TABLE order_events (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    at TIMESTAMP NOT NULL,
    status TEXT NOT NULL,
    remains TEXT,
    source TEXT NOT NULL
);
CREATE INDEX order_events_order_id ON order_events (order_id, at);

CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    kind TEXT NOT NULL CHECK (kind IN ('services', 'orders', 'deposits', 'customers')),
    file_name TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    who TEXT NOT NULL,
    lines BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    same BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    report_json TEXT NOT NULL
);
