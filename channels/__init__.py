"""The channels: one folder for each, found by the registry, all under one contract."""
