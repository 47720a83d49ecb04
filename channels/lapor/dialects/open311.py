"""Open311: the requests of another jurisdiction's server are polled, and complaints can be handed on to it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from channels.contract import Capabilities, Health, PollBatch, Polled
from channels.errors import ChannelError, PollFailed, Refused, Throttled
from channels.forwarding import Forwarded
from channels.lapor import geodata, words
from channels.lapor.dialects.base import Dialect, Settings, checked, url
from channels.lapor.georeport import LIST_LIMIT, MAX_DESCRIPTION, Endpoint, GeoReport
from channels.toolkit.signatures import hmac_sha256, same
from normalizer.messages import Attachment, Edit, Ignored, InboundMessage, Malformed, Sender
from normalizer.remote import RemoteState
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.contract import AccountInfo, Cursor, Media, Obligation, RawMessage
    from channels.forwarding import Complaint
    from channels.lapor.geodata import Fields
    from normalizer.messages import JSON, Inbound

#: A list may span no more (days), by GeoReport's rules.
_LONGEST_WINDOW: Final = 90
#: A list that is full is asked for again in halves, down to this span, and not without end.
_SHORTEST_SPAN: Final = timedelta(minutes=10)
_MOST_LISTS: Final = 64
#: Requests of the window that the cursor remembers.
_MOST_SEEN: Final = 5000
#: How far back a poll by time of change looks again: servers publish with delay.
_OVERLAP: Final = timedelta(hours=1)
#: Our own reference at the end of what we handed on: the ticket, and a proof that it was us.
_REFERENCE: Final = re.compile(r"\(Rujukan: ([0-9A-Z]{4}-[0-9A-Z]{4}) ([0-9a-f]{16})\)\s*\Z")


def _days(value: int) -> int:
    """As many days as one list may span."""
    if not 1 <= value <= _LONGEST_WINDOW:
        raise ValueError(f"expected a whole number of days from 1 to {_LONGEST_WINDOW}")
    return value


def _seconds(value: float) -> float:
    """A number of seconds that lets something happen."""
    if value <= 0:
        raise ValueError("expected more than 0")
    return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class Open311Settings(Settings):
    """`endpoint` is the address before `/requests.xml`; `poll_interval` and `timeout` in seconds.

    `updated_after` says that the server knows that query parameter, which is not in the standard: then changes of
    requests older than `window_days` are seen too. Without `poll` the account only hands complaints on.
    """

    endpoint: str = dataclasses.field(metadata={"check": url})
    api_key: str = dataclasses.field(default="", repr=False)
    jurisdiction_id: str = ""
    format: Literal["xml", "json"] = "xml"
    service_codes: tuple[str, ...] = ()
    poll: bool = True
    poll_interval: float = checked(300.0, _seconds)
    window_days: int = checked(30, _days)
    updated_after: bool = False
    timeout: float = checked(30.0, _seconds)


class Open311(Dialect[Open311Settings]):
    """One server."""

    settings_type: ClassVar[type[Settings]] = Open311Settings

    def __init__(self, account: AccountInfo, settings: Open311Settings) -> None:
        super().__init__(account, settings)
        self.capabilities = Capabilities(polling=settings.poll, attachments=True)
        self.client = GeoReport(
            Endpoint(
                url=settings.endpoint,
                api_key=settings.api_key,
                jurisdiction=settings.jurisdiction_id,
                form=settings.format,
                timeout=settings.timeout,
            )
        )

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """What is new or has changed in the window: one payload a request, as the server spelt its fields.

        The cursor remembers what each request said when it was last seen, so that nothing is journalled twice.
        """
        known = _seen(cursor)
        since = geodata.moment(str((cursor or {}).get("since", "")))
        try:
            listed = self._listed(datetime.now(UTC), since)
        except Throttled as error:
            raise PollFailed(error.sentence, retry_after=error.retry_after) from error
        except ChannelError as error:
            raise error if isinstance(error, PollFailed) else PollFailed(error.sentence) from error
        raws: list[Polled] = []
        seen = dict(known) if self.settings.updated_after else {}
        for fields in listed.values():
            ident, said = fields["service_request_id"], _digest(fields)
            seen[ident] = said
            if known.get(ident) != said:
                raws.append(_polled(fields, edited=ident in known and known[ident][:16] != said[:16]))
        if not self.settings.updated_after and len(seen) > _MOST_SEEN:
            raise PollFailed(say("Lebih dari %(most)s laporan dalam window_days: perpendek", most=_MOST_SEEN))
        kept: dict[str, JSON] = dict(list(seen.items())[-_MOST_SEEN:])
        stamps = [stamp for fields in listed.values() if (stamp := geodata.stamp(fields.get("updated_datetime", "")))]
        latest = max([*stamps, str((cursor or {}).get("since", ""))], default="")
        return PollBatch(raws=raws, cursor={"seen": kept, "since": latest})

    def _listed(self, now: datetime, since: datetime | None) -> dict[str, Fields]:
        """Requests by id, oldest list first; those without an id are left out, for nobody could tell them apart."""
        window = now - timedelta(days=self.settings.window_days)
        if self.settings.updated_after and since is not None:
            found = self._requests(updated_after=max(since - _OVERLAP, window))
        else:
            found = self._between(window, now)
        return {fields["service_request_id"]: fields for fields in found if fields.get("service_request_id")}

    def _between(self, start: datetime, end: datetime) -> list[Fields]:
        found: list[Fields] = []
        spans, asked = [(start, end)], 0
        while spans:
            start, end = spans.pop(0)
            asked += 1
            if asked > _MOST_LISTS:
                raise PollFailed(say("Daftar dari server selalu penuh: perpendek window_days"))
            part = self._requests(start_date=start, end_date=end)
            if len(part) >= LIST_LIMIT and end - start > _SHORTEST_SPAN:
                middle = start + (end - start) / 2
                spans[:0] = [(start, middle), (middle, end)]
            else:
                found += part
        return found

    def _requests(self, **times: datetime) -> list[Fields]:
        codes = {"service_code": ",".join(self.settings.service_codes)} if self.settings.service_codes else {}
        return self.client.requests(**times, **codes)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """Each request: what was reported, or its edited words (`meta` says so), and its status."""
        items: list[Inbound] = []
        for fields in geodata.read_list(raw.body, "request"):
            items += self._items(fields, edited=bool(raw.meta.get("edited")))
        return items

    def _items(self, fields: Fields, *, edited: bool) -> list[Inbound]:
        ident = fields.get("service_request_id", "")
        if not ident:
            return [Malformed(error="open311: a request without service_request_id")]
        stamp = geodata.stamp(fields.get("updated_datetime", "") or fields.get("requested_datetime", ""))
        description = fields.get("description", "")
        if self._is_ours(description):
            return [Ignored(reason="own-forward", external_id=ident, version=stamp, conversation_id=ident)]
        items: list[Inbound] = [self._edit(ident, stamp, fields) if edited else self._message(ident, fields)]
        if status := fields.get("status", ""):
            notes = fields.get("status_notes", "")
            word = f"{status}: {notes}" if notes else status
            reason = RemoteState(word=word, state=words.state_of(status, {})).reason
            items.append(Ignored(reason=reason, external_id=ident, version=stamp, conversation_id=ident))
        return items

    def _sender(self, ident: str) -> Sender:
        """GeoReport names no reporter: each request has one of its own."""
        return Sender(address=f"{self.account.name}:{ident}")

    def _edit(self, ident: str, stamp: str, fields: Fields) -> Edit:
        return Edit(
            external_id=ident,
            version=stamp,
            conversation_id=ident,
            sender=self._sender(ident),
            edited_at=geodata.moment(fields.get("updated_datetime", "")),
            text=fields.get("description", ""),
            location=geodata.location(fields),
        )

    def _message(self, ident: str, fields: Fields) -> InboundMessage:
        media = fields.get("media_url")
        hints: dict[str, JSON] = {"no_reply": True}
        optional: dict[str, JSON] = {
            "place": fields.get("address"),
            "category": fields.get("service_name"),
            "service_code": fields.get("service_code"),
            "agency": fields.get("agency_responsible"),
        }
        return InboundMessage(
            external_id=ident,
            conversation_id=ident,
            sender=self._sender(ident),
            sent_at=geodata.moment(fields.get("requested_datetime", "")),
            subject=fields.get("service_name"),
            text=fields.get("description", ""),
            attachments=(Attachment(url=media),) if media else (),
            location=geodata.location(fields),
            command="lapor",
            hints=hints | {name: value for name, value in optional.items() if value},
        )

    def fetch(self, obligation: Obligation) -> Media:
        """The file at media_url, through the guarded client: the server's word does not open our network."""
        from channels.toolkit import guarded  # noqa: PLC0415 - fetched by the media job only

        return guarded.fetch(obligation.url or "", max_bytes=obligation.max_bytes, timeout=self.settings.timeout)

    def forward(self, complaint: Complaint, service: str) -> Forwarded:
        """As Forwarder.forward; our reference stands at the end of the description."""
        if not self.settings.api_key:
            raise Refused(say("Akun ini tanpa api_key, jadi tidak ada yang dapat diteruskan: isi api_key"))
        reference = f"\n\n(Rujukan: {complaint.ticket} {self._proof(complaint.ticket)})"
        text = complaint.text.strip()
        fields = {"service_code": service, "description": text[: MAX_DESCRIPTION - len(reference)] + reference}
        if complaint.lat is not None and complaint.lon is not None:
            fields |= {"lat": f"{complaint.lat:.7f}", "long": f"{complaint.lon:.7f}"}
        if complaint.address:
            fields["address_string"] = complaint.address
        if complaint.name:
            fields["first_name"] = complaint.name
        answer = self.client.post(fields)
        ident = answer.get("service_request_id")
        token = None if ident else answer.get("token")
        return Forwarded(external_id=ident, token=token, notice=answer.get("service_notice"))

    def redeem(self, token: str) -> str | None:
        """As Forwarder.redeem."""
        return self.client.redeem(token)

    def services(self) -> list[tuple[str, str]]:
        """As Forwarder.services."""
        return [(each.get("service_code", ""), each.get("service_name", "")) for each in self.client.services()]

    def _proof(self, ticket: str) -> str:
        return hmac_sha256(self.settings.api_key, b"muara reference\0", ticket.encode())[:16]

    def _is_ours(self, description: str) -> bool:
        """Whether we ourselves handed this on: a stranger who copies a ticket cannot make his report disappear."""
        found = _REFERENCE.search(description[-100:]) if self.settings.api_key else None
        return found is not None and same(found[2], self._proof(found[1]))

    def health(self) -> Health:
        """Asks for the list of services, which needs no key."""
        try:
            count = len(self.client.services())
        except ChannelError as error:
            sentence = say("%(error)s: periksa endpoint, format dan jurisdiction_id.", error=error.sentence)
            return Health(ok=False, sentence=sentence)
        if not count:
            return Health(ok=False, sentence=say("Server Open311 menjawab, tetapi tidak menawarkan layanan."))
        return Health(ok=True, sentence=say("Server Open311 menjawab dan menawarkan %(count)s layanan.", count=count))

    def why_shut(self, number: str) -> Sentence:
        """GeoReport has no answers to reporters."""
        return say(
            "Aduan ini berasal dari %(system)s, yang tidak menerima jawaban dari luar: jawablah di sana "
            "dengan nomor %(number)s, lalu catat jawabannya di sini.",
            system=self.settings.system,
            number=number,
        )


def _seen(cursor: Cursor | None) -> dict[str, str]:
    seen = (cursor or {}).get("seen")
    return {key: str(value) for key, value in seen.items()} if isinstance(seen, dict) else {}


def _digest(fields: Fields) -> str:
    """16 characters for the words and 16 for everything."""
    words_of = hashlib.sha256(fields.get("description", "").encode()).hexdigest()[:16]
    whole = json.dumps(fields, sort_keys=True)
    return words_of + hashlib.sha256(whole.encode()).hexdigest()[:16]


def _polled(fields: Fields, *, edited: bool) -> Polled:
    body = json.dumps(fields, ensure_ascii=False).encode()
    return Polled(body=body, headers={"content-type": "application/json"}, meta={"edited": True} if edited else {})
