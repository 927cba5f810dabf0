DROP TABLE payouts;
DROP TABLE disputes;
