"""Is the token good, and does Meta deliver to us? Asked of debug_token and subscribed_apps, for an operator."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_client import GraphClient
from channels.toolkit.meta_fields import moment
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def token_trouble(app: App, token: str, *, owner: str, needed: Iterable[str]) -> Sentence | None:
    """What is wrong with a token, or will be within a week; None where nothing is. SendFailed.

    `owner` is the page that it must belong to, `needed` the permissions that it must have.
    """
    state = app.client.get("debug_token", input_token=token).get("data")
    if not isinstance(state, dict):
        return say("Meta tidak memberi tahu keadaan token: periksa lagi nanti.")
    return _wrong_token(app, state, owner) or _weak_token(state, needed)


def _wrong_token(app: App, state: Mapping[str, Any], owner: str) -> Sentence | None:
    if state.get("is_valid") is not True:
        return say("Token kedaluwarsa atau dicabut: buat yang baru, lalu pasang.")
    if str(state.get("app_id")) != app.app_id:
        return say("Token milik aplikasi lain, bukan app_id: buat dengan aplikasi ini.")
    if state.get("profile_id") is not None and str(state["profile_id"]) != owner:
        return say(
            "Token ini milik halaman %(found)s, bukan %(owner)s: pasang token halaman itu.",
            found=str(state["profile_id"]),
            owner=owner,
        )
    return None


def _weak_token(state: Mapping[str, Any], needed: Iterable[str]) -> Sentence | None:
    if missing := sorted(set(needed) - _names(state.get("scopes"))):
        scopes = ", ".join(missing)
        return say("Token tanpa izin %(scopes)s: beri aplikasi izin itu, lalu buat token baru.", scopes=scopes)
    if end := _ends(state.get("expires_at")):
        return say("Token berakhir %(day)s: buat yang baru dan pasang sebelum itu.", day=end)
    if end := _ends(state.get("data_access_expires_at")):
        return say("Akses aplikasi ke data halaman berakhir %(day)s: buat token baru dan pasang sebelum itu.", day=end)
    return None


def delivers(who: Sentence, every: float | None) -> Sentence:
    """That all is well; what was missed is asked for `every` so many seconds, or never."""
    if every is None:
        return say("%(who)s mengantar ke webhook kita; yang terlewat tidak dijemput.", who=who)
    return say(
        "%(who)s mengantar ke webhook kita; yang terlewat dijemput tiap %(seconds)s detik.",
        who=who,
        seconds=f"{every:g}",
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


def hook_trouble(app: App, object_name: str, fields: Iterable[str], account: AccountInfo) -> Sentence | None:
    """What is wrong with where the app delivers an object, None where nothing is. SendFailed."""
    address, listened = app.hooks().get(object_name, ("", frozenset[str]()))
    if not _is_ours(address, account):
        if address:
            where = say("Aplikasi mengantar %(object)s ke tempat lain", object=object_name)
        else:
            where = say("Aplikasi belum mengantar %(object)s ke mana pun", object=object_name)
        return say("%(where)s: jalankan ./muara doctor --fix agar diantar ke sini.", where=where)
    if silent := sorted(set(fields) - listened):
        return say(
            "Webhook aplikasi tidak meminta %(fields)s: jalankan ./muara doctor --fix.", fields=", ".join(silent)
        )
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


def _ends(value: Any) -> str | None:
    """The day, where a token's time (0: never) ends within the notice."""
    end = moment(value)
    if end is None or end > datetime.now(UTC) + _NOTICE:
        return None
    return f"{end:%Y-%m-%d}"


def _names(value: Any) -> frozenset[str]:
    """Names that stand in a list as text, or as objects with a name."""
    rows = value if isinstance(value, list) else []
    names = (row.get("name") if isinstance(row, dict) else row for row in rows)
    return frozenset(name for name in names if isinstance(name, str))
