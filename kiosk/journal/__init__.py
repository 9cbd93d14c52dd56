"""Intent, effect, outcome on disk: what moves money or paper is written before it happens and settled after."""
