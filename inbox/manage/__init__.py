"""Administration: channels, quarantine, programs, imports, the audit log."""
