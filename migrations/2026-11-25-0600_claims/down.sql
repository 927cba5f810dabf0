DROP TABLE decisions;
DROP TABLE assessments;
DROP TABLE evidence;
DROP TABLE files;
DROP TABLE drafts;
DROP TABLE facts;
DROP TABLE claims;
