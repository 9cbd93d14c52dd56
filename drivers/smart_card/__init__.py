"""Smart cards through PC/SC: the social security card."""
