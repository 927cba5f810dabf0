DROP TABLE forms;
DROP TABLE outbox;
DROP TABLE events;
