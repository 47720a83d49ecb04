"""LINE's files, health and registration against a strict stand-in on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from line_stand import BOT, HOOK, SITI, TOKEN, Line, line_at
from loopback import dead_address

from channels.contract import Obligation
from channels.errors import ChannelError, Expired, FetchFailed, FetchLater, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standins.request import Request

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 40


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with line_at(monkeypatch) as running:
        yield running


def owed(line: Line, kind: str = "image", content: bytes = JPEG, max_bytes: int = 1000) -> Obligation:
    (file,) = line.received(line.cloud.file(SITI, kind, content, "image/jpeg")).attachments
    return Obligation(ref=file.ref, url=file.url, deadline=None, max_bytes=max_bytes)


def test_a_file_is_fetched_by_its_messages_id_with_the_token(line: Line) -> None:
    media = line.channel().fetch(owed(line))
    assert (media.content, media.content_type) == (JPEG, "image/jpeg")


def test_a_large_file_comes_whole_and_no_larger_than_asked(line: Line) -> None:
    content = bytes(3 << 20)
    assert line.channel().fetch(owed(line, "video", content, 4 << 20)).content == content
    with pytest.raises(TooLarge):
        line.channel().fetch(owed(line, "video", content, (3 << 20) - 1))


def test_a_video_that_line_still_prepares_is_fetched_later(line: Line) -> None:
    obligation = owed(line, "video")
    assert obligation.ref is not None
    line.cloud.preparing[obligation.ref] = "processing"
    with pytest.raises(FetchLater, match="preparing"):
        line.channel().fetch(obligation)
    line.cloud.preparing[obligation.ref] = "failed"
    with pytest.raises(FetchFailed, match="could not prepare") as failed:
        line.channel().fetch(obligation)
    assert type(failed.value) is FetchFailed
    del line.cloud.preparing[obligation.ref]
    assert line.channel().fetch(obligation).content == JPEG


def test_what_line_no_longer_has_is_expired(line: Line) -> None:
    obligation = owed(line)
    assert obligation.ref is not None
    line.cloud.expired.add(obligation.ref)
    with pytest.raises(Expired):
        line.channel().fetch(obligation)
    del line.cloud.files[obligation.ref]
    line.cloud.expired.clear()
    with pytest.raises(Expired):
        line.channel().fetch(obligation)


@pytest.mark.parametrize("trouble", ["down", "server_error", "unauthorized", "lose_answer", "slow"])
def test_a_passing_fault_is_tried_again(line: Line, trouble: str) -> None:
    obligation = owed(line)
    setattr(line.faults, trouble, True)
    with pytest.raises(FetchLater) as failed:
        line.channel(timeout=0.3 if trouble == "slow" else 5.0).fetch(obligation)
    assert TOKEN not in str(failed.value)
    line.faults.released.set()


def test_a_throttled_or_unreachable_server_is_tried_again(line: Line) -> None:
    obligation = owed(line)
    line.faults.retry_after = "9"
    with pytest.raises(FetchLater) as failed:
        line.channel().fetch(obligation)
    assert failed.value.retry_after == 9
    with pytest.raises(FetchLater):
        line.channel(base=dead_address()).fetch(obligation)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/a.jpg", "http://10.0.0.1/a.jpg", "file:///etc/passwd"])
def test_an_address_in_a_message_reaches_no_private_network(line: Line, url: str | None) -> None:
    with pytest.raises(FetchFailed) as failed:
        line.channel().fetch(Obligation(ref=None, url=url, deadline=None, max_bytes=9))
    assert type(failed.value) is FetchFailed


def test_registration_has_line_deliver_here_and_try_it(line: Line) -> None:
    tried: list[Request] = []

    def reach(request: Request) -> int:
        tried.append(request)
        return 200

    line.cloud.reach = reach
    assert "ke mana pun" in line.channel().health().sentence
    line.channel().register()
    assert (line.cloud.endpoint, tried[0].url) == (HOOK, HOOK)
    assert line.channel().health().ok


@pytest.mark.parametrize(("status", "said"), [(0, "COULD_NOT_CONNECT"), (503, "ERROR_STATUS_CODE")])
def test_a_webhook_that_line_cannot_reach_says_why(line: Line, status: int, said: str) -> None:
    line.cloud.reach = lambda _: status
    with pytest.raises(ChannelError, match=said):
        line.channel().register()


def test_registration_fails_in_the_contracts_words(line: Line) -> None:
    with pytest.raises(ChannelError):
        line.channel(access_token="token-salah").register()
    with pytest.raises(ChannelError):
        line.channel(base=dead_address()).register()


def test_health_tells_what_is_wrong(line: Line) -> None:
    line.cloud.endpoint = "https://lama.example.org/rahasia-di-jalan"
    health = line.channel().health()
    assert (health.ok, "lama.example.org" in health.sentence, "rahasia" in health.sentence) == (False, True, False)
    line.cloud.endpoint, line.cloud.active = HOOK, False
    assert "Use webhook" in line.channel().health().sentence
    line.cloud.active = True
    assert "bukan bot" in line.channel(destination="U" + "9" * 32).health().sentence
    assert line.channel(destination=None).health().ok
    assert BOT in line.channel(destination=None).health().sentence
    assert "access_token" in line.channel(access_token="token-salah").health().sentence
    assert "tidak dapat dihubungi" in line.channel(base=dead_address()).health().sentence
    line.faults.down = True
    assert not line.channel().health().ok


def test_health_counts_the_months_messages(line: Line) -> None:
    line.cloud.endpoint = HOOK
    assert "0 pesan dikirim" in line.channel().health().sentence
    line.cloud.quota, line.cloud.pushed = 200, 100
    assert (line.channel().health().ok, "100 dari 200" in line.channel().health().sentence) == (True, True)
    line.cloud.pushed = 190
    assert not line.channel().health().ok
    assert line.mailroom.delivered() == []
