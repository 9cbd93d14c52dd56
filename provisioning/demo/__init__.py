"""`menkou demo`: both journeys by touches on the real screen against the virtual cabinet, and every fault."""
