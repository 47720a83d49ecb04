"""Accounts: each block becomes the settings that its adapter asks for; every error names file and key."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from channels import registry
from config.settings import Settings, SettingsError, load

SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"
PROGRAM = 'name = "P"\norganisation = "O"\nkeywords = ["lapor"]\n'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    token: str = dataclasses.field(repr=False)
    sender: str = ""
    retries: int = 3

    def __post_init__(self) -> None:
        if self.token == self.sender:
            raise ValueError(f"the token {self.token} must not be the sender")


class PostChannel:
    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        assert dialect in {None, "alpha", "beta"}
        return PostSettings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EmptySettings:
    pass


class EmptyChannel:
    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        assert dialect is None
        return EmptySettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "p.toml").write_text(PROGRAM)
    (tmp_path / "muara.toml").write_text("")
    return tmp_path


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry with `web`, `desk`, `post` (no dialects) and `wire` (two), so that no real adapter is needed here."""
    found = {
        key: registry.Manifest(
            key=key,
            name=key,
            version="1",
            read_on=date(2026, 11, 1),
            sources=(),
            max_body=1,
            headers=(),
            statuses=registry.Statuses(forged=403, malformed=400, unsupported=200),
            dialects=("alpha", "beta") if key == "wire" else (),
        )
        for key in ("desk", "post", "web", "wire")
    }
    types: Mapping[str, type] = {"desk": EmptyChannel, "web": EmptyChannel, "post": PostChannel, "wire": PostChannel}
    monkeypatch.setattr(registry, "manifests", lambda: found)
    monkeypatch.setattr(registry, "channel_type", types.__getitem__)


def written(folder: Path, text: str, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    (folder / "muara.toml").write_text(text, "utf-8")
    return load(folder, overrides, environ or {})


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None, **overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        written(folder, text, environ, **overrides)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in str(error)
        error = error.__cause__
    return str(caught.value)


@pytest.mark.usefixtures("channels")
def test_tables_of_overrides_are_laid_over_the_files(folder: Path) -> None:
    text = f'[drain]\nworkers = 4\n[accounts.a]\nchannel = "post"\ntoken = "{SECRET}"\nretries = 5'
    settings = written(folder, text, drain={"batch": 7}, accounts={"a": {"sender": "me"}, "b": {"channel": "desk"}})
    assert (settings.drain.workers, settings.drain.batch) == (4, 7)
    assert settings.accounts["a"].settings == PostSettings(token=SECRET, sender="me", retries=5)
    assert settings.accounts["b"].channel == "desk"


@pytest.mark.usefixtures("channels")
def test_no_secret_stands_in_the_repr(folder: Path) -> None:
    text = (
        f'secret_key = "{SECRET}"\ndatabase_url = "postgresql://u:{SECRET}@h/d"\nredis_url = "redis://:{SECRET}@h"\n'
        f'blob_url = "s3://{SECRET}@b"\n[accounts.a]\nchannel = "post"\ntoken = "{SECRET}"'
    )
    settings = written(folder, text)
    assert settings.accounts["a"].settings.token == SECRET
    assert SECRET not in repr(settings)
    assert "PostSettings" in repr(settings)


@pytest.mark.usefixtures("channels")
def test_an_accounts_block_is_its_adapters_settings(folder: Path) -> None:
    text = '[accounts.w-1]\nchannel = "wire"\ndialect = "beta"\ntoken = "env:T"\nretries = 9'
    account = written(folder, text, {"T": SECRET}).accounts["w-1"]
    assert (account.name, account.channel, account.dialect) == ("w-1", "wire", "beta")
    assert account.settings == PostSettings(token=SECRET, retries=9)


@pytest.mark.usefixtures("channels")
def test_built_in_accounts_need_no_block_and_one_can_turn_them_off(folder: Path) -> None:
    assert sorted(written(folder, "").accounts) == ["desk", "web"]
    assert sorted(written(folder, "[accounts.web]\nenabled = false").accounts) == ["desk"]
    settings = written(folder, f'[accounts.web]\nchannel = "post"\ntoken = "{SECRET}"')
    assert settings.accounts["web"].channel == "post"


@pytest.mark.usefixtures("channels")
def test_a_block_that_is_off_needs_no_secret_and_programs_may_name_it(folder: Path) -> None:
    (folder / "programs" / "p.toml").write_text(PROGRAM + 'accounts = ["a", "web"]')
    settings = written(folder, '[accounts.a]\nchannel = "post"\nenabled = false')
    assert "a" not in settings.accounts


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize(
    ("block", "key", "expected"),
    [
        ("[accounts.a]", "accounts.a.channel", "missing; expected text"),
        ('[accounts.a]\nchannel = "fax"', "accounts.a.channel", "no such channel; known are: desk, post, web, wire"),
        ('[accounts.a]\nchannel = "wire"', "accounts.a.dialect", "expected one of alpha, beta"),
        ('[accounts.a]\nchannel = "wire"\ndialect = "gamma"', "accounts.a.dialect", "expected one of alpha, beta"),
        ('[accounts.a]\nchannel = "post"\ndialect = "alpha"', "accounts.a.dialect", "the channel post has no dialects"),
        ('[accounts.a]\nchannel = "post"', "accounts.a.token", "missing; expected text, a secret: as it is, "),
        ('[accounts.a]\nchannel = "post"\ntoken = ""', "accounts.a.token", "empty; expected text, a secret: as it is,"),
        ('[accounts.a]\nchannel = "post"\ntoken = 5', "accounts.a.token", "expected text, found a whole number"),
        (
            f'[accounts.a]\nchannel = "post"\ntoken = "{SECRET}"\nsendr = "x"',
            "accounts.a.sendr",
            "unknown key; did you mean 'sender'?",
        ),
        (
            f'[accounts.a]\nchannel = "post"\ntoken = "{SECRET}"\nsender = "{SECRET}"',
            "accounts.a",
            "the token (secret) must not be the sender",
        ),
        ('[accounts.A_1]\nchannel = "post"', "accounts.A_1", "expected a name of a-z, 0-9 and dashes"),
        ('[accounts.a]\nchannel = "post"\nenabled = "no"', "accounts.a.enabled", "expected true or false, found text"),
        ("[accounts]\na = 1", "accounts.a", "expected a table"),
        ("accounts = 1", "accounts", "expected a table for each account"),
        ('[accounts.web]\nbrand = "x"', "accounts.web.brand", "unknown key"),
    ],
)
def test_an_accounts_error_names_file_and_key(folder: Path, block: str, key: str, expected: str) -> None:
    message = refused(folder, block)
    assert message.startswith(f"{folder / 'muara.toml'}: {key}: ")
    assert expected in message
