DROP TABLE attempts;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE staff_sellers;
DROP TABLE people;
DROP TABLE counters;
