"""Messages a second from journal to queue, beside RQ with one no-op job a message: `python -m bench.drain`.

The messages stand in the journal; real worker processes take them through parsing, normalising, threading and all
writes, acknowledgements included. RQ's default worker runs jobs that do nothing, on the same Valkey, right after.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import redis
from rq import Queue, Worker

import worker
from bench.house import SECRET, configuration
from bench.servers import facts, servers
from config.settings import load
from dispatcher import bells
from dispatcher.bells import Bell
from standins import kannel
from store.engine import connect
from store.journal import Entry, insert, new_id
from worker import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from config.settings import Settings

#: Seconds for one turn, far more than it takes.
PATIENCE = 120.0
WORDS = (
    "masbupsiaga jalan di depan pasar Comal berlubang sdh 3 bulan, mohon segera diperbaiki",
    "Mas Bup Siaga: lampu jalan RT 02/03 desa Karanganyar kec Moga mati, rawan kecelakaan",
    "sampah di belakang pasar Randudongkal menumpuk dan bau, tolong diangkut pak 🙏",
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5000, help="conversations; a tenth of them write again")
    parser.add_argument("--jobs", type=int, default=300, help="no-op jobs for RQ")
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    machine = facts()
    rates: dict[str, list[float]] = {"one drain worker": [], "two drain workers": [], "RQ, a no-op job a message": []}
    with servers() as (folder, database_url, redis_url):
        config = configuration(folder, "http://127.0.0.1:9")
        settings = load(config, {"data_dir": str(folder), "log_level": "warning"}, {})
        for turn in range(options.turns):
            for count, name in enumerate(list(rates)[:2], start=1):
                messages = entries(f"{turn}{count}", options.messages)
                rates[name].append(drained(settings, database_url, redis_url, messages, workers=count))
            rates["RQ, a no-op job a message"].append(rq_rate(redis_url, options.jobs))
    show(rates, machine)


def show(rates: dict[str, list[float]], machine: str) -> None:
    """Ratio first: as many workers as an installation has by default."""
    medians = {name: statistics.median(found) for name, found in rates.items()}
    _, default, jobs = medians
    print(f"{default} / RQ: {medians[default] / medians[jobs]:.0f} x")
    print(machine)
    for name, rate in medians.items():
        turns = ", ".join(f"{one:.0f}" for one in rates[name])
        print(f"{name:28} {rate:7.0f}/s   {rate / medians[jobs]:3.0f} x   ({turns})")


def entries(name: str, conversations: int) -> list[Entry]:
    """Half of them by SMS, half by Telegram; a tenth write a second time."""
    found: list[Entry] = []
    for number in [*range(conversations), *range(0, conversations, 10)]:
        text = WORDS[number % len(WORDS)]
        ident = f"{name}{len(found):06d}"
        if number % 2:
            found.append(by_sms(f"62811{name}{number:05d}", ident, text))
        else:
            found.append(by_bot(int(f"{name}{number:06d}"), int(ident), text))
    return found


def by_sms(sender: str, ident: str, text: str) -> Entry:
    """As Kannel's get-url brings it, journalled without the secret."""
    request = kannel.incoming("/", SECRET, sender=sender, receiver="1708", text=text, id=ident)
    query = request.url.partition("?")[2].replace(f"secret={SECRET}&", "")
    return entry("sms", query=query)


def by_bot(chat: int, ident: int, text: str) -> Entry:
    """A Telegram update."""
    person = {"id": chat, "is_bot": False, "first_name": "Warga", "language_code": "id"}
    message = {
        "message_id": ident,
        "from": person,
        "chat": {"id": chat, "type": "private", "first_name": "Warga"},
        "date": int(time.time()),
        "text": text,
    }
    return entry("bot", body=json.dumps({"update_id": ident, "message": message}).encode())


def entry(account: str, **content: Any) -> Entry:
    """A journal row of now."""
    now = dt.datetime.now(dt.UTC)
    return Entry(id=new_id(), account=account, source="webhook", received_at=now, day=now.date(), **content)


def drained(settings: Settings, database_url: str, redis_url: str, messages: list[Entry], *, workers: int) -> float:
    """Messages a second, from the ring until the last one has its outcome."""
    engine = connect(database_url)
    with engine.begin() as connection:
        for start in range(0, len(messages), 1000):
            insert(connection, messages[start : start + 1000])
    with drain_workers(settings, database_url, redis_url, workers):
        client = redis.Redis.from_url(redis_url)
        began = time.perf_counter()
        bells.ring(client, Bell.DRAIN)
        if workers > 1:
            bells.answered(client, Bell.DRAIN)
            bells.ring(client, Bell.DRAIN)
        while unfinished(engine):
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError("the journal is not drained")
            time.sleep(0.05)
        took = time.perf_counter() - began
        client.close()
    engine.dispose()
    return len(messages) / took


def unfinished(engine: Engine) -> bool:
    """Whether anything is still on its way."""
    with engine.connect() as connection:
        sql = (
            "SELECT EXISTS (SELECT 1 FROM journal WHERE parsed_at IS NULL)"
            " OR EXISTS (SELECT 1 FROM item WHERE state = 'new')"
        )
        return bool(connection.exec_driver_sql(sql).scalar_one())


@contextlib.contextmanager
def drain_workers(settings: Settings, database_url: str, redis_url: str, count: int) -> Iterator[None]:
    """Worker processes as `muara up` runs them, warm and waiting."""
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(
            target=worker.run,
            args=(Role.DRAIN, settings),
            kwargs={"database_url": database_url, "redis_url": redis_url},
        )
        for _ in range(count)
    ]
    client = redis.Redis.from_url(redis_url)
    for process in processes:
        process.start()
    while Worker.count(queue=Queue(Bell.DRAIN.value, connection=client)) < count:
        time.sleep(0.05)
    client.close()
    try:
        yield
    finally:
        for process in processes:
            os.kill(process.pid or 0, signal.SIGTERM)
            process.join(20)


def rq_rate(redis_url: str, jobs: int) -> float:
    """Jobs a second of `rq worker`, which forks for each, from the start of the first to the end of the last."""
    client = redis.Redis.from_url(redis_url)
    queue = Queue("noop", connection=client)
    made = [queue.enqueue(time.monotonic) for _ in range(jobs)]
    command = [sys.executable, "-m", "rq.cli", "worker", "noop", "--burst", "--quiet", "--url", redis_url]
    subprocess.run(command, check=True)
    for job in made:
        job.refresh()  # type: ignore[no-untyped-call] # rq does not type it
    first = min(job.started_at for job in made if job.started_at is not None)
    last = max(job.ended_at for job in made if job.ended_at is not None)
    client.close()
    return jobs / (last - first).total_seconds()


if __name__ == "__main__":
    main()
