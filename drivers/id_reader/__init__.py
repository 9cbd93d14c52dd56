"""Resident-ID card readers (GA/T 467 SAM, "SDT" serial protocol)."""
