"""LINE: an official account that citizens write to; webhook in, reply token and push out by line-bot-sdk."""
