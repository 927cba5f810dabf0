-- What the policy declared of a clock when it began; a clock from before has none, and is due when it was.
ALTER TABLE clocks ADD COLUMN declared_json TEXT;
ALTER TABLE clocks ADD COLUMN warn_at TIMESTAMP;
CREATE INDEX clocks_warn_at ON clocks (warn_at) WHERE warn_at IS NOT NULL;

-- That the staff was warned of a promise, once for each step, whoever was first.
CREATE TABLE warnings (
    id TEXT NOT NULL PRIMARY KEY,
    clock_id TEXT NOT NULL REFERENCES clocks (id),
    step TEXT NOT NULL CHECK (step IN ('half', 'four_fifths', 'whole')),
    at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX warnings_clock_id_step_once ON warnings (clock_id, step);
