DROP TABLE suppressions;
DROP INDEX outbox_recipient;
ALTER TABLE outbox DROP COLUMN bounce;
ALTER TABLE outbox DROP COLUMN bounced_at;
