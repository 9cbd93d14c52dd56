"""Running the backend: background jobs, metrics, backup."""
