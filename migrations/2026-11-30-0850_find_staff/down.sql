DROP INDEX people_role;
