DROP TABLE messages;
DROP TABLE tickets;
