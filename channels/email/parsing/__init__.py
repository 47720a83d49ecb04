"""From the bytes of one mail to its parts, words and files: pure, bounded, linear in time."""
