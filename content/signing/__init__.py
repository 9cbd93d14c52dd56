"""Signing what kiosks take: TUF metadata made and signed offline, on files that are carried from place to place."""
