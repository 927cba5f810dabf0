-- When a seller works: versions, each in force from a day. What is pinned to a clock is in the clock's own row.
CREATE TABLE calendars (
    id TEXT NOT NULL PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    version BIGINT NOT NULL CHECK (version > 0),
    valid_from DATE NOT NULL,
    -- Zone, holidays, hours.
    calendar_json TEXT NOT NULL,
    names_json TEXT NOT NULL,
    source TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    published_by TEXT NOT NULL
);
CREATE UNIQUE INDEX calendars_seller_id_version_once ON calendars (seller_id, version);
