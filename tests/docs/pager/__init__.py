"""Pagers: the smallest channel that works; a copy of this folder is where a new one starts."""
