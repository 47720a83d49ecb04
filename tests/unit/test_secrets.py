"""The installation's own key: made once, for its owner only, the same for all processes."""

import stat
import threading
from pathlib import Path

import pytest

from config.secrets import installation_key
from config.settings import SettingsError

SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"


def test_the_installations_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    key = installation_key("", data)
    assert len(key) >= 32
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
    assert installation_key("", data) == key
    assert installation_key(SECRET, data) == SECRET
    assert [path.name for path in data.iterdir()] == ["secret.key"]


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    keys: list[str] = []

    def make() -> None:
        start.wait()
        keys.append(installation_key("", tmp_path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_that_cannot_be_kept_or_is_empty_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="the installation's key cannot be kept here"):
        installation_key("", tmp_path / "file" / "data")
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(SettingsError, match="the installation's key is empty"):
        installation_key("", tmp_path)
