"""One self-contained HTML page: host, warnings, pictures, tables, definitions. Loads nothing from anywhere."""
