"""When Meta lets us answer, at the very seconds where a window opens or closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import Conversation, How
from channels.toolkit.meta_windows import comment_window, is_private_reply, message_window

if TYPE_CHECKING:
    from channels.contract import ReplyOptions

WROTE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DAY, WEEK, MOMENT = timedelta(hours=24), timedelta(days=7), timedelta(microseconds=1)


def direct(after: timedelta, *, human_agent: bool = False, wrote: datetime | None = WROTE) -> ReplyOptions:
    conversation = Conversation(conversation_id="1:2", address="2", last_inbound_at=wrote)
    return message_window(conversation, WROTE + after, human_agent=human_agent)


def comment(after: timedelta, mode: Any, *, sent: int = 0, **hints: bool) -> ReplyOptions:
    conversation = Conversation(
        conversation_id="comment:1_2:3", address="3", last_inbound_at=WROTE, hints=hints, sent=sent
    )
    return comment_window(conversation, WROTE + after, mode)


def test_a_day_is_free_and_its_end_is_outside() -> None:
    for after in (timedelta(), DAY - MOMENT):
        assert direct(after) == direct(timedelta())
        assert (direct(after).allowed, direct(after).how, direct(after).until) == (True, How.FREE, WROTE + DAY)
    for after in (DAY, WEEK):
        shut = direct(after)
        assert (shut.allowed, shut.until) == (False, None)
        assert shut.reason is not None
        assert "24 jam" in shut.reason


def test_with_human_agent_officers_have_a_week() -> None:
    free = direct(DAY - MOMENT, human_agent=True)
    assert (free.allowed, free.how, free.until) == (True, How.FREE, WROTE + WEEK)
    for after in (DAY, WEEK - MOMENT):
        tagged = direct(after, human_agent=True)
        assert (tagged.allowed, tagged.how, tagged.until) == (True, How.TAG, WROTE + WEEK)
    shut = direct(WEEK, human_agent=True)
    assert not shut.allowed
    assert shut.reason is not None
    assert "7 hari" in shut.reason


def test_nobody_is_written_to_first() -> None:
    assert not direct(timedelta(), wrote=None).allowed


def test_below_a_comment_at_any_time() -> None:
    assert comment(timedelta(days=400), "public", sent=5).allowed


def test_one_private_reply_within_a_week() -> None:
    open_ = comment(WEEK - MOMENT, "private")
    assert (open_.allowed, open_.how, open_.until) == (True, How.FREE, WROTE + WEEK)
    assert not comment(WEEK, "private").allowed
    again = comment(timedelta(), "private", sent=1)
    assert not again.allowed
    assert again.reason is not None
    assert "Satu-satunya" in again.reason


@pytest.mark.parametrize("flag", ["rahasia", "anonim"])
def test_what_is_confidential_is_answered_privately_even_where_comments_are_public(flag: str) -> None:
    assert comment(timedelta(), "public", **{flag: True}).until == WROTE + WEEK
    assert not comment(WEEK, "public", **{flag: True}).allowed
    assert comment(WEEK, "public", **{flag: False}).allowed
    assert is_private_reply("public", {flag: True})


def test_automatic_texts_hold_the_code_and_are_private() -> None:
    assert is_private_reply("public", {}, "ack")
    assert not is_private_reply("public", {}, "answer")
    assert is_private_reply("private", {}, "answer")
