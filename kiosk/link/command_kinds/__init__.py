"""What the desk can ask of a kiosk, one module for each kind that is more than a line."""
