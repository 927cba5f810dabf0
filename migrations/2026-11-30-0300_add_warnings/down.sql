DROP TABLE warnings;
DROP INDEX clocks_warn_at;
ALTER TABLE clocks DROP COLUMN warn_at;
ALTER TABLE clocks DROP COLUMN declared_json;
