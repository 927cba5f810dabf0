DROP TABLE lifts;
DROP TABLE sanctions;
DROP INDEX disputes_status;
DROP TABLE dispute_facts;
