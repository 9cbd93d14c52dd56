"""One coroutine for each kind of service. Imports no Kivy; `steps` holds what journeys share."""
