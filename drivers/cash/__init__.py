"""Cash: banknote acceptors."""
