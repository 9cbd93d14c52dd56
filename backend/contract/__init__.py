"""Wire models shared by kiosk and backend: the only part of `backend` the kiosk may import."""
