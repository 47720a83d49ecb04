"""The configuration: typed, frozen, and strict about unknown keys."""
