"""What an administrator sets for one Instagram professional account."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

from channels.toolkit.meta import GRAPH
from channels.toolkit.meta_settings import MetaSettings, check_id

INSTAGRAM_GRAPH: Final = GRAPH.replace("graph.facebook.com", "graph.instagram.com")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InstagramSettings(MetaSettings):
    """One account; ValueError names what cannot be used.

    `account_id` is the professional account's number as the webhook names it (17841…), `username` its name without @.
    With `login = "facebook"` the `token` is that of the page `page_id` which the account is linked to; with
    `"instagram"` it is the account's own, and there is no page. An empty `base_url` is Meta's for that log-in.
    """

    account_id: str
    username: str = ""
    login: Literal["facebook", "instagram"] = "facebook"
    page_id: str = ""
    base_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        MetaSettings.__post_init__(self)
        check_id("account_id", self.account_id)
        if self.login not in {"facebook", "instagram"}:
            raise ValueError("login: must be facebook or instagram")
        if self.login == "facebook":
            check_id("page_id", self.page_id)

    @property
    def base(self) -> str:
        """The API's address."""
        return self.base_url or (GRAPH if self.login == "facebook" else INSTAGRAM_GRAPH)

    @property
    def node(self) -> str:
        """Whose edges messages and conversations are: the page's, or the account's own."""
        return self.page_id if self.login == "facebook" else self.account_id
