"""`muara forward`: a complaint is handed on to another jurisdiction's server, once, and never a confidential one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from channels.errors import ChannelError, OutcomeUnknown
from channels.forwarding import Complaint, forwarder
from commands.context import running
from commands.saying import fail, who
from dispatcher import pulse
from inbox.case.thread import veil_of
from inbox.i18n import in_english
from normalizer import ticket
from normalizer.text import mask_ids
from store import casefile, forwards
from store.forwards import BEGUN, FAILED, TAKEN, Step
from store.people import Person, Role

if TYPE_CHECKING:
    import uuid
    from typing import Any

    from channels.forwarding import Forwarder
    from config.settings import Settings
    from dispatcher.runtime import Runtime
    from store.casefile import File

#: What such a reader may see is what may leave the house.
_STRANGER = Person(id=0, username="", name="", role=Role.OFFICER, programs=frozenset(), unit=None, sees_identity=False)


def forward(settings: Settings, code: str, *, account: str, service: str, again: bool) -> None:
    """Hand the complaint on, or ask for the id that an earlier token stands for; says what the other side gave."""
    wanted = ticket.read(code)
    if wanted is None:
        fail(f"{code!r} is no ticket code")
    with running(settings) as runtime:
        ways = {name: way for name, each in runtime.accounts.items() if (way := forwarder(each.channel)) is not None}
        if account not in ways:
            fail(f"account {account!r} hands nothing on; those that do: {', '.join(sorted(ways)) or 'none'}")
        way = ways[account]
        begun = Step(account=account, service=service, step=BEGUN)
        with runtime.engine.connect() as connection:
            row = forwards.find(connection, wanted)
            if row is None:
                fail(f"there is no complaint {wanted}")
            before = forwards.last(connection, row.id, account)
        if before is not None and before.token and not before.id:
            _redeem(runtime, way, row.id, before)
            return
        _check_service(way, service)
        with runtime.engine.begin() as connection:
            row = forwards.find(connection, wanted)
            complaint = _leaving(casefile.read(connection, row.id))
            _check_once(forwards.last(connection, row.id, account), again=again)
            forwards.note(connection, row.id, begun, by=who(), now=runtime.clock())
        _post(runtime, way, row.id, complaint, begun)


def _check_service(way: Forwarder, service: str) -> None:
    try:
        known = dict(way.services())
    except ChannelError as error:
        fail(f"not handed on: {in_english(str(error))}")
    if service not in known:
        offered = ", ".join(f"{code} ({name})" for code, name in known.items())
        fail(f"there is no service {service!r}; there are: {offered}")


def _check_once(before: Step | None, *, again: bool) -> None:
    if before is None or before.step == FAILED:
        return
    if before.step == TAKEN:
        fail(f"it was handed on before, as {before.id or 'a request without an id'}")
    if not again:
        fail("nobody knows whether an earlier try arrived; look there, and say --again if it did not")


def _leaving(file: File) -> Complaint:
    """What of the complaint may leave; ends where nothing may."""
    row = file.complaint
    if row.rahasia:
        fail("a confidential complaint is not handed on")
    place: dict[str, Any] = row.place or {}
    if not place.get("label") and place.get("lat") is None:
        fail("the complaint has no place, which the other side wants")
    cover = veil_of(file, _STRANGER)
    lines = [line for line in file.messages if line.direction == "in" and line.withdrawn_at is None]
    words = [mask_ids(cover.text(line.revised if line.revised is not None else line.text)) for line in lines]
    name = next((line.name for line in lines if line.name), None)
    return Complaint(
        ticket=row.ticket,
        text="\n\n".join(each for each in words if each) or mask_ids(cover.text(row.subject)),
        name=None if row.anonim else name,
        lat=place.get("lat"),
        lon=place.get("lon"),
        address=cover.text(place.get("label")) or None,
    )


def _post(runtime: Runtime, way: Forwarder, complaint_id: uuid.UUID, complaint: Complaint, begun: Step) -> None:
    try:
        given = way.forward(complaint, begun.service)
    except OutcomeUnknown as error:
        fail(f"nobody knows whether it arrived: {in_english(str(error))}; look there before you say --again")
    except ChannelError as error:
        _note(runtime, complaint_id, dataclasses.replace(begun, step=FAILED))
        said = getattr(error, "description", "")
        fail(f"not handed on: {in_english(str(error))}" + (f" ({said})" if said else ""))
    step = dataclasses.replace(begun, step=TAKEN, id=given.external_id, token=given.token)
    _note(runtime, complaint_id, step)
    _say(complaint.ticket, step)
    if given.notice:
        click.echo(given.notice)


def _redeem(runtime: Runtime, way: Forwarder, complaint_id: uuid.UUID, before: Step) -> None:
    try:
        found = way.redeem(str(before.token))
    except ChannelError as error:
        fail(f"the token was not redeemed: {in_english(str(error))}")
    if found is None:
        click.echo(f"token {before.token} stands for no request yet; try again later")
        return
    step = dataclasses.replace(before, id=found)
    _note(runtime, complaint_id, step)
    _say("the complaint", step)


def _note(runtime: Runtime, complaint_id: uuid.UUID, step: Step) -> None:
    with runtime.engine.begin() as connection:
        forwards.note(connection, complaint_id, step, by=who(), now=runtime.clock())
    pulse.bump(runtime.redis)


def _say(what: str, step: Step) -> None:
    if step.id:
        click.echo(f"{what} was handed on as {step.id}")
    elif step.token:
        click.echo(f"{what} was handed on; token {step.token}: run this again later for its id")
    else:
        click.echo(f"{what} was handed on; the other side gives no id")
