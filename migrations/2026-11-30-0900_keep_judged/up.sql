-- What the claims of a day were judged by is kept beside what they came to, for drafts that are tried on the past. The kept days are
-- copies, so they are made anew.
DROP TABLE report_days;
CREATE TABLE report_days (
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    on_day DATE NOT NULL,
    promises_json TEXT NOT NULL,
    broken_json TEXT NOT NULL,
    requests_json TEXT NOT NULL,
    judged_json TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (seller_id, on_day)
);

-- A trial goes on after a seller's day, no longer after a claim: one that is half-way cannot.
UPDATE policy_trials SET state = 'stopped', ended_at = started_at WHERE state = 'running';
ALTER TABLE policy_trials RENAME COLUMN after_id TO after_day;
