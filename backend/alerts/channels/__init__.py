"""E-mail, webhook and text message: how a message leaves the house."""
