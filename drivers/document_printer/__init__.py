"""A4 page printers speaking IPP."""
