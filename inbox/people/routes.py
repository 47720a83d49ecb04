"""The routes of signing in and of the officers' administration."""

from __future__ import annotations

from typing import Final

from inbox.people import account, forgotten, language, login, second, single, users, welcome
from inbox.rights import Need
from inbox.routing import Route

ROUTES: Final = (
    Route(rule="/login", name="login", view=login.show, need=Need.NOTHING),
    Route(rule="/login", name="log_in", view=login.log_in, need=Need.NOTHING, method="POST"),
    Route(rule="/login/code", name="code", view=second.ask, need=Need.NOTHING),
    Route(rule="/login/code", name="check_code", view=second.check, need=Need.NOTHING, method="POST"),
    Route(rule="/login/sso", name="sso", view=single.start, need=Need.NOTHING),
    Route(rule="/login/sso/back", name="sso_back", view=single.back, need=Need.NOTHING),
    Route(rule="/forgotten", name="forgotten", view=forgotten.show, need=Need.NOTHING),
    Route(rule="/forgotten", name="ask_reset", view=forgotten.ask, need=Need.NOTHING, method="POST"),
    *language.ROUTES,
    Route(rule="/logout", name="logout", view=login.log_out, need=Need.READ, method="POST", bare=True),
    Route(rule="/invite/<token>", name="welcome", view=welcome.show, need=Need.NOTHING),
    Route(rule="/invite/<token>", name="choose_password", view=welcome.choose, need=Need.NOTHING, method="POST"),
    Route(rule="/me", name="me", view=account.show, need=Need.READ),
    Route(rule="/me/password", name="my_password", view=account.password, need=Need.READ, method="POST"),
    Route(rule="/me/sessions", name="my_sessions", view=account.end, need=Need.READ, method="POST"),
    Route(rule="/me/second", name="second", view=second.show, need=Need.READ, bare=True),
    Route(rule="/me/second", name="second_enable", view=second.enable, need=Need.READ, method="POST", bare=True),
    Route(rule="/me/second/change", name="second_change", view=second.change, need=Need.READ, method="POST"),
    Route(rule="/users", name="users", view=users.show, need=Need.USERS),
    Route(rule="/users/new", name="user_form", view=users.form, need=Need.USERS),
    Route(rule="/users/new", name="user_invite", view=users.invite, need=Need.USERS, method="POST"),
    Route(rule="/users/<int:officer_id>", name="user", view=users.one, need=Need.USERS),
    Route(rule="/users/<int:officer_id>", name="user_change", view=users.change, need=Need.USERS, method="POST"),
    Route(rule="/users/<int:officer_id>/link", name="user_link", view=users.link, need=Need.USERS, method="POST"),
    Route(rule="/users/<int:officer_id>/active", name="user_active", view=users.active, need=Need.USERS, method="POST"),
    Route(rule="/users/<int:officer_id>/second", name="user_second", view=users.second, need=Need.USERS, method="POST"),
)
