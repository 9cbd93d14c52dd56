"""Who is on duty where."""
