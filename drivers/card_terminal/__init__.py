"""Payment terminals for bank cards. Card data stays inside them."""
