DROP INDEX outbox_kind;
