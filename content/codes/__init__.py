"""National codes: identity numbers, credit codes, certificate identifiers, and how they are masked."""
