"""X (formerly Twitter): posts with a hashtag or a mention of the account, and direct messages, by the X API v2."""
