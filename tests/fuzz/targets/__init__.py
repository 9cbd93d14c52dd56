"""One module for each codec: `one_input(data)` feeds it and allows no exception but the documented one; `SEEDS` are
sound inputs to start from."""
