"""Counted special paper (空白证照): which blanks lie in which kiosk, and what became of each."""
