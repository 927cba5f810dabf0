DROP TABLE panel_requests;
DROP TABLE tasks;
