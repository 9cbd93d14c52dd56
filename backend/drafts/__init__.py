"""What was filled in so far, to be gone on with elsewhere."""
