"""Receipt (slip) printers speaking ESC/POS."""
