"""The normaliser: what adapters emit, the one complaint model, and the pure steps between them."""
