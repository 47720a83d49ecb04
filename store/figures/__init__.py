"""Figures: how many complaints came, were answered and closed, when, and which they are."""
