-- A handful of staff among all the customers: every staff page names them.
CREATE INDEX people_role ON people (role);
