CREATE TABLE tickets (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    customer_id TEXT NOT NULL REFERENCES people (id),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'open', 'waiting_customer', 'on_hold', 'closed')),
    assignee_id TEXT REFERENCES people (id),
    via TEXT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    opened_on DATE NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    -- The index the queue sorts by: the next promise that is running, kept in step with clocks.
    next_due_at TIMESTAMP,
    next_due_kind TEXT,
    next_due_firm BOOLEAN NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX tickets_number_once ON tickets (number);
CREATE INDEX tickets_queue ON tickets (next_due_at, id) WHERE state <> 'closed';
CREATE INDEX tickets_customer_id ON tickets (customer_id, opened_at);
CREATE INDEX tickets_assignee_id ON tickets (assignee_id, next_due_at) WHERE state <> 'closed';

CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    author_id TEXT REFERENCES people (id),
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'staff', 'note')),
    body TEXT NOT NULL,
    via TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX messages_ticket_id ON messages (ticket_id, at);
