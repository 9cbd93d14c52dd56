"""What departments already know, so that nobody types it."""
