"""When Meta lets us answer: 24 hours, seven days with the human-agent tag, one private reply to a comment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from channels.contract import NO_FILES, How, ReplyOptions
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from channels.contract import Conversation
    from normalizer.messages import JSON

STANDARD: Final = timedelta(hours=24)
HUMAN_AGENT: Final = timedelta(days=7)
PRIVATE_REPLY: Final = timedelta(days=7)
COMMENT: Final = "comment:"
MENTION: Final = "mention:"

CommentReply = Literal["public", "private"]


def is_public(conversation_id: str) -> bool:
    """Is it a thread below a post, and not a direct conversation?"""
    return conversation_id.startswith((COMMENT, MENTION))


def is_private_reply(mode: CommentReply, hints: Mapping[str, JSON], purpose: str = "answer") -> bool:
    """Does what we write to a commenter go into his inbox?

    What is confidential must not stand below the comment; nor an automatic text, for it carries the ticket code.
    """
    return mode == "private" or purpose != "answer" or any(hints.get(flag) is True for flag in ("rahasia", "anonim"))


def message_window(conversation: Conversation, now: datetime, *, human_agent: bool) -> ReplyOptions:
    """The window of a direct conversation; the moment a window ends is already outside it."""
    last = conversation.last_inbound_at
    if last is None:
        return ReplyOptions(
            allowed=False, reason=say("Warga harus menulis lebih dahulu; Meta tidak mengizinkan kita memulai.")
        )
    end = last + (HUMAN_AGENT if human_agent else STANDARD)
    if now < last + STANDARD:
        return ReplyOptions(allowed=True, until=end)
    if now < end:
        return ReplyOptions(
            allowed=True,
            until=end,
            how=How.TAG,
            reason=say("Sudah lewat 24 jam: jawaban dikirim dengan tanda petugas (human agent), paling lambat 7 hari."),
        )
    passed = say("7 hari") if human_agent else say("24 jam")
    return ReplyOptions(
        allowed=False,
        reason=say(
            "Sudah lewat %(passed)s sejak warga terakhir menulis; Meta menutup percakapan ini sampai ia menulis lagi. "
            "Hubungi warga lewat saluran lain.",
            passed=passed,
        ),
    )


def comment_window(conversation: Conversation, now: datetime, mode: CommentReply) -> ReplyOptions:
    """Below a comment at any time; as a private reply once, within seven days of the comment."""
    if not is_private_reply(mode, conversation.hints):
        return ReplyOptions(allowed=True, files=NO_FILES)
    if conversation.sent:
        return ReplyOptions(
            allowed=False,
            reason=say(
                "Satu-satunya balasan pribadi untuk komentar ini sudah terkirim. Jawab di percakapan pribadi "
                "setelah warga membalasnya, atau hubungi warga lewat saluran lain."
            ),
        )
    last = conversation.last_inbound_at
    if last is None or now >= last + PRIVATE_REPLY:
        return ReplyOptions(
            allowed=False,
            reason=say(
                "Balasan pribadi hanya dapat dikirim dalam 7 hari setelah komentar ditulis. "
                "Hubungi warga lewat saluran lain."
            ),
        )
    return ReplyOptions(
        allowed=True,
        until=last + PRIVATE_REPLY,
        files=NO_FILES,
        reason=say("Hanya satu balasan pribadi yang dapat dikirim untuk komentar ini; tulislah dengan lengkap."),
    )
