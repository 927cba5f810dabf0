ALTER TABLE inbox DROP COLUMN left_out;
DROP TABLE imap_accounts;
