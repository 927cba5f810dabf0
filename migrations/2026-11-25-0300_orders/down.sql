DROP TABLE imports;
DROP TABLE order_events;
DROP TABLE orders;
DROP TABLE services;
DROP TABLE deposits;
DROP TABLE methods;
