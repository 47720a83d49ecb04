"""Starts the processes of one machine in order, starts again what dies, and stops them in the reverse order."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import logging
import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dispatcher.processes import Process

log = logging.getLogger(__name__)

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0
HEALTHY_AFTER = 10.0  # seconds; then the next death counts as the first
ATTEMPTS = 3  # deaths before a child was ready for the first time
READY_POLL = 0.05
KILL_GRACE = 3.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class SupervisorError(Exception):
    """A child that never came up; the message says which and why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep running. `start` must not block for long, `ready` not at all.

    Without `ready` it counts as ready at once. A `once` child is ready when it has ended with 0, and is not started
    again. `ready` may raise when it knows why the child cannot come up.
    """

    name: str
    start: Callable[[], Process]
    ready: Callable[[], bool] | None = None
    once: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    stop_timeout: float = 10.0
    start_timeout: float = 60.0


class State(enum.Enum):
    """Where a child stands."""

    WAITING = enum.auto()  # to be started at `due`
    STARTING = enum.auto()
    READY = enum.auto()
    STOPPING = enum.auto()
    ENDED = enum.auto()


@dataclasses.dataclass(slots=True)
class Watched:
    """A child and what has happened to it. `since` and `due` are on the supervisor's clock."""

    child: Child
    state: State = State.WAITING
    process: Process | None = None
    since: float = 0.0
    due: float = 0.0
    delay: float = FIRST_DELAY
    deaths: int = 0
    was_ready: bool = False
    killed: bool = False


class Supervisor:
    """Single-threaded, so that its children may be forked. `run` returns after a stop signal.

    Every child leads a session of its own: what is left of that when the child dies is killed before its next start.
    """

    def __init__(self, children: Sequence[Child], clock: Callable[[], float] = time.monotonic) -> None:
        self._watched = [Watched(child) for child in children]
        self._clock = clock
        self._stops = 0
        self._failure: SupervisorError | None = None
        self._wakeup: tuple[socket.socket, socket.socket] | None = None

    @property
    def pids(self) -> dict[str, int]:
        """Of the children that run now, by name."""
        return {one.child.name: one.process.pid for one in self._watched if one.process is not None}

    def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Until SIGTERM, SIGINT or SIGHUP; a second one ends everything at once. `on_ready`: all are ready, once."""
        with self._signals():
            announced = False
            while not self.is_finished:
                self.step()
                if not announced and self._stops == 0 and all(one.was_ready for one in self._watched):
                    announced = True
                    if on_ready is not None:
                        on_ready()
                self._sleep()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Asks for an orderly stop; asked again, kills."""
        self._stops += 1
        if self._stops == 1:
            log.info("stopping")

    @property
    def is_finished(self) -> bool:
        """Whether a stop was asked for and nothing runs any more."""
        return self._stops > 0 and all(one.process is None for one in self._watched)

    def step(self) -> None:
        """Does everything that is due now, and waits for nothing."""
        now = self._clock()
        for one in self._watched:
            self._reap(one, now)
        if self._stops:
            self._stop_next(now)
            return
        for one in self._watched:
            self._start_if_due(one, now)
            self._check_ready(one, now)
            if not one.was_ready:
                break  # what stands after it needs it
        if self._failure is not None:
            self.stop()

    def _start_if_due(self, one: Watched, now: float) -> None:
        if one.state is not State.WAITING or now < one.due:
            return
        try:
            one.process = one.child.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are to go on running
            self._died(one, now, str(error), certain=True)
            return
        one.state, one.since = State.STARTING, now
        log.info("%s started (pid %d)", one.child.name, one.process.pid)

    def _check_ready(self, one: Watched, now: float) -> None:
        if one.state is State.READY and now - one.since >= HEALTHY_AFTER:
            one.delay = FIRST_DELAY
        if one.state is not State.STARTING or one.child.once:
            return
        try:
            is_ready = one.child.ready is None or one.child.ready()
        except Exception as error:  # noqa: BLE001 - the next step finds the child dead, or the time over
            log.debug("%s is not ready: %s", one.child.name, error)
            is_ready = False
        if is_ready:
            one.state, one.since, one.was_ready = State.READY, now, True
            log.info("%s is ready", one.child.name)
        elif not one.was_ready and now - one.since > one.child.start_timeout:
            self._fail(f"{one.child.name} was not ready after {one.child.start_timeout:.0f} s")

    def _reap(self, one: Watched, now: float) -> None:
        if one.process is None:
            return
        code = one.process.poll()
        if code is None:
            return
        pid, one.process = one.process.pid, None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if one.state is State.STOPPING or self._stops:
            one.state = State.ENDED
            log.info("%s stopped (%s)", one.child.name, describe(code))
        elif one.child.once and code == 0:
            one.state, one.was_ready = State.ENDED, True
            log.info("%s is done", one.child.name)
        else:
            self._died(one, now, self._reason(one, code))

    def _reason(self, one: Watched, code: int) -> str:
        """Why it never came up, where `ready` knows; of one that was up, how it ended."""
        if one.child.ready is not None and one.state is State.STARTING:
            try:
                one.child.ready()
            except Exception as error:  # noqa: BLE001 - this is the explanation
                return str(error)
        return describe(code)

    def _died(self, one: Watched, now: float, reason: str, *, certain: bool = False) -> None:
        one.deaths += 1
        if not one.was_ready and (certain or one.child.once or one.deaths >= ATTEMPTS):
            one.state = State.ENDED
            self._fail(f"{one.child.name} did not start: {reason}")
            return
        if one.state is State.READY and now - one.since >= HEALTHY_AFTER:
            one.delay = FIRST_DELAY
        one.state, one.due = State.WAITING, now + one.delay
        log.warning("%s ended (%s); starts again in %.1f s", one.child.name, reason, one.delay)
        one.delay = min(one.delay * 2, LONGEST_DELAY)

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = SupervisorError(reason)

    def _stop_next(self, now: float) -> None:
        """The last one that still runs; all at once when in a hurry."""
        running = [one for one in reversed(self._watched) if one.process is not None]
        for one in running if self._stops > 1 else running[:1]:
            self._stop_one(one, now)

    def _stop_one(self, one: Watched, now: float) -> None:
        if one.process is None:
            return
        if one.state is not State.STOPPING:
            one.state, one.due = State.STOPPING, now + one.child.stop_timeout
            if self._stops == 1:
                one.process.send_signal(one.child.stop_signal)
        if not one.killed and (self._stops > 1 or now >= one.due):
            log.warning("%s is ended at once", one.child.name)
            one.killed, one.due = True, now + KILL_GRACE
            one.process.send_signal(one.child.kill_signal)
        elif one.killed and now >= one.due:
            one.process.send_signal(signal.SIGKILL)

    def _sleep(self) -> None:
        """Until a signal comes, a child's end among them, or something is due."""
        if self._wakeup is None or self.is_finished:
            return
        wait = self._idle_time(self._clock())
        reader = self._wakeup[0]
        if select.select([reader], [], [], wait)[0]:
            reader.recv(4096)

    def _idle_time(self, now: float) -> float:
        if self._stops and not any(one.state is State.STOPPING for one in self._watched):
            return 0.0
        times = [HEALTHY_AFTER]
        for one in self._watched:
            if one.state is State.STARTING and not one.child.once:
                times.append(READY_POLL)
            elif (one.state is State.WAITING and one.due > now) or one.state is State.STOPPING:
                times.append(one.due - now)
        return max(0.0, min(times))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals become bytes on a socket, so that none is missed between a check and the next sleep."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._wakeup = (reader, writer)
        before = {number: signal.getsignal(number) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
        descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self.stop())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(descriptor)
            self._wakeup = None
            reader.close()
            writer.close()


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
