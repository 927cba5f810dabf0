DROP TABLE gateway_messages;
ALTER TABLE payouts DROP COLUMN lease_until;
ALTER TABLE payouts DROP COLUMN next_at;
ALTER TABLE payouts DROP COLUMN tried_at;
ALTER TABLE payouts DROP COLUMN tries;
