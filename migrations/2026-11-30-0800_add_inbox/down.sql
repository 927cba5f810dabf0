ALTER TABLE outbox DROP COLUMN thread;
ALTER TABLE outbox DROP COLUMN in_reply_to;
ALTER TABLE outbox DROP COLUMN token;
ALTER TABLE outbox DROP COLUMN from_address;
DROP TABLE reply_addresses;
DROP TABLE inbox;
DROP TABLE mailboxes;
