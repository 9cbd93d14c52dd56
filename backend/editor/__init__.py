"""The editor of services: drafts, four eyes, versions, and packs that are ready to be signed."""
