DROP INDEX claims_received;
DROP INDEX clocks_standing;
DROP INDEX clocks_started;
DROP TABLE report_days;
