-- The subject of the conversation that a letter goes into, where its answers are read here: mail programs keep together what has one
-- subject. Null for a letter that goes under its own.
ALTER TABLE outbox ADD COLUMN topic TEXT;
