"""An HTTP request as a provider would send it to a webhook."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Ready to be sent; `url` includes the query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
