"""The camera before the resident. Used inside the face worker process only."""
