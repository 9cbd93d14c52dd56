"""The people behind the desk: accounts, roles by region, four eyes, audit."""
