"""When paper or toner will run out."""
