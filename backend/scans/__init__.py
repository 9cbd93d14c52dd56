"""Pictures of papers that residents hand in."""
