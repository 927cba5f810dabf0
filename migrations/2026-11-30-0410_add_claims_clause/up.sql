-- The clause that the claim's last answer rests on; unknown of claims that were judged before it was kept.
ALTER TABLE claims ADD COLUMN clause TEXT
