"""What a route of the inbox is: an address, a view, and what it asks of whoever calls it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as BaseResponse

    from inbox.rights import Need

    View = Callable[..., BaseResponse]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An address below /inbox; `touch` says that a request there is an act of the officer's, not of his open page.

    `bare` routes are open to whoever's role asks for a second factor that he has not set up yet. A `shortcut` is asked
    before anything else is; what it answers is the answer, so it proves by itself whom it answers.
    """

    rule: str
    name: str
    view: View
    need: Need
    method: str = "GET"
    touch: bool = True
    bare: bool = False
    shortcut: Callable[[], BaseResponse | None] | None = None
