"""The shipped muara.toml documents every setting, nothing else, with its true default and a sentence about it."""

import dataclasses
import re
import tomllib
import typing
from pathlib import Path
from typing import Any

import pytest

from channels import registry
from config.settings import Settings, load

FILE = Path(__file__).parents[2] / "config" / "muara.toml"
LINES = FILE.read_text("utf-8").splitlines()
# A default stands as "#key = value" or "#[table]"; prose has a blank after its #.
SETTING = re.compile(r"#(?=[a-z_]+ = |\[)")
SECRET = {"token", "secret", "password", "passwd", "auth", "key"}
ELSEWHERE = {"accounts", "programs"}


def keys(cls: Any, above: str = "") -> set[str]:
    """The dotted keys of a settings dataclass, tables taken apart."""
    hints = typing.get_type_hints(cls)
    found: set[str] = set()
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(hints[field.name]):
            found |= keys(hints[field.name], f"{above}{field.name}.")
        elif field.name not in ELSEWHERE:
            found.add(above + field.name)
    return found


def flat(table: dict[str, Any], above: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in table.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key}
    return found


def uncommented() -> str:
    return "\n".join(SETTING.sub("", line) for line in LINES)


def documented() -> dict[str, Any]:
    table = tomllib.loads(uncommented())
    table.pop("accounts", None)
    return table


def value_of(settings: Settings, key: str) -> object:
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def test_every_setting_is_documented_and_nothing_else() -> None:
    known = keys(Settings)
    assert len(known) > 20
    assert flat(documented()) == known


def test_what_is_shipped_changes_no_default() -> None:
    assert tomllib.loads("\n".join(LINES)) == {}


@pytest.mark.parametrize("key", sorted(keys(Settings) - {"spool_dir"}))
def test_the_documented_default_is_the_true_one(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "config"
    (folder / "programs").mkdir(parents=True)
    (folder / "programs" / "p.toml").write_text('name = "P"\norganisation = "O"\nkeywords = ["p"]')
    (folder / "muara.toml").write_text(uncommented().partition("[accounts")[0], "utf-8")
    found = value_of(load(folder, environ={}), key)
    assert found == (tmp_path / "var" if key == "data_dir" else value_of(Settings(), key))


def test_the_documented_spool_is_the_default_one() -> None:
    assert documented()["spool_dir"] == f"{documented()['data_dir']}/spool"
    assert Settings().spool == Settings().data_dir / "spool"


@pytest.mark.parametrize("number", [number for number, line in enumerate(LINES) if re.match(r"#?[a-z_]+ = ", line)])
def test_each_key_has_its_sentence_above_it(number: int) -> None:
    above = number - 1
    while LINES[above].startswith("#") and SETTING.match(LINES[above]) and "[accounts" in "".join(LINES[: above + 1]):
        above -= 1  # an account's example is explained as a whole
    assert re.match(r"# \S.*", LINES[above]), f"{FILE.name}:{number + 1} has no sentence"


@pytest.mark.parametrize("key", sorted(keys(Settings)))
def test_a_table_key_stands_under_its_own_heading(key: str) -> None:
    *table, name = key.split(".")
    line = LINES.index(next(line for line in LINES if line.startswith(f"#{name} = ")))
    headings = [found[1] for found in (re.match(r"#\[([a-z]+)\]", text) for text in LINES[:line]) if found]
    assert headings[-1:] == table


def settings_types() -> list[Any]:
    """Every adapter's settings type, and those of the installation."""
    found: list[Any] = [Settings]
    for key, manifest in registry.manifests().items():
        found += [registry.channel_type(key).settings_for(dialect) for dialect in manifest.dialects or (None,)]
    return found


def with_nested(cls: Any) -> list[Any]:
    hints = typing.get_type_hints(cls)
    found = [cls]
    for field in dataclasses.fields(cls):
        for inner in (hints[field.name], *typing.get_args(hints[field.name])):
            if field.name not in ELSEWHERE and isinstance(inner, type) and dataclasses.is_dataclass(inner):
                found += with_nested(inner)
    return found


def test_secrets_of_every_adapter_stay_out_of_reprs_and_logs() -> None:
    types = {cls for top in settings_types() for cls in with_nested(top)}
    assert len(registry.manifests()) >= 4
    secrets = [
        (cls, field) for cls in types for field in dataclasses.fields(cls) if SECRET & set(field.name.split("_"))
    ]
    assert len(secrets) >= 4
    assert [f"{cls.__qualname__}.{field.name}" for cls, field in secrets if field.repr] == []


def test_adapters_settings_are_frozen_records_that_the_reader_can_fill() -> None:
    for cls in settings_types():
        assert cls.__dataclass_params__.frozen, cls
        assert all(field.kw_only for field in dataclasses.fields(cls)), cls
        assert not {field.name for field in dataclasses.fields(cls)} & {"channel", "dialect", "enabled"}, cls


def test_the_examples_of_accounts_load_as_they_stand(tmp_path: Path) -> None:
    text = uncommented()
    names = sorted(
        set(re.findall(r"env:([A-Z0-9_]+)", "\n".join(line for line in text.splitlines() if line[:1] != "#")))
    )
    folder = tmp_path / "config"
    (folder / "programs").mkdir(parents=True)
    (folder / "programs" / "p.toml").write_text('name = "P"\norganisation = "O"\nkeywords = ["p"]')
    (folder / "muara.toml").write_text(text, "utf-8")
    shaped = {"TELEGRAM_TOKEN": "1234567:" + "x" * 35, "X_ACCESS_TOKEN": "15-" + "x" * 35}
    environ = dict.fromkeys(names, "x" * 40) | shaped
    settings = load(folder, environ=environ)
    examples = {(account.channel, account.dialect) for account in settings.accounts.values()}
    assert len(names) >= 4
    for key, manifest in registry.manifests().items():
        for dialect in manifest.dialects or (None,):
            assert (key, dialect) in examples, f"muara.toml has no example of {key}:{dialect}"
