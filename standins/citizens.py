"""Plays the citizens: the opening in a few seconds, then a slow stream, each story once however often it is started."""

from __future__ import annotations

import logging
import random
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from standins.postman import Refused
from standins.steps import AskState, Say
from standins.stories import OPENING, later

if TYPE_CHECKING:
    import threading

    from standins.exchange import Exchange
    from standins.steps import Step
    from standins.story import Story
    from standins.town import Phone

log = logging.getLogger(__name__)

#: Minutes between two messages of one story.
_APART: Final = 4
_TICKET: Final = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
#: Seconds that a citizen waits for his ticket code before he gives up asking.
_PATIENCE: Final = 20.0


class Citizens:
    """`pace` is the mean time in seconds between two messages of the stream; 0 for no stream."""

    def __init__(self, exchange: Exchange, *, pace: float, seed: int, stop: threading.Event) -> None:
        self._exchange = exchange
        self._town = exchange.town
        self._pace = pace
        self._seed = seed
        self._stop = stop

    def play(self) -> None:
        """Until `stop` is set, or without a stream until the opening is over."""
        began = datetime.now(UTC)
        for story in OPENING:
            self._tell_once(story, began - timedelta(hours=story.hours))
        chance = random.Random(self._seed)
        number = 1
        while self._pace and not self._stop.is_set():
            while self._town.is_done(f"kemudian-{number}"):
                number += 1
            if not self._stop.wait(self._pace * chance.uniform(0.5, 1.5)):
                self._tell_once(later(number, self._seed), None)

    def _tell_once(self, story: Story, at: datetime | None) -> None:
        if self._stop.is_set() or self._town.is_done(story.key):
            return
        who = self._town.phone(story.who.kind, story.who.address, story.who.name)
        try:
            for number, step in enumerate(story.steps):
                moment = None if at is None else min(at + timedelta(minutes=number * _APART), datetime.now(UTC))
                self._do(who, step, moment)
        except (Refused, OSError, ValueError) as error:
            log.warning("the story %s did not get through: %s", story.key, error)
            if self._stop.is_set():
                return
        self._town.done(story.key)

    def _do(self, who: Phone, step: Step, at: datetime | None) -> None:
        if isinstance(step, AskState):
            step, at = Say(text=step.text.format(ticket=self._ticket(who))), None
        self._exchange.do(who, step, at)

    def _ticket(self, who: Phone) -> str:
        """The code on the citizen's phone, once it is there. ValueError."""
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up:
            for line in reversed(self._town.lines(who.id)):
                found = None if line.mine else _TICKET.search(line.text)
                if found:
                    return found[0]
            if self._stop.wait(0.2):
                break
        raise ValueError("no ticket code came back")
