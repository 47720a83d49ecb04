"""The supervisor's order, its patience and its stop, with made-up processes and a made-up clock."""

from __future__ import annotations

import dataclasses
import signal

import pytest

from dispatcher.supervisor import Child, Supervisor, SupervisorError, describe

# A process group that cannot exist, so that clearing up after a made-up child touches nobody.
NO_GROUP = 2**22 + 5


@dataclasses.dataclass
class Made:
    name: str
    events: list[str]
    heeds: frozenset[int]
    pid: int = NO_GROUP
    code: int | None = None

    def poll(self) -> int | None:
        return self.code

    def send_signal(self, sig: int, /) -> None:
        self.events.append(f"{self.name} {signal.Signals(sig).name}")
        if sig in self.heeds and self.code is None:
            self.code = -sig


class House:
    """Children whose deaths and readiness the test decides."""

    def __init__(self) -> None:
        self.now = 100.0
        self.events: list[str] = []
        self.running: dict[str, Made] = {}
        self.ready: dict[str, bool] = {}
        self.heeds = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL})

    def child(self, name: str, *, waits: bool = False, **options: object) -> Child:
        def start() -> Made:
            self.events.append(f"{name} start")
            self.running[name] = Made(name, self.events, self.heeds)
            return self.running[name]

        ready = (lambda: self.ready.get(name, False)) if waits else None
        return Child(name=name, start=start, ready=ready, **options)  # type: ignore[arg-type]

    def supervise(self, *children: Child) -> Supervisor:
        return Supervisor(children, clock=lambda: self.now)

    def die(self, name: str, code: int = 1) -> None:
        self.running[name].code = code

    def pass_time(self, supervisor: Supervisor, seconds: float) -> None:
        self.now += seconds
        supervisor.step()

    def failure(self, supervisor: Supervisor) -> str:
        assert supervisor.is_finished  # else `run` would go on for good
        with pytest.raises(SupervisorError) as failed:
            supervisor.run()
        return str(failed.value)

    def take_events(self) -> list[str]:
        taken, self.events[:] = list(self.events), []
        return taken


@pytest.fixture
def house() -> House:
    return House()


def test_children_start_in_order_each_after_the_one_before_is_ready(house: House) -> None:
    supervisor = house.supervise(house.child("database", waits=True), house.child("worker"), house.child("web"))
    supervisor.step()
    supervisor.step()
    assert house.take_events() == ["database start"]
    house.ready["database"] = True
    supervisor.step()
    assert house.take_events() == ["worker start", "web start"]


def test_a_once_child_holds_up_the_next_until_it_has_ended_well(house: House) -> None:
    supervisor = house.supervise(house.child("migrate", once=True), house.child("worker"))
    supervisor.step()
    assert house.take_events() == ["migrate start"]
    house.die("migrate", 0)
    supervisor.step()
    assert house.take_events() == ["worker start"]
    house.pass_time(supervisor, 100)
    assert house.take_events() == []


def test_a_once_child_that_fails_is_fatal(house: House) -> None:
    supervisor = house.supervise(house.child("migrate", once=True), house.child("worker"))
    supervisor.step()
    house.die("migrate", 3)
    supervisor.step()
    assert house.failure(supervisor) == "migrate did not start: exit code 3"
    assert house.take_events() == ["migrate start"]


def test_a_dead_child_comes_back_and_the_others_are_left_alone(house: House) -> None:
    house.ready["database"] = True
    supervisor = house.supervise(house.child("database", waits=True), house.child("worker"))
    supervisor.step()
    house.take_events()
    house.die("database", -9)
    supervisor.step()
    assert house.take_events() == []
    house.pass_time(supervisor, 0.25)
    assert house.take_events() == ["database start"]


def test_the_delay_doubles_to_five_seconds_and_starts_anew_after_ten_of_health(house: House) -> None:
    supervisor = house.supervise(house.child("worker"))
    supervisor.step()
    for delay in (0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0):
        house.die("worker")
        supervisor.step()
        house.take_events()
        house.pass_time(supervisor, delay - 0.05)
        assert house.take_events() == []
        house.pass_time(supervisor, 0.1)
        assert house.take_events() == ["worker start"]
    house.now += 11
    house.die("worker")
    supervisor.step()
    house.pass_time(supervisor, 0.25)
    assert house.take_events() == ["worker start"]


def test_a_child_that_dies_three_times_before_it_was_ready_is_fatal_and_the_rest_is_stopped(house: House) -> None:
    supervisor = house.supervise(house.child("database"), house.child("worker", waits=True))
    supervisor.step()
    for _ in range(3):
        house.die("worker", 1)
        supervisor.step()
        house.pass_time(supervisor, 6)
    assert house.take_events() == [
        "database start",
        *["worker start"] * 3,
        "database SIGTERM",
    ]
    supervisor.step()
    assert house.failure(supervisor) == "worker did not start: exit code 1"


def test_readiness_can_explain_why_a_child_died(house: House) -> None:
    def ready() -> bool:
        raise RuntimeError("The disk is full.")

    supervisor = house.supervise(dataclasses.replace(house.child("database"), ready=ready))
    for _ in range(3):
        house.pass_time(supervisor, 6)
        house.die("database")
        supervisor.step()
    assert house.failure(supervisor) == "database did not start: The disk is full."


def test_of_a_child_that_was_up_the_log_says_how_it_ended(house: House, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([True])

    def ready() -> bool:
        if next(answers, False):
            return True
        raise RuntimeError("Valkey did not start.")

    supervisor = house.supervise(dataclasses.replace(house.child("valkey"), ready=ready))
    supervisor.step()
    house.die("valkey", -signal.SIGKILL)
    with caplog.at_level("WARNING"):
        supervisor.step()
    assert caplog.messages == ["valkey ended (killed by SIGKILL); starts again in 0.2 s"]


def test_a_start_that_raises_is_fatal_at_first_and_tried_again_later(house: House) -> None:
    def refuse() -> Made:
        raise OSError("port in use")

    with pytest.raises(SupervisorError, match="web did not start: port in use"):
        house.supervise(Child(name="web", start=refuse)).run()

    worker = house.child("worker")
    broken: list[bool] = []

    def start() -> Made:
        if broken:
            broken.clear()
            raise OSError("no more processes")
        return worker.start()  # type: ignore[return-value]

    supervisor = house.supervise(dataclasses.replace(worker, start=start))
    supervisor.step()
    broken.append(True)
    house.die("worker")
    supervisor.step()
    house.pass_time(supervisor, 0.3)
    house.pass_time(supervisor, 1.0)
    assert house.take_events() == ["worker start", "worker start"]


def test_a_child_that_never_gets_ready_is_fatal_after_its_time(house: House) -> None:
    supervisor = house.supervise(house.child("database", waits=True, start_timeout=30.0))
    supervisor.step()
    house.pass_time(supervisor, 29)
    assert not supervisor.is_finished
    assert "database SIGTERM" not in house.events
    house.pass_time(supervisor, 2)
    house.pass_time(supervisor, 0.1)
    supervisor.step()
    assert house.failure(supervisor) == "database was not ready after 30 s"


def test_the_stop_goes_backwards_one_by_one_with_each_child_s_own_signal(house: House) -> None:
    supervisor = house.supervise(house.child("database", stop_signal=signal.SIGINT), house.child("worker"))
    supervisor.step()
    house.take_events()
    supervisor.stop()
    supervisor.step()
    assert house.take_events() == ["worker SIGTERM"]
    supervisor.step()
    assert house.take_events() == ["database SIGINT"]
    supervisor.step()
    assert supervisor.is_finished
    assert house.take_events() == []


def test_who_does_not_stop_in_time_is_killed(house: House) -> None:
    house.heeds = frozenset({signal.SIGKILL})
    supervisor = house.supervise(house.child("database", stop_timeout=5.0, kill_signal=signal.SIGQUIT))
    supervisor.step()
    supervisor.stop()
    supervisor.step()
    house.pass_time(supervisor, 4.9)
    assert house.take_events() == ["database start", "database SIGTERM"]
    house.pass_time(supervisor, 0.2)
    assert house.take_events() == ["database SIGQUIT"]
    house.pass_time(supervisor, 3.1)
    assert house.take_events() == ["database SIGKILL"]
    supervisor.step()
    assert supervisor.is_finished


def test_a_second_stop_ends_all_at_once(house: House) -> None:
    supervisor = house.supervise(house.child("database", kill_signal=signal.SIGQUIT), house.child("worker"))
    supervisor.step()
    house.take_events()
    supervisor.stop()
    supervisor.stop()
    supervisor.step()
    assert sorted(house.take_events()) == ["database SIGQUIT", "worker SIGKILL"]
    supervisor.step()
    assert supervisor.is_finished


def test_pids_names_what_runs(house: House) -> None:
    supervisor = house.supervise(house.child("worker"))
    assert supervisor.pids == {}
    supervisor.step()
    assert supervisor.pids == {"worker": NO_GROUP}


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (-9, "killed by SIGKILL"), (-250, "killed by signal 250")]
)
def test_an_exit_code_in_words(code: int, words: str) -> None:
    assert describe(code) == words
