"""Facebook: a page's Messenger, the comments below its posts, and what visitors post on it."""
