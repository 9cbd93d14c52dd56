"""The desk's side of signed content: it carries what others have signed and says how fresh it is."""
