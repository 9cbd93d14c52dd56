"""The virtual cabinet: simulated devices behind their real wires, and one web page and HTTP API to work them."""
