DROP INDEX payouts_batch_id;
ALTER TABLE payouts DROP COLUMN batch_id;
DROP TABLE payout_batches;
