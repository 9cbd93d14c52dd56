"""Services as other systems know them: the field names of the national interface, in CSV and JSON."""
