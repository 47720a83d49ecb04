"""docs/adapters.md and the channels' READMEs: every error, member of the contract, manifest key and setting."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from channels import errors, registry
from channels.contract import Capabilities, Channel
from normalizer.messages import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adapters.md").read_text("utf-8")
ADAPTERS = sorted(registry.manifests())


def test_every_error_of_channels_has_its_row_and_nothing_else_has() -> None:
    raised = {
        name for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, errors.ChannelError)
    }
    assert len(raised) >= 12
    rows = PAGE.partition("## Errors")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)) == raised


def test_every_error_stands_in_the_tree_of_its_module() -> None:
    tree = inspect.getdoc(errors) or ""
    for name, cls in vars(errors).items():
        if isinstance(cls, type) and issubclass(cls, errors.ChannelError):
            assert re.search(rf"\b{name}\b", tree), name


def test_every_member_of_the_contract_is_explained() -> None:
    rows = PAGE.partition("## The class")[2].partition("\n## ")[0]
    members = {name for name in vars(Channel) if not name.startswith("_")} | {"key", "settings_type", "capabilities"}
    named = set(re.findall(r"`(\w+)(?:\([^)]*\))?`", rows))
    assert members <= named
    assert {field.name for field in dataclasses.fields(Capabilities)} <= named


def test_every_key_of_a_manifest_is_explained() -> None:
    rows = PAGE.partition("## Manifest")[2].partition("\n## ")[0]
    for field in dataclasses.fields(registry.Manifest):
        assert re.search(rf"`\[?{field.name.rstrip('_')}\]?`", rows), field.name
    for field in dataclasses.fields(registry.Statuses):
        assert f"`{field.name}`" in rows


def test_every_kind_of_item_is_named() -> None:
    assert all(re.search(rf"`{cls.__name__}\b", PAGE) for cls in KINDS)


def settings_types(key: str) -> list[Any]:
    dialects = registry.manifests()[key].dialects or (None,)
    return [registry.channel_type(key).settings_for(dialect) for dialect in dialects]


@pytest.mark.parametrize("key", ADAPTERS)
def test_a_channels_readme_leads_with_its_name_and_names_every_setting(key: str) -> None:
    readme = (registry.ROOT / key / "README.md").read_text("utf-8")
    assert re.match(rf"# {key}\b", readme, re.IGNORECASE)
    fields = {field.name for cls in settings_types(key) for field in dataclasses.fields(cls)}
    assert {name for name in fields if f"`{name}`" not in readme} == set()
    for dialect in registry.manifests()[key].dialects:
        assert f"`{dialect}`" in readme


@pytest.mark.parametrize("key", ADAPTERS)
def test_a_manifests_sentences_are_all_there(key: str) -> None:
    manifest = registry.manifests()[key]
    for name in ("in_", "out", "media", "receipts", "limits", "cost", "reply_window"):
        assert getattr(manifest, name), name
    assert manifest.sources
