"""What a kiosk is told to do, once."""
