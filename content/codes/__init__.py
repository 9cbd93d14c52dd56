"""Numbers and codes of public administration: checking, building, masking. No I/O, nothing is ever logged here."""
