"""Officers: getting in, their accounts, and what they are told."""
