"""What an administrator sets for one Facebook page."""

from __future__ import annotations

import dataclasses

from channels.toolkit.meta_settings import MetaSettings, check_id


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FacebookSettings(MetaSettings):
    """One page; `page_id` is its number, `token` the page's access token. ValueError names what cannot be used."""

    page_id: str

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        MetaSettings.__post_init__(self)
        check_id("page_id", self.page_id)
