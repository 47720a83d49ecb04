"""Under which system user PostgreSQL runs: it refuses to run as root."""

from __future__ import annotations

import dataclasses
import os
import pwd
import subprocess
from typing import TYPE_CHECKING, TypedDict

from store.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

UNPRIVILEGED = ("postgres", "nobody")


class Switch(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that change the user."""

    user: int
    group: int
    extra_groups: Iterable[int]


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """A system user that has an entry in the password database, which `initdb` insists on."""

    name: str
    uid: int
    gid: int

    @property
    def switch(self) -> Switch:
        """Empty when we already are this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, directory: Path) -> bool:
        """Whether this user may go through every directory on the way; asked of the system, which also knows ACLs."""
        asked = subprocess.run(  # noqa: S603 - the arguments are ours
            ["/usr/bin/env", "test", "-x", directory],
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.switch,
        )
        return asked.returncode == 0

    def own(self, path: Path) -> None:
        """Gives the path to this user, where that is not us."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def account_for(data_dir: Path) -> Account:
    """We ourselves; as root, the owner of the data directory, and for root's own one an unprivileged system user."""
    uid = os.geteuid()
    if uid == 0:
        uid = owner(data_dir)
    if uid != 0:
        try:
            return _account(pwd.getpwuid(uid))
        except KeyError:
            raise EmbeddedError(
                f"User id {uid} has no entry in /etc/passwd, which PostgreSQL needs: add one, or set database_url."
            ) from None
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: "
        "add one (useradd --system postgres), or start as an ordinary user."
    )


def owner(data_dir: Path) -> int:
    """The uid the data directory belongs to; our own while there is none."""
    try:
        return data_dir.stat().st_uid
    except FileNotFoundError:
        return os.geteuid()


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
