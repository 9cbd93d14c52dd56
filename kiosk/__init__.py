"""The program on the terminal."""
