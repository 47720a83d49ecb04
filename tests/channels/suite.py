"""What the common suite runs over: every adapter and dialect that the registry finds, with its fixtures."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from channels import rawfile, registry
from channels.contract import AccountInfo, RawMessage, RawRequest

if TYPE_CHECKING:
    from pathlib import Path

    from channels.contract import Channel


@dataclasses.dataclass(frozen=True)
class Case:
    """One adapter in one dialect (None where it has none), as `offline()` makes it."""

    key: str
    dialect: str | None

    def __str__(self) -> str:
        return f"{self.key}:{self.dialect}" if self.dialect else self.key

    @property
    def channel(self) -> Channel[Any]:
        return registry.channel_type(self.key).offline(self.dialect)

    @property
    def folder(self) -> Path:
        folder = registry.ROOT / self.key / "fixtures"
        return folder / self.dialect if self.dialect else folder

    def fixtures(self) -> list[Fixture]:
        files = sorted(path for path in self.folder.glob("*") if path.suffix in {".http", ".body"})
        return [Fixture(self, path) for path in files]


@dataclasses.dataclass(frozen=True)
class Fixture:
    """One captured payload and what it must become."""

    case: Case
    path: Path

    def __str__(self) -> str:
        return f"{self.case}/{self.path.name}"

    @property
    def raw(self) -> RawMessage:
        read = rawfile.read_http if self.path.suffix == ".http" else rawfile.read_body
        return read(self.path.read_bytes(), name=self.path.name)

    @property
    def expected(self) -> list[dict[str, Any]]:
        path = self.path.with_name(self.path.name.removesuffix(self.path.suffix) + ".expected.jsonl")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def cases() -> list[Case]:
    return [
        Case(manifest.key, dialect)
        for manifest in registry.manifests().values()
        for dialect in manifest.dialects or (None,)
    ]


def fixtures() -> list[Fixture]:
    return [fixture for case in cases() for fixture in case.fixtures()]


def request(raw: RawMessage) -> RawRequest:
    """The raw payload as the gateway would hand it to `verify`."""
    return RawRequest(
        method="POST" if raw.body else "GET",
        url="https://aduan.example.go.id/hooks/account",
        path="/hooks/account",
        query=raw.query,
        headers=raw.headers,
        body=raw.body,
        remote="192.0.2.1",
    )


def changed(raw: RawMessage, **changes: Any) -> RawMessage:
    return dataclasses.replace(raw, **changes)


ACCOUNT = AccountInfo(name="suite", hook_url="https://aduan.example.go.id/hooks/suite")
