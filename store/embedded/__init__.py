"""The database and the queue that come with the Python dependencies, run as children in private directories."""

from store.embedded.errors import EmbeddedError
from store.embedded.lock import InstanceLock
from store.embedded.postgres import Postgres
from store.embedded.valkey import Valkey

__all__ = ["EmbeddedError", "InstanceLock", "Postgres", "Valkey"]
