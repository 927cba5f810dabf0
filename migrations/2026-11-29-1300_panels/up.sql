-- How a seller's panel is reached. The key is what the panel knows the shop by: it is stored as it is, and shown to nobody.
CREATE TABLE panels (
    seller_id TEXT NOT NULL PRIMARY KEY REFERENCES sellers (id),
    url TEXT NOT NULL,
    api_key TEXT NOT NULL,
    connected_at TIMESTAMP NOT NULL,
    -- When it is asked next; the lease says that a worker is at it until then.
    next_at TIMESTAMP NOT NULL,
    lease TEXT,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    -- Why the last question had no answer; null where it had one.
    problem TEXT,
    answered_at TIMESTAMP
);

-- What a panel calls an order of ours, and when it is asked about it.
CREATE TABLE panel_orders (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES orders (id),
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    reference TEXT NOT NULL,
    -- Null where there is nothing more to ask: the order has ended.
    next_at TIMESTAMP,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    problem TEXT,
    answered_at TIMESTAMP
);
CREATE UNIQUE INDEX panel_orders_reference_once ON panel_orders (seller_id, reference);
CREATE INDEX panel_orders_due ON panel_orders (seller_id, next_at) WHERE next_at IS NOT NULL;
