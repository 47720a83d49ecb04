"""X: posts that mention the account, posts with the hashtag alone, direct messages; the site comes and looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from standins import pictures
from standins import x as api
from standins.exchange.base import Provider, Unplayable
from standins.kinds import POST
from standins.kinds import X as KIND
from standins.steps import Photos, Say
from standins.x_cloud import Citizen, Cloud, File
from standins.x_oauth import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from flask import Flask

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.steps import Step
    from standins.town import Phone
    from standins.x_cloud import Thing

_TAG: Final = "#masbupsiaga"
_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_DIRECT: Final = "Pesan langsung"


class X(Provider):
    """Whatever stands at X is noted, for the site asks for it by time and by id. X tells no other times than now."""

    kind: ClassVar[str] = KIND
    providers: ClassVar[tuple[str, ...]] = (KIND,)

    def __init__(self, house: House) -> None:
        super().__init__(house)
        site = self.site
        self.cloud = Cloud(
            self.room, username=site.names[KIND].removeprefix("@"), user_id=site.ids[KIND], base_url=f"{site.town}/x"
        )
        for phone in self.town.phones():
            if phone.kind == KIND:
                self.cloud.join(citizen(phone))
        for note in self.town.notes(KIND):
            self._restore(note)

    def apps(self) -> Mapping[str, Flask]:
        """The API."""
        secrets = self.site.secrets
        keys = Keys(
            consumer_key=secrets["x_consumer_key"],
            consumer_secret=secrets["x_consumer_secret"],
            access_token=f"{self.site.ids[KIND]}-{secrets['x_token']}",
            access_token_secret=secrets["x_token_secret"],
        )
        return {"/x": api.create_app(self.room, keys, cloud=self.cloud)}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:  # noqa: ARG002 - see the class
        """A post or a message, perhaps with photos."""
        match step:
            case Say(text=text, way=way):
                self._write(phone, text, way, ())
            case Photos(names=names, caption=caption, way=way):
                self._write(phone, caption, way, names)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """Below a post of the citizen, or as a message."""
        id_ = message.external_id
        direct = id_ in self.cloud.events
        self.town.note(KIND, **{"event": self.cloud.events[id_]} if direct else {"post": self.cloud.posts[id_]})
        phone = self.town.phone(KIND, message.to)
        self.town.received(
            phone,
            message.text,
            at=message.at,
            via=self.site.names[KIND],
            ref=id_,
            label=_DIRECT if direct else "Balasan",
            look="" if direct else POST,
        )

    def handle(self, phone: Phone) -> str:
        """The user name."""
        return f"@{citizen(phone).username}"

    def _write(self, phone: Phone, text: str, way: str, names: Sequence[str]) -> None:
        files = [File(name=f"{name}.jpg", content=pictures.jpeg(name)) for name in names]
        name = self.site.names[KIND]
        if way == "dm":
            event = self.cloud.message(citizen(phone), text, files=files)
            self._keep("event", event, names)
            self.town.wrote(phone, text, via=name, ref=event["id"], pictures=names, label=_DIRECT)
            return
        label, above = self._kind_of_post(way), None
        if way == "lanjut":
            above = next(line.ref for line in reversed(self.town.lines(phone.id)) if line.mine and line.look == POST)
        elif way == "tagar":
            text = text if _TAG in text.lower() else f"{text} {_TAG}"
        else:
            text = text if name.lower() in text.lower() else f"{name} {text}"
        post = self.cloud.post(citizen(phone), text, files=files, reply_to=above)
        self._keep("post", post, names)
        self.town.wrote(phone, text, via=name, ref=post["id"], pictures=names, label=label, look=POST)

    @staticmethod
    def _kind_of_post(way: str) -> str:
        return {"tagar": "Tagar saja", "lanjut": "Utas"}.get(way, "Sebutan")

    def _keep(self, kind: str, thing: Thing, names: Sequence[str]) -> None:
        keys = thing.get("attachments", {}).get("media_keys", ())
        media = [self.cloud.media[key] for key in keys]
        self.town.note(KIND, **{kind: thing, "media": media, "pictures": list(names)})

    def _restore(self, note: Mapping[str, Any]) -> None:
        if "post" in note:
            self.cloud.posts[note["post"]["id"]] = note["post"]
        else:
            self.cloud.events[note["event"]["id"]] = note["event"]
        for media, name in zip(note.get("media", ()), note.get("pictures", ()), strict=True):
            self.cloud.media[media["media_key"]] = media
            file = File(name=f"{name}.jpg", content=pictures.jpeg(name))
            path = media["url"].partition("/media/")[2]
            if path:
                self.cloud.files[path] = file
            else:
                self.cloud.private[media["url"].partition("/dm/")[2]] = file


def citizen(phone: Phone) -> Citizen:
    """The account of a phone: its name in X's spelling with the end of its number."""
    name = _UNFIT.sub("_", phone.name.lower()).strip("_")[:11] or "warga"
    return Citizen(id=phone.address, username=f"{name}_{phone.address[-3:]}", name=phone.name or "Warga")
