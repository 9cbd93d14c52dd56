"""The fleet: sites and kiosks, who they are, how they are, what they are told."""
