"""What several adapters share: HTTP, signatures, media."""
