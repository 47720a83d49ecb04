"""What X sends beside a post or a message (`includes`), and careful ways to read either."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from channels.x.ids import is_id, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

Thing = dict[str, Any]


class Unreadable(Exception):  # noqa: N818 - says what happened
    """A post or a message is not as documented; the text says where, without anybody's words."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The objects beside a post by their ids, and the account that it came to (`us`, a username in lower case)."""

    us: str
    users: Mapping[str, Thing]
    tweets: Mapping[str, Thing]
    media: Mapping[str, Thing]
    places: Mapping[str, Thing]

    @classmethod
    def read(cls, includes: Any, us: str) -> Self:
        """From the `includes` of one answer."""
        table = includes if isinstance(includes, dict) else {}
        return cls(
            us=us.lower(),
            users=_by(table.get("users"), "id"),
            tweets=_by(table.get("tweets"), "id"),
            media=_by(table.get("media"), "media_key"),
            places=_by(table.get("places"), "id"),
        )

    def username(self, user_id: Any) -> str | None:
        """The name after the @ of a user, where X told it."""
        return text(self.users.get(user_id, {}), "username") if isinstance(user_id, str) else None

    def is_us(self, user_id: Any) -> bool:
        """Is it the account itself?"""
        return (self.username(user_id) or "").lower() == self.us

    def protected(self, user_id: str) -> bool:
        """Are this user's posts for followers only?"""
        return self.users.get(user_id, {}).get("protected") is True


def _by(values: Any, key: str) -> Mapping[str, Thing]:
    return {each[key]: each for each in things(values) if isinstance(each.get(key), str)}


def things(value: Any) -> list[Thing]:
    """The objects in what should be a list of objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def thing(parent: Thing, name: str) -> Thing:
    """An object inside an object; an empty one where there is none."""
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def text(parent: Thing, name: str) -> str | None:
    """A text that is not empty."""
    value = parent.get(name)
    return value if isinstance(value, str) and value else None


def the_id(parent: Thing, name: str) -> str:
    """An id that must be there. Unreadable."""
    value = parent.get(name)
    if not is_id(value):
        raise Unreadable(f"{name}: missing, or not an id")
    return str(value)


def sent_at(parent: Thing, id_: str) -> datetime:
    """`created_at` where it can be read, else the time that the id holds."""
    value = parent.get("created_at")
    if not isinstance(value, str):
        return moment(id_)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Unreadable("created_at: not a time") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def words(value: str) -> str:
    """As the citizen typed it: X escapes three characters of every text."""
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
