"""The schema of the content. `text` and `service` are all that other packages import."""
