DROP TABLE panel_orders;
DROP TABLE panels;
