DROP TABLE lot_moves;
DROP TABLE lots;
DROP TABLE entries;
DROP TABLE journals;
DROP TABLE accounts;
