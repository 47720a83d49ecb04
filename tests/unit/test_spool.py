"""The spool keeps what it was given, byte for byte, or says that it took nothing."""

from __future__ import annotations

import datetime as dt
import errno
import os
import string
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.spool import Spool, SpoolError, TornError, decode, encode
from store.journal import Entry
from tests.gatewaykit import entry

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(max_size=40)
ENTRIES = st.builds(
    Entry,
    id=st.uuids(),
    account=st.text(string.ascii_lowercase, min_size=1),
    source=st.sampled_from(["webhook", "form"]),
    received_at=st.datetimes(min_value=dt.datetime(2020, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - Hypothesis
    day=st.dates(),
    query=TEXT,
    headers=st.dictionaries(TEXT, TEXT, max_size=3),
    body=st.none() | st.binary(max_size=200),
    blob=st.none() | TEXT,
    meta=st.dictionaries(TEXT, TEXT | st.integers() | st.booleans(), max_size=3),
)


@given(ENTRIES)
def test_an_entry_comes_back_as_it_was(original: Entry) -> None:
    back = decode(encode(original))
    assert back.meta == {**original.meta, "spooled": True}
    for name in ("id", "account", "source", "received_at", "day", "query", "headers", "body", "blob"):
        assert getattr(back, name) == getattr(original, name)


@given(ENTRIES, st.data())
def test_a_torn_file_is_recognised(original: Entry, data: st.DataObject) -> None:
    content = encode(original)
    end = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(TornError):
        decode(content[:end])


@given(ENTRIES, st.data())
def test_a_flipped_byte_is_recognised(original: Entry, data: st.DataObject) -> None:
    content = bytearray(encode(original))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        back = decode(bytes(content))
    except TornError:
        return
    # Only the spelling of a length ("0012") may change without changing what it says.
    assert encode(back) == encode(decode(encode(original)))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_torn(content: bytes) -> None:
    with pytest.raises(TornError):
        decode(content)


def test_files_wait_in_order_of_arrival(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "deep" / "spool")
    start = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    entries = [entry(b"%d" % n, received_at=start + dt.timedelta(milliseconds=n)) for n in (3, 1, 2)]
    for one in entries:
        spool.put(one)
    assert [spool.read(name).body for name in spool.names()] == [b"1", b"2", b"3"]
    assert spool.depth().pending == 3
    spool.remove(spool.names()[0])
    assert [spool.read(name).body for name in spool.names()] == [b"2", b"3"]


def test_the_same_entry_twice_is_one_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    one = entry()
    spool.put(one)
    spool.put(one)
    assert spool.depth().pending == 1


def test_file_and_folder_are_synced_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(handle: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")  # noqa: PTH112
        fsync(handle)

    def noted_rename(*arguments: Any, **options: Any) -> None:
        steps.append("rename")
        rename(*arguments, **options)

    spool = Spool(tmp_path)
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    spool.put(entry())
    assert steps == ["file", "rename", "folder"]


@pytest.mark.parametrize("call", ["write", "fsync", "open", "rename"])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    spool = Spool(tmp_path)
    spool.put(entry())

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(SpoolError, match="No space left"):
            spool.put(entry())
        if call != "rename":
            with pytest.raises(SpoolError):
                spool.probe()
    assert len(list(tmp_path.iterdir())) == 1


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:7]))
    spool = Spool(tmp_path)
    spool.put(entry(b"x" * 1000))
    assert spool.read(spool.names()[0]).body == b"x" * 1000


def test_a_real_limit_of_the_system_is_an_error(tmp_path: Path) -> None:
    script = """
import resource, signal, sys, pathlib
from gateway.spool import Spool, SpoolError
from tests.gatewaykit import entry
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
spool = Spool(pathlib.Path(sys.argv[1]))
spool.put(entry(b"small"))
try:
    spool.put(entry(bytes(100_000)))
except SpoolError:
    print(spool.depth().pending, len(list(spool.folder.iterdir())))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


def test_one_process_at_a_time_may_drain(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with spool.drainer() as mine, Spool(tmp_path).drainer() as other:
        assert mine
        assert not other
    with Spool(tmp_path).drainer() as again:
        assert again


def test_what_is_given_up_is_kept_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(entry())
    name = spool.names()[0]
    spool.give_up(name)
    assert spool.names() == []
    assert (spool.depth().pending, spool.depth().bad) == (0, 1)


def test_only_old_drafts_are_swept(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    old, new = tmp_path / "old.tmp", tmp_path / "new.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    spool.sweep_drafts()
    assert [path.name for path in tmp_path.iterdir()] == ["new.tmp"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    depth = Spool(tmp_path / "none").depth()
    assert (depth.pending, depth.bad, depth.oldest) == (0, 0, None)
