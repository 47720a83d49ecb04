"""Telegram: a bot that citizens write to, by webhook or long polling, read and answered with python-telegram-bot."""
