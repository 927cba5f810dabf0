CREATE TABLE sellers (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    mail_address TEXT NOT NULL,
    policy TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT,
    holidays_json TEXT,
    fee_schedule_json TEXT,
    large_refund_threshold_e8 BIGINT CHECK (large_refund_threshold_e8 > 0),
    agent_limit_e8 BIGINT NOT NULL CHECK (agent_limit_e8 >= 0),
    lead_limit_e8 BIGINT NOT NULL CHECK (lead_limit_e8 >= 0),
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX sellers_slug_once ON sellers (slug);

-- A published version never changes; the next version's first day ends it.
CREATE TABLE policies (
    id TEXT NOT NULL PRIMARY KEY,
    policy TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    hash TEXT NOT NULL,
    document TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX policies_policy_version_once ON policies (policy, version);
