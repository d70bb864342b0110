"""`comanda edge import` and `comanda edge export`: menus between files and a running box."""
