"""Two ways to another complaint system: its exported files, and Open311."""
