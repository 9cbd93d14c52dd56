"""What a desk in production is set up with: nginx, systemd, PostgreSQL, Patroni. See docs/how-to/run-the-desk.md."""
