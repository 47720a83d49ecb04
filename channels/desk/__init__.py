"""The service desk: what an officer types in for a citizen."""
