"""Instagram: direct messages, comments on our posts and mentions of a professional account."""
