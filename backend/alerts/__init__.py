"""Rules, alerts, who is told, and the work orders that follow."""
