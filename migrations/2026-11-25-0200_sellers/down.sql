DROP TABLE policies;
DROP TABLE sellers;
