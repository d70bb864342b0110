"""Types of the isal package: only what is used here."""
