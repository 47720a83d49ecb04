"""./muara on machines of several kinds, with a lock of one small package so that nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CLI = """
import os, sys
import muara_probe
print("ran", muara_probe.VERSION, os.getcwd(), sys.argv[1:], sys.prefix)
"""


def write_wheel(folder: Path, version: str) -> str:
    """A package of one line; returns its line for the lock."""
    folder.mkdir(exist_ok=True)
    wheel = folder / f"muara_probe-{version}-py3-none-any.whl"
    info = f"muara_probe-{version}.dist-info"
    files = {
        "muara_probe.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: muara-probe\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={digest(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return f"muara-probe=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Checkout:
    """A clone with a lock of its own, as a newcomer finds it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder.parent / "wheels"
        folder.mkdir()
        shutil.copy2(ROOT / "muara", folder)
        (folder / "cli.py").write_text(CLI)
        self.lock("1.0")
        self.home = folder.parent / "home"
        self.home.mkdir()
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "MUARA_PYTHON": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def lock(self, version: str) -> None:
        (self.folder / "requirements.lock").write_text(write_wheel(self.wheels, version))

    def run(self, *words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        changed = {**self.environment, **changes}
        return subprocess.run(
            [self.folder / "muara", *words],
            check=False,
            cwd="/",
            env={name: value for name, value in changed.items() if value is not None},
            capture_output=True,
            text=True,
        )

    def popen(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.folder / "muara"],
            cwd="/",
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muara-launcher-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def checkout(place: Path) -> Checkout:
    return Checkout(place / "a checkout")


def test_the_first_start_installs_the_second_does_not_and_a_changed_lock_renews(checkout: Checkout) -> None:
    first = checkout.run("show", "a b", MUARA_PYTHON=sys.executable)
    assert first.returncode == 0, first.stderr
    venv = checkout.folder / ".venv"
    assert first.stdout == f"ran 1.0 / ['show', 'a b'] {venv}\n"
    assert "installing 1 packages" in first.stderr

    for python in (sys.executable, None):
        again = checkout.run(MUARA_PYTHON=python)
        assert (again.stdout, again.stderr) == (f"ran 1.0 / [] {venv}\n", "")

    link = checkout.folder.parent / "link"
    link.symlink_to("a checkout/muara")
    linked = subprocess.run([link], check=False, env=checkout.environment, capture_output=True, text=True)
    assert linked.stdout.startswith("ran 1.0")

    checkout.lock("2.0")
    renewed = checkout.run()
    assert renewed.stdout.startswith("ran 2.0"), renewed.stderr
    assert "renewing" in renewed.stderr


def test_an_interrupted_install_is_made_good(checkout: Checkout) -> None:
    first = checkout.popen()
    assert first.stderr is not None
    for line in first.stderr:
        if "installing" in line:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert not (checkout.folder / ".venv" / "muara.stamp").exists()
    second = checkout.run()
    assert second.stdout.startswith("ran 1.0"), second.stderr


def test_two_starts_at_once_install_once(checkout: Checkout) -> None:
    both = [checkout.popen(), checkout.popen()]
    said = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert all(out.startswith("ran 1.0") for out, _ in said)
    assert sum(errors.count("muara: making ") for _, errors in said) == 1


def test_a_package_that_is_not_what_the_lock_says_is_refused(checkout: Checkout) -> None:
    good = checkout.wheels / "muara_probe-1.0-py3-none-any.whl"
    with zipfile.ZipFile(good, "a") as archive:
        archive.writestr("muara_evil.py", "")
    refused = checkout.run()
    assert refused.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in refused.stderr
    assert "the packages could not be installed" in refused.stderr
    assert not (checkout.folder / ".venv" / "muara.stamp").exists()


def test_a_python_that_is_too_old_or_not_there_is_told(checkout: Checkout, place: Path) -> None:
    old = script(place / "bin" / "python3", 'case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac')
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        script(place / "bin" / name, "exit 127")
    path = f"{place / 'bin'}:/usr/bin:/bin"
    told = checkout.run(PATH=path, MUARA_PYTHON=None)
    assert told.returncode == 1
    assert "Python 3.11 or newer is needed; the one here is 3.9" in told.stderr
    assert "is Python 3.9; 3.11 or newer is needed" in checkout.run(MUARA_PYTHON=str(old)).stderr
    assert "is not a Python that runs" in checkout.run(MUARA_PYTHON="/nonexistent/python").stderr


def test_a_python_without_venv_names_the_package(checkout: Checkout, place: Path) -> None:
    bare = script(place / "bare", f'case "$*" in *ensurepip*) exit 1 ;; esac; exec {sys.executable} "$@"')
    script(place / "bin" / "apt-get", "exit 0")
    told = checkout.run(MUARA_PYTHON=str(bare), PATH=f"{place / 'bin'}:/usr/bin:/bin")
    assert told.returncode == 1
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in told.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="shows what root may and others may not")
def test_a_checkout_that_this_user_cannot_write_gets_its_environment_in_the_user_s_cache(checkout: Checkout) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(checkout.home, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [checkout.folder / "muara", "queue"],
        check=False,
        cwd="/",
        env={**checkout.environment, "MUARA_PYTHON": reachable_python()},
        capture_output=True,
        text=True,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )
    assert done.returncode == 0, done.stderr
    assert str(checkout.home / ".cache" / "muara") in done.stdout
    assert not (checkout.folder / ".venv").exists()


def reachable_python() -> str:
    """One that another user than we can run, too; the interpreter of this run may lie below a closed home."""
    for python in (sys.executable, "/usr/bin/python3"):
        tried = subprocess.run(
            ["/usr/bin/env", python, "-c", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"],
            check=False,
            user="nobody",
            extra_groups=[],
            capture_output=True,
        )
        if tried.returncode == 0:
            return python
    pytest.skip("no Python here that another user can run")


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_hashes_and_neither_addresses_nor_paths(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"(?m)^\s*(-i|--index-url|--extra-index-url|--find-links|-f|-e)\b", text)
    assert not re.search(r"(?m)(^|\s)/\w", text)
    assert len(pins(name)) > 40
    for requirement in re.split(r"(?m)^(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in requirement, requirement


def test_the_locks_agree_and_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime
    for asked, locked in ((project["dependencies"], runtime), (project["optional-dependencies"]["dev"], dev)):
        names = {re.split(r"[\[>=<;]", one)[0].lower() for one in asked}
        assert names <= set(locked)
