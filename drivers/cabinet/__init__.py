"""The steel box: power, doors, sensors, lights, sound, storage, watchdog."""
