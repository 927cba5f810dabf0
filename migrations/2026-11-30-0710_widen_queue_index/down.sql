DROP INDEX tickets_queue;
CREATE INDEX tickets_queue ON tickets (next_due_at, id) WHERE state <> 'closed';
