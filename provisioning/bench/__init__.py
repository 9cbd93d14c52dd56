"""`menkou bench`: what a resident waits for, measured on the running house."""
