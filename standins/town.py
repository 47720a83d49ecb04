"""The citizens' phones: what each one wrote and what came back, kept in one append-only file."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_UNFIT: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One citizen on one channel (standins/kinds.py). `address` is what the provider knows him by: a number with +, a
    mail address, a user id; for the web form a made-up name.
    """

    kind: str
    address: str
    name: str = ""

    @property
    def id(self) -> str:
        """What stands in addresses of pages: `sms-6281200000101`."""
        return f"{self.kind}-{_UNFIT.sub('-', self.address).strip('-')}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message on a phone; `mine` is the citizen's own. `via` is the number or account, `ref` the provider's id.

    `look` is how it shows: a bubble where empty, else "post" or "mail"; `label` is said beside it, as "Komentar".
    """

    number: int
    mine: bool
    text: str
    at: datetime
    via: str = ""
    ref: str = ""
    pictures: tuple[str, ...] = ()
    edited: bool = False
    subject: str = ""
    label: str = ""
    look: str = ""


class Town:
    """All phones; safe for the threads of one server. `version` grows with every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0
        self._lock = threading.RLock()
        self._phones: dict[str, Phone] = {}
        self._lines: dict[str, list[Line]] = {}
        self._changed: dict[str, int] = {}
        self._done: set[str] = set()
        self._notes: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        for record in self._read():
            self._apply(record)

    def phone(self, kind: str, address: str, name: str = "") -> Phone:
        """The phone of that address; it is there from now on."""
        with self._lock:
            phone = Phone(kind=kind, address=address, name=name)
            known = self._phones.get(phone.id)
            if known is None or (name and not known.name):
                self._keep({"phone": dataclasses.asdict(phone)})
            return self._phones[phone.id]

    def find(self, phone_id: str) -> Phone | None:
        """The phone with that id."""
        with self._lock:
            return self._phones.get(phone_id)

    def wrote(self, phone: Phone, text: str, *, at: datetime | None = None, **more: Any) -> Line:
        """The citizen sent something; `more` are further fields of the Line."""
        return self._add(phone, text, mine=True, at=at or datetime.now(UTC), **more)

    def received(self, phone: Phone, text: str, *, at: datetime | None = None, **more: Any) -> Line:
        """Something came back; `more` are further fields of the Line."""
        return self._add(phone, text, mine=False, at=at or datetime.now(UTC), **more)

    def rewrote(self, phone: Phone, line: Line, text: str) -> None:
        """The citizen changed what he had written."""
        with self._lock:
            self._keep({"edit": phone.id, "number": line.number, "text": text})

    def phones(self) -> list[Phone]:
        """All, the one where something happened last first."""
        with self._lock:
            return sorted(self._phones.values(), key=lambda phone: -self._changed[phone.id])

    def lines(self, phone_id: str) -> list[Line]:
        """What stands on a phone, in the order in which it came."""
        with self._lock:
            return list(self._lines.get(phone_id, ()))

    def changed_since(self, version: int) -> list[str]:
        """Ids of the phones on which something happened after that version."""
        with self._lock:
            return [phone_id for phone_id, changed in self._changed.items() if changed > version]

    def refs(self) -> list[str]:
        """The providers' ids of all messages so far."""
        with self._lock:
            return [line.ref for lines in self._lines.values() for line in lines if line.ref]

    def note(self, topic: str, **what: Any) -> None:
        """Keep something that a provider must know again after a restart, as JSON values."""
        with self._lock:
            self._keep({"note": topic, "what": what})

    def notes(self, topic: str) -> list[dict[str, Any]]:
        """All that was noted under a topic, oldest first."""
        with self._lock:
            return list(self._notes.get(topic, ()))

    def done(self, key: str) -> None:
        """Remember that this part of the play is over."""
        with self._lock:
            self._keep({"done": key})

    def is_done(self, key: str) -> bool:
        """Whether this part of the play has been played, now or at an earlier start."""
        with self._lock:
            return key in self._done

    def _add(self, phone: Phone, text: str, **fields: Any) -> Line:
        with self._lock:
            fields["pictures"] = tuple(fields.get("pictures", ()))
            line = Line(number=self._count + 1, text=text, **fields)
            self._keep({"line": dataclasses.asdict(line) | {"at": line.at.isoformat()}, "on": phone.id})
            return line

    def _keep(self, record: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._apply(record)

    def _read(self) -> list[dict[str, Any]]:
        """What earlier starts left; a last line that a kill cut off is dropped."""
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.ftruncate(self._file, len(whole))
        return [json.loads(line) for line in whole.splitlines()]

    def _apply(self, record: dict[str, Any]) -> None:
        self.version += 1
        if "done" in record:
            self._done.add(record["done"])
        elif "note" in record:
            self._notes.setdefault(record["note"], []).append(record["what"])
        elif "phone" in record:
            phone = Phone(**record["phone"])
            self._phones[phone.id] = phone
            self._lines.setdefault(phone.id, [])
            self._changed[phone.id] = self.version
        elif "line" in record:
            fields = record["line"] | {
                "at": datetime.fromisoformat(record["line"]["at"]),
                "pictures": tuple(record["line"]["pictures"]),
            }
            self._count += 1
            self._lines[record["on"]].append(Line(**fields))
            self._changed[record["on"]] = self.version
        else:
            self._lines[record["edit"]] = [
                dataclasses.replace(line, text=record["text"], edited=True) if line.number == record["number"] else line
                for line in self._lines[record["edit"]]
            ]
            self._changed[record["edit"]] = self.version
