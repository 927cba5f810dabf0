-- One day of one seller as the reports read it: what its ended promises and its requests came to. A row says no more than the tickets
-- do: whatever happens on one of its tickets throws it away, and the worker makes it again.
CREATE TABLE report_days (
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    on_day DATE NOT NULL,
    promises_json TEXT NOT NULL,
    broken_json TEXT NOT NULL,
    requests_json TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (seller_id, on_day)
);

-- What is not packed is read from its own rows.
CREATE INDEX clocks_started ON clocks (seller_id, starts_on);
CREATE INDEX clocks_standing ON clocks (seller_id, starts_on) WHERE state IN ('running', 'paused');
CREATE INDEX claims_received ON claims (seller_id, received_on);
