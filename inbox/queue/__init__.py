"""The list: queues, search, saved views, acts on many, and what keeps an open page fresh."""
