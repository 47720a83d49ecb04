"""Facebook and Instagram: one app of Meta's with a page and the Instagram account that is linked to it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Final

from standins import meta, pictures
from standins.exchange.base import REPORT_AFTER, Provider, Unplayable, fresh_number
from standins.kinds import FACEBOOK, INSTAGRAM, POST
from standins.meta_cloud import Account, Cloud, Talk, Thing, entry, incoming
from standins.steps import Photos, Say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from flask import Flask

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.meta_cloud import Event
    from standins.request import Request
    from standins.steps import Step
    from standins.town import Phone

#: All that Meta offers an app for the two kinds of account; what the site needs is among them.
_FIELDS: Final = {
    "page": (
        "feed", "mention", "messages", "messaging_postbacks", "messaging_referrals", "message_echoes",
        "message_deliveries", "message_reads", "message_reactions", "message_edits",
    ),
    "instagram": (
        "comments", "live_comments", "mentions", "messages", "messaging_postbacks", "messaging_seen",
        "message_reactions", "messaging_referral", "story_insights",
    ),
}  # fmt: skip
_PLACES: Final = {"page": FACEBOOK, "instagram": INSTAGRAM}
_WORDS: Final = "Kerja bakti bersih sungai hari Minggu pukul 07.00. Ada yang perlu kami tangani? Tulis di komentar."
_NOTE: Final = "meta"


class Graph:
    """What both share: Meta itself. Posts and comments are noted, windows are read from the phones."""

    def __init__(self, house: House) -> None:
        site, secrets = house.site, house.site.secrets
        self.town = house.town
        self.base = f"{site.town}/meta"
        self.cloud = Cloud(site.ids["app"], secrets["meta_secret"])
        page, account = site.ids[FACEBOOK], site.ids[INSTAGRAM]
        token = secrets["meta_token"]
        self.page = self.cloud.add(Account(id=page, name=site.names[FACEBOOK], token=token))
        self.instagram = self.cloud.add(
            Account(
                id=account,
                name=site.names[INSTAGRAM].removeprefix("@"),
                token=token,
                object_name="instagram",
                page=page,
            )
        )
        self.cloud.hooks = {name: (site.hooks[_PLACES[name]], set(fields)) for name, fields in _FIELDS.items()}
        self.page.fields = set(_FIELDS["page"])
        self.cloud.restart_numbers(fresh_number())
        self.app = meta.create_app(house.room, cloud=self.cloud)
        self._restore()
        self.posts = {each.id: self._own_post(each) for each in (self.page, self.instagram)}

    def keep(self, key: str) -> None:
        """Note a post or a comment as it stands now."""
        self.town.note(_NOTE, thing=dataclasses.asdict(self.cloud.things[key]))

    def keep_all_of(self, citizen: str) -> None:
        """The same for all that a citizen wrote in public: one of them may have been answered in private."""
        for key, thing in list(self.cloud.things.items()):
            if thing.author == citizen:
                self.keep(key)

    def address(self, name: str) -> str:
        """Where a photo lies at Meta's CDN."""
        self.cloud.files[f"{name}.jpg"] = ("image/jpeg", pictures.jpeg(name))
        return f"{self.base}/cdn/{name}.jpg"

    def _restore(self) -> None:
        for note in self.town.notes(_NOTE):
            thing = Thing(**note["thing"])
            self.cloud.things[thing.node["id"]] = thing
        accounts = {FACEBOOK: self.page.id, INSTAGRAM: self.instagram.id}
        for phone in self.town.phones():
            for line in self.town.lines(phone.id) if phone.kind in accounts else ():
                if line.look:
                    continue
                talk = self.cloud.talks.setdefault((accounts[phone.kind], phone.address), Talk())
                talk.updated = line.at.timestamp()
                talk.open_since = talk.updated if line.mine else talk.open_since

    def _own_post(self, account: Account) -> str:
        """What the office itself published, below which citizens comment."""
        for key, thing in self.cloud.things.items():
            if thing.author == thing.account == account.id:
                return key
        key = self.cloud.own_post(account, _WORDS)
        self.keep(key)
        return key


class _Meta(Provider):
    """Direct messages and what is said in public."""

    object_name: ClassVar[str]
    direct: ClassVar[str]
    #: How the ids of direct messages begin.
    mid: ClassVar[str]
    labels: ClassVar[Mapping[str, str]]

    def __init__(self, house: House, graph: Graph) -> None:
        super().__init__(house)
        self.graph = graph
        self.account = graph.page if self.object_name == "page" else graph.instagram

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A message, or something in public; photos only where the place has them."""
        match step:
            case Say(text=text, way=""):
                self._message(phone, text, (), at)
            case Photos(names=names, caption=caption, way=""):
                self._message(phone, caption, names, at)
            case Say(text=text, way=way):
                self._in_public(phone, text, way, (), at)
            case Photos(names=names, caption=caption, way=way):
                self._in_public(phone, caption, way, names, at)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """Into the chat, or below a post; a chat's message is reported."""
        direct = message.external_id.startswith(self.mid)
        phone = self.town.phone(self.kind, message.to)
        self.town.received(
            phone,
            message.text,
            at=message.at,
            via=self.site.names[self.kind],
            ref=message.external_id,
            label=self.direct if direct else "Balasan",
            look="" if direct else POST,
        )
        self.graph.keep_all_of(message.to)
        if direct:
            self.postman.later(REPORT_AFTER, lambda: [self._request(self._report(message), None)])

    def _message(self, phone: Phone, text: str, names: Sequence[str], at: datetime | None) -> None:
        cloud = self.graph.cloud
        events = [cloud.picture(self.account, phone.address, self.graph.address(name)) for name in names]
        if text:
            events.append(cloud.message(self.account, phone.address, text))
        if at is not None:
            talk = cloud.talks[self.account.id, phone.address]
            talk.open_since = talk.updated = at.timestamp()
            for event, node in zip(events, talk.nodes[-len(events) :], strict=True):
                event["timestamp"] = int(at.timestamp() * 1000)
                node["created_time"] = cloud.iso(at.timestamp())
        ref = events[-1]["message"]["mid"]
        self.town.wrote(phone, text, at=at, via=self.site.names[self.kind], ref=ref, pictures=names, label=self.direct)
        for event in events:
            self.postman.carry(self._request(event, at))

    def _in_public(self, phone: Phone, text: str, way: str, names: Sequence[str], at: datetime | None) -> None:
        event = self.public_event(phone, text, way, [self.graph.address(name) for name in names])
        value = event["value"]
        key = value.get("comment_id") or value.get("id") or value["post_id"]
        thing = self.graph.cloud.things[key]
        if at is not None:
            thing.at = at.timestamp()
            thing.node |= {
                name: self.graph.cloud.iso(thing.at) for name in ("created_time", "timestamp") if name in thing.node
            }
            value |= {name: int(thing.at) for name in ("created_time",) if name in value}
        self.graph.keep(key)
        name = self.site.names[self.kind]
        self.town.wrote(phone, text, at=at, via=name, ref=key, pictures=names, label=self.labels[way], look=POST)
        self.postman.carry(self._request(event, at))

    def public_event(self, phone: Phone, text: str, way: str, photos: list[str]) -> Event:
        """What is said in public, as Meta tells it. Unplayable."""
        raise NotImplementedError

    def _report(self, message: Delivered) -> Event:
        raise NotImplementedError

    def _frame(self, citizen: str) -> Event:
        now = int(self.graph.cloud.clock() * 1000)
        return {"sender": {"id": citizen}, "recipient": {"id": self.account.id}, "timestamp": now}

    def _request(self, event: Event, at: datetime | None) -> Request:
        time = self.graph.cloud.clock() if at is None else at.timestamp()
        secret = self.site.secrets["meta_secret"]
        return incoming(self.site.hooks[self.kind], secret, self.object_name, entry(self.account, event, at=time))


class Facebook(_Meta):
    """A page: Messenger, comments below its post, visitors' own posts."""

    kind: ClassVar[str] = FACEBOOK
    providers: ClassVar[tuple[str, ...]] = (FACEBOOK,)
    object_name: ClassVar[str] = "page"
    direct: ClassVar[str] = "Messenger"
    mid: ClassVar[str] = "m_"
    labels: ClassVar[Mapping[str, str]] = {"komentar": "Komentar", "kiriman": "Kiriman"}

    def apps(self) -> Mapping[str, Flask]:
        """The Graph API, for both."""
        return {"/meta": self.graph.app}

    def public_event(self, phone: Phone, text: str, way: str, photos: list[str]) -> Event:
        """A comment or a post of a visitor."""
        cloud, who = self.graph.cloud, phone.name or "Warga"
        if way == "komentar":
            photo: dict[str, Any] = {"photo": photos[0]} if photos else {}
            return cloud.comment(self.account, phone.address, who, self.graph.posts[self.account.id], text, **photo)
        if way == "kiriman":
            return cloud.visitor_post(self.account, phone.address, who, text, photos=tuple(photos))
        raise Unplayable(way)

    def _report(self, message: Delivered) -> Event:
        watermark = int(self.graph.cloud.clock() * 1000)
        told = {"mids": [message.external_id], "watermark": watermark}
        return self._frame(message.to) | {"delivery": told}


class Instagram(_Meta):
    """The account that is linked to the page: direct messages, comments, mentions elsewhere."""

    kind: ClassVar[str] = INSTAGRAM
    providers: ClassVar[tuple[str, ...]] = (INSTAGRAM,)
    object_name: ClassVar[str] = "instagram"
    direct: ClassVar[str] = "Pesan langsung"
    mid: ClassVar[str] = "aW"
    labels: ClassVar[Mapping[str, str]] = {"komentar": "Komentar", "sebut": "Sebutan"}

    def public_event(self, phone: Phone, text: str, way: str, photos: list[str]) -> Event:
        """A comment, here or elsewhere; neither has photos."""
        cloud = self.graph.cloud
        username = (phone.name or "warga").lower().replace(" ", ".")
        if way == "komentar" and not photos:
            return cloud.instagram_comment(
                self.account, phone.address, username, self.graph.posts[self.account.id], text
            )
        if way == "sebut" and not photos:
            name = self.site.names[INSTAGRAM]
            return cloud.mention(self.account, phone.address, username, text if name in text else f"{name} {text}")
        raise Unplayable(way)

    def _report(self, message: Delivered) -> Event:
        return self._frame(message.to) | {"read": {"mid": message.external_id}}
