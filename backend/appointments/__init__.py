"""Times at a counter: the department offers and books them, we keep who has which, without a name."""
