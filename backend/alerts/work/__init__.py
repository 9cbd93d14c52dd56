"""Work orders: from the trouble to the technician and back."""
