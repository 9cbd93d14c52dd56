"""Applications and packages: what becomes a numbered case, and its way to the department."""
