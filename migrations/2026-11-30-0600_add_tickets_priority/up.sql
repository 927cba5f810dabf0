-- What the desk gives a ticket, where somebody said so; a clock keeps the one that its ticket had when it ended.
ALTER TABLE tickets ADD COLUMN priority TEXT CHECK (priority IN ('low', 'normal', 'high', 'urgent'));
ALTER TABLE clocks ADD COLUMN priority TEXT CHECK (priority IN ('low', 'normal', 'high', 'urgent'));
-- Seconds that an ended clock ran within the working hours; unknown of those that ended before it was kept.
ALTER TABLE clocks ADD COLUMN worked_s BIGINT CHECK (worked_s >= 0)
