-- How many letters that anybody can have us write left lately.
CREATE INDEX outbox_kind ON outbox (kind, sent_at);
