"""What can go wrong with the servers that come along, told so that an operator knows what to do."""

from __future__ import annotations

import errno
import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class EmbeddedError(Exception):
    """One sentence for the operator: what is wrong, and what to do about it."""


def cannot_write(path: Path, error: OSError) -> EmbeddedError:
    """The sentence for a directory or file that the system would not let us make or write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EmbeddedError(f"The disk that holds {path} is full: free some space and start again.")
    if error.errno == errno.EROFS:
        return EmbeddedError(f"{path} is on a read-only disk: choose another place with --data-dir.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return EmbeddedError(
            f"{path} cannot be written by user {_who()}: choose another place with --data-dir, or give the directory "
            f"to this user (chown)."
        )
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return EmbeddedError(f"{path} is not a directory: choose another place with --data-dir.")
    return EmbeddedError(f"{path} cannot be written ({error.strerror}): choose another place with --data-dir.")


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry in /etc/passwd
        return "(without a name)"
