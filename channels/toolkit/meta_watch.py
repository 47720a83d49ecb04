"""Is the token good, and does Meta deliver to us? Asked of debug_token and subscribed_apps, for an operator."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_client import GraphClient
from channels.toolkit.meta_fields import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels.contract import AccountInfo

#: An operator gets this long to make a new token.
_NOTICE: Final = timedelta(days=7)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Our Meta app. `client` speaks with the app's own token, made of its id and its secret."""

    app_id: str
    client: GraphClient

    @classmethod
    def of(cls, app_id: str, app_secret: str, base: str, timeout: float) -> App:
        """The app that the settings name."""
        return cls(app_id=app_id, client=GraphClient(base=base, token=f"{app_id}|{app_secret}", timeout=timeout))

    def hooks(self) -> dict[str, tuple[str, frozenset[str]]]:
        """For each object that the app listens to, the address and the fields. SendFailed."""
        rows = self.client.get(f"{self.app_id}/subscriptions").get("data")
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and row.get("active") is True:
                found[str(row.get("object"))] = (str(row.get("callback_url")), _names(row.get("fields")))
        return found


def token_trouble(app: App, token: str, *, owner: str, needed: Iterable[str]) -> str | None:
    """What is wrong with a token, or will be within a week; None where nothing is. SendFailed.

    `owner` is the page that it must belong to, `needed` the permissions that it must have.
    """
    state = app.client.get("debug_token", input_token=token).get("data")
    if not isinstance(state, dict):
        return "Meta does not say what the token is worth: ask again later."
    if state.get("is_valid") is not True:
        return "The token has expired or was revoked: make a new one and set it."
    if str(state.get("app_id")) != app.app_id:
        return "The token belongs to another app than app_id: make one with this app."
    if state.get("profile_id") is not None and str(state["profile_id"]) != owner:
        return f"The token belongs to page {state['profile_id']}, not to {owner}: set that page's token."
    missing = sorted(set(needed) - _names(state.get("scopes")))
    if missing:
        return f"The token lacks {', '.join(missing)}: grant it to the app and make a new token."
    return _ends(state.get("expires_at"), "The token expires") or _ends(
        state.get("data_access_expires_at"), "The app's access to the page's data ends"
    )


def missing_fields(client: GraphClient, node: str, app_id: str, fields: Iterable[str]) -> list[str]:
    """Which of the fields a page or account does not deliver to our app. SendFailed."""
    rows = client.get(f"{node}/subscribed_apps").get("data")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and str(row.get("id", app_id)) == app_id:
            return sorted(set(fields) - _names(row.get("subscribed_fields")))
    return sorted(fields)


def subscribe(client: GraphClient, node: str, fields: Iterable[str]) -> None:
    """Have a page or account deliver these fields to our app. SendFailed."""
    client.post(f"{node}/subscribed_apps", data={"subscribed_fields": ",".join(fields)})


def hook_trouble(app: App, object_name: str, fields: Iterable[str], account: AccountInfo) -> str | None:
    """What is wrong with where the app delivers an object, None where nothing is. SendFailed."""
    address, listened = app.hooks().get(object_name, ("", frozenset[str]()))
    if not _is_ours(address, account):
        where = "elsewhere" if address else "nowhere"
        return f"The app delivers {object_name} events {where}: run ./muara doctor --fix to have them delivered here."
    if silent := sorted(set(fields) - listened):
        return f"The app's webhook does not ask for {', '.join(silent)}: run ./muara doctor --fix."
    return None


def listen(app: App, object_name: str, fields: Iterable[str], account: AccountInfo, verify_token: str) -> None:
    """Have the object delivered to the account's hook, which Meta calls before it answers, unless it is. SendFailed."""
    wanted = tuple(fields)
    if hook_trouble(app, object_name, wanted, account) is None:
        return
    data = {
        "object": object_name,
        "callback_url": account.hook_url,
        "fields": ",".join(wanted),
        "include_values": "true",
        "verify_token": verify_token,
    }
    app.client.post(f"{app.app_id}/subscriptions", data=data)


def _is_ours(callback: str, account: AccountInfo) -> bool:
    """Is it a hook of this installation? Any account of the app may take what comes for its siblings."""
    return callback.rpartition("/")[0] == account.hook_url.rpartition("/")[0]


def _ends(value: Any, what: str) -> str | None:
    """A sentence where a token's time (0: never) ends within the notice."""
    end = moment(value)
    if end is None or end > datetime.now(UTC) + _NOTICE:
        return None
    return f"{what} on {end:%Y-%m-%d}: make a new token and set it before then."


def _names(value: Any) -> frozenset[str]:
    """Names that stand in a list as text, or as objects with a name."""
    rows = value if isinstance(value, list) else []
    names = (row.get("name") if isinstance(row, dict) else row for row in rows)
    return frozenset(name for name in names if isinstance(name, str))
