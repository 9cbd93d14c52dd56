"""What residents read and use, as data: services, forms, guides, templates; their schema and lint rules."""
