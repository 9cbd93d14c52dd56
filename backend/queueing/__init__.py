"""Queue tickets of a hall: a number, never a name."""
