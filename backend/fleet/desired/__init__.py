"""Settings by region, site and kiosk."""
