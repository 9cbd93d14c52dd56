"""People who help: calls for staff, and the badges of helpers at the terminal."""
