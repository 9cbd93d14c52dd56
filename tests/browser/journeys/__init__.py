"""What people do at the desk, done in a browser: a real desk with its jobs, real accounts, simulated kiosks."""
