UPDATE policy_trials SET state = 'stopped', ended_at = started_at WHERE state = 'running';
ALTER TABLE policy_trials RENAME COLUMN after_day TO after_id;
DROP TABLE report_days;
CREATE TABLE report_days (
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    on_day DATE NOT NULL,
    promises_json TEXT NOT NULL,
    broken_json TEXT NOT NULL,
    requests_json TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (seller_id, on_day)
);
