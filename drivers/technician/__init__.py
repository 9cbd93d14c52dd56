"""`menkou devices`: what a technician does with a terminal's devices."""
