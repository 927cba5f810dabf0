-- Where the mail of a seller is fetched from a mailbox at another server. The password is what that server asks for: it is stored as it
-- is, and shown to nobody.
CREATE TABLE imap_accounts (
    seller_id TEXT NOT NULL PRIMARY KEY REFERENCES sellers (id),
    host TEXT NOT NULL,
    port BIGINT NOT NULL CHECK (port BETWEEN 1 AND 65535),
    security TEXT NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
    login TEXT NOT NULL,
    password TEXT NOT NULL,
    folder TEXT NOT NULL,
    connected_at TIMESTAMP NOT NULL,
    -- Null until the folder was opened once. Another one than before means that the folder's numbers start anew.
    uid_validity BIGINT,
    -- All up to this number has been dealt with.
    last_uid BIGINT NOT NULL,
    -- Up to this number lies what was there when the numbers started: of it, only what came after `connected_at` is read.
    old_uid BIGINT NOT NULL,
    -- The number at which the reading broke off, and how often in a row.
    stuck_uid BIGINT,
    stuck_times BIGINT NOT NULL,
    -- When it was last read to its end.
    checked_at TIMESTAMP,
    -- When it is read next; the lease says that a worker is at it until then.
    next_at TIMESTAMP NOT NULL,
    lease TEXT,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    -- Why it could not be read the last time; null where it could.
    problem TEXT
);

-- Why only the head of a mail is here, or nothing of it; null where it is here whole.
ALTER TABLE inbox ADD COLUMN left_out TEXT;
