"""The common suite: every adapter that the registry finds goes through the same trials."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from suite import Case, Fixture, cases, changed, fixtures, request

from channels import printing, registry
from channels.contract import Channel, Conversation, RawMessage
from channels.errors import ChannelError, VerificationFailed
from normalizer.messages import InboundMessage, Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from normalizer.messages import Inbound

NOW = datetime(2026, 11, 10, 1, 16, tzinfo=UTC)
CASES, FIXTURES = cases(), fixtures()
each_case = pytest.mark.parametrize("case", CASES, ids=str)
#: Those that a webhook may bring.
HOOKED = [fixture for fixture in FIXTURES if fixture.case.channel.capabilities.webhook]
each_fixture = pytest.mark.parametrize("fixture", FIXTURES, ids=str)
#: A capability, and the method that stands for it.
FLAGS: Mapping[str, str] = {"webhook": "verify", "polling": "poll", "replies": "send"}


def parsed(channel: Channel[Any], raw: RawMessage) -> list[Inbound]:
    """What `parse` gives; a ChannelError is a fair end, anything else is not caught here and fails the test."""
    try:
        items = channel.parse(raw)
    except ChannelError:
        return []
    check_storable(items)
    return items


def check_storable(items: list[Inbound]) -> None:
    for item in items:
        assert isinstance(item.conversation_id, str)
        assert all(text == text.replace("\x00", "") for text in texts(dataclasses.asdict(item)))
        if not isinstance(item, InboundMessage) or item.part is None:
            json.dumps(printing.lines([item]), ensure_ascii=False).encode()
            assert all(text.encode() is not None for text in texts(dataclasses.asdict(item)))


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts(name)
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def test_the_suite_found_something() -> None:
    found = {str(case) for case in CASES}
    assert {"sms:android", "sms:gammu", "sms:kannel", "sms:twilio"} <= found
    assert {"desk", "sms", "telegram", "web"} <= {case.key for case in CASES}
    assert len(FIXTURES) >= 40
    assert len(HOOKED) >= 40


@each_case
def test_every_dialect_has_fixtures_and_a_readme(case: Case) -> None:
    assert case.fixtures()
    readme = (registry.ROOT / case.key / "README.md").read_text("utf-8")
    assert (case.dialect or case.key) in readme.lower()


@each_fixture
def test_a_fixture_becomes_what_is_expected(fixture: Fixture) -> None:
    assert printing.lines(fixture.case.channel.parse(fixture.raw)) == fixture.expected


@each_fixture
def test_parsing_twice_is_equal_whenever_it_was_received(fixture: Fixture) -> None:
    first = fixture.case.channel.parse(fixture.raw)
    again = fixture.case.channel.parse(
        changed(fixture.raw, id="another", received_at=fixture.raw.received_at + timedelta(days=400))
    )
    assert first == again
    check_storable(first)


@pytest.mark.parametrize("fixture", HOOKED, ids=str)
def test_forged_an_account_without_secrets_proves_nothing(fixture: Fixture) -> None:
    with pytest.raises(VerificationFailed):
        fixture.case.channel.verify(request(fixture.raw), NOW)


@each_fixture
def test_truncated_gives_items_or_a_channel_error(fixture: Fixture) -> None:
    channel, raw = fixture.case.channel, fixture.raw
    for tenth in range(10):
        parsed(channel, changed(raw, body=raw.body[: len(raw.body) * tenth // 10]))
        parsed(channel, changed(raw, query=raw.query[: len(raw.query) * tenth // 10]))


@each_fixture
def test_wrong_charset_gives_items_or_a_channel_error(fixture: Fixture) -> None:
    channel, raw = fixture.case.channel, fixture.raw
    for body in (
        raw.body.decode("latin-1").encode("utf-16"),
        raw.body + b"\xff\xfe\x00\x81",
        raw.body.replace(b"a", b"\x00"),
        raw.body.replace(b"a", b"\\ud83d"),
        b"\xef\xbb\xbf" + raw.body,
    ):
        parsed(channel, changed(raw, body=body))


@each_fixture
def test_each_leaf_of_a_payload_is_untrusted(fixture: Fixture) -> None:
    channel, raw = fixture.case.channel, fixture.raw
    for body in mutations(raw.body):
        parsed(channel, changed(raw, body=body))
    for query in form_mutations(raw.query):
        parsed(channel, changed(raw, query=query))


def mutations(body: bytes) -> Iterator[bytes]:
    """The JSON body with one value after the other replaced, or the form with one field after the other."""
    try:
        value = json.loads(body)
    except ValueError:
        yield from (form.encode() for form in form_mutations(body.decode("latin-1")))
        return
    for replaced in replacements(value):
        yield json.dumps(replaced).encode()


def replacements(value: Any) -> Iterator[Any]:
    yield from (None, True, -1, 1e300, "", "\x00\ud800", [], {}, [[]], "9" * 400)
    if isinstance(value, dict):
        for name, child in value.items():
            yield {key: each for key, each in value.items() if key != name}
            for replaced in replacements(child):
                yield value | {name: replaced}
    elif isinstance(value, list):
        for at, child in enumerate(value):
            for replaced in replacements(child):
                yield [*value[:at], replaced, *value[at + 1 :]]


def form_mutations(form: str) -> Iterator[str]:
    fields = parse_qsl(form, keep_blank_values=True, encoding="latin-1")
    for at, (name, _) in enumerate(fields):
        yield urlencode([*fields[:at], *fields[at + 1 :]], encoding="latin-1")
        for value in ("", "\x00", "9" * 400, "%", "\xff\xfe"):
            yield urlencode([*fields[:at], (name, value), *fields[at + 1 :]], encoding="latin-1")


@each_case
def test_oversized_and_deeply_nested_give_items_or_a_channel_error(case: Case) -> None:
    channel, limit = case.channel, registry.manifests()[case.key].max_body
    assert 0 < limit <= 64 << 20
    raw = case.fixtures()[0].raw
    for body in (b"a" * (limit + 1), b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"&" * 10_000):
        parsed(channel, changed(raw, body=body))
        parsed(channel, changed(raw, body=body[:10_000], query=""))


@each_case
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_arbitrary_bytes_give_items_or_a_channel_error(case: Case, data: st.DataObject) -> None:
    judge(case, data)


@pytest.mark.slow
@each_case
@settings(max_examples=10_000, deadline=None)
@given(data=st.data())
def test_ten_thousand_payloads_give_items_or_a_channel_error(case: Case, data: st.DataObject) -> None:
    judge(case, data)


def judge(case: Case, data: st.DataObject) -> None:
    """Whatever the bytes are, only items or a channel error come out, and nothing is taken for the provider's."""
    raw = data.draw(
        st.builds(
            RawMessage,
            id=st.just("any"),
            account=st.just("any"),
            received_at=st.just(NOW),
            body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode) | spliced(case),
            query=st.just("") | st.text(st.characters(max_codepoint=255), max_size=100),
            headers=st.dictionaries(st.sampled_from(["content-type", "x-a"]), st.text(max_size=20), max_size=2),
            meta=st.just({}) | st.builds(lambda name: {"file": name}, st.text(max_size=40)),
        )
    )
    channel = case.channel
    parsed(channel, raw)
    if channel.capabilities.webhook:
        with pytest.raises(ChannelError):
            channel.verify(request(raw), NOW)


def spliced(case: Case) -> st.SearchStrategy[bytes]:
    """A fixture with a hole and something else in it, which comes further than noise."""
    bodies = [fixture.raw.body for fixture in case.fixtures() if fixture.raw.body] or [b""]

    @st.composite
    def build(draw: st.DrawFn) -> bytes:
        body = draw(st.sampled_from(bodies))
        start = draw(st.integers(0, len(body)))
        return body[:start] + draw(st.binary(max_size=12)) + body[start + draw(st.integers(0, 12)) :]

    return build()


@each_case
def test_an_item_that_cannot_be_read_says_so_without_the_citizens_words(case: Case) -> None:
    for fixture in case.fixtures():
        for item in fixture.case.channel.parse(fixture.raw):
            if isinstance(item, Malformed):
                assert len(item.error) < 200
                assert "masbupsiaga" not in item.error


@each_case
def test_flags_match_what_the_class_overrides(case: Case) -> None:
    channel = case.channel
    for flag, method in FLAGS.items():
        overridden = getattr(type(channel), method) is not getattr(Channel, method)
        if getattr(channel.capabilities, flag):
            assert overridden, f"{flag} is set, but {method} is the contract's own"
        elif overridden:
            with pytest.raises(NotImplementedError):
                getattr(channel, method)(*_arguments(method))
    assert channel.capabilities.replies or not channel.capabilities.receipts


def _arguments(method: str) -> tuple[object, ...]:
    nothing = RawMessage(id="", account="", received_at=NOW)
    return {"verify": (request(nothing), NOW), "poll": (None,), "send": (None,)}[method]


@each_case
def test_reply_options_need_no_provider_and_speak_to_the_officer(case: Case) -> None:
    for address in ("+628112626116", "TOKO", "12345", ""):
        conversation = Conversation(conversation_id=address, address=address, last_inbound_at=NOW)
        options = case.channel.reply_options(conversation, NOW)
        assert options.allowed or options.reason
        files = options.files or case.channel.capabilities.files
        assert (files.most > 0) == (files.largest > 0)
        assert case.channel.capabilities.replies or not files.most
        assert case.channel.length("jalan rusak", address) == len("jalan rusak")
        assert options == case.channel.reply_options(conversation, NOW)


@each_case
def test_settings_are_frozen_and_no_secret_has_a_default_but_none_at_all(case: Case) -> None:
    kind = registry.channel_type(case.key).settings_for(case.dialect)
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    for field in dataclasses.fields(kind):
        if any(word in field.name for word in ("secret", "password", "token", "signing_key")):
            assert field.default in {dataclasses.MISSING, ""}, field.name


def test_an_unknown_dialect_is_a_key_error() -> None:
    for manifest in registry.manifests().values():
        with pytest.raises(KeyError):
            registry.channel_type(manifest.key).settings_for("no-such-dialect")
