ALTER TABLE clocks DROP COLUMN worked_s;
ALTER TABLE clocks DROP COLUMN priority;
ALTER TABLE tickets DROP COLUMN priority
