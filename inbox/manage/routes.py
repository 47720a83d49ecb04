"""The routes of the administration: channels, quarantine, programs, and the page that leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inbox.manage import channel_acts, channels, programs, quarantine
from inbox.manage import page as manage
from inbox.rights import Need
from inbox.routing import Route

if TYPE_CHECKING:
    from inbox.routing import View


def _channel(name: str, view: View, need: Need = Need.OPERATE) -> Route:
    return Route(rule=f"/channels/<account>/{name}", name=f"channel_{name}", view=view, need=need, method="POST")


def _item(name: str, view: View, need: Need = Need.OPERATE) -> Route:
    rule = f"/quarantine/<int:item_id>/{name}"
    return Route(rule=rule, name=f"quarantine_{name}", view=view, need=need, method="POST")


ROUTES: Final = (
    Route(rule="/manage", name="manage", view=manage.show, need=Need.OVERSEE),
    Route(rule="/channels", name="channels", view=channels.show, need=Need.OVERSEE),
    Route(rule="/channels/<account>", name="channel", view=channels.one, need=Need.OVERSEE),
    _channel("check", channel_acts.check),
    _channel("pause", channel_acts.pause),
    _channel("resume", channel_acts.resume),
    _channel("test", channel_acts.test),
    _channel("expect", channel_acts.expect),
    Route(rule="/quarantine", name="quarantine", view=quarantine.show, need=Need.OVERSEE),
    Route(
        rule="/quarantine/replay",
        name="quarantine_replay_all",
        view=quarantine.replay_all,
        need=Need.OPERATE,
        method="POST",
    ),
    Route(rule="/quarantine/<int:item_id>", name="quarantined", view=quarantine.one, need=Need.OVERSEE),
    _item("reveal", quarantine.reveal, Need.OVERSEE),
    _item("cover", quarantine.cover, Need.OVERSEE),
    _item("replay", quarantine.replay_one),
    _item("dismiss", quarantine.dismiss),
    Route(rule="/programs", name="programs", view=programs.show, need=Need.OVERSEE),
    Route(rule="/programs/<key>", name="program", view=programs.one, need=Need.OVERSEE),
)
