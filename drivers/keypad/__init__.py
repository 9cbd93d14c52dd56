"""The accessible keypad beside the screen."""
