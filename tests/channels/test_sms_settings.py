"""What an administrator sets for an SMS account: checked key by key, its secrets not shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from channels.contract import AccountInfo
from channels.sms.adapter import SmsChannel
from config.reading import read
from config.spot import SettingsError, Spot

ACCOUNT = AccountInfo(name="sms")
SECRET = "rahasia-satu"
ONE_OF_EACH: dict[str, dict[str, object]] = {
    "kannel": {"secret": SECRET, "username": "u", "password": "sandi-satu"},
    "twilio": {"account_sid": "AC1", "auth_token": "token-satu", "sender": "+1"},
    "android": {"username": "u", "password": "sandi-satu", "signing_key": "kunci-satu"},
    "gammu": {"secret": SECRET, "database": "/var/lib/smsd.db"},
}


def settle(dialect: str, **changes: object) -> Any:
    spot = Spot(source="muara.toml", base=Path("/"), key="accounts.sms")
    return read(SmsChannel.settings_for(dialect), ONE_OF_EACH[dialect] | changes, spot)


@pytest.mark.parametrize("dialect", ONE_OF_EACH)
def test_the_settings_file_makes_an_account(dialect: str) -> None:
    settings = settle(dialect, numbers=["1708"], region="id")
    assert SmsChannel(ACCOUNT, settings).addresses == {"1708"}
    assert settings.region == "ID"


@pytest.mark.parametrize(
    ("dialect", "key", "value"),
    [
        ("kannel", "allow_from", ["not-a-network"]),
        ("kannel", "sendsms_url", "localhost:13013"),
        ("kannel", "max_parts", 0),
        ("kannel", "secret", ""),
        ("kannel", "region", "Indonesia"),
        ("twilio", "timeout", 0),
        ("twilio", "api_url", "ftp://x"),
        ("twilio", "content_sid_answer", "HX1"),
        ("android", "replay_window", -1),
        ("android", "signing_key", ""),
        ("gammu", "timezone", "Mars/Olympus"),
        ("gammu", "timezone", "../../etc/passwd"),
        ("gammu", "batch", 0),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(dialect: str, key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"muara\.toml: accounts\.sms\.{key}: "):
        settle(dialect, **{key: value})


@pytest.mark.parametrize(
    "places",
    [{"database": ""}, {"inbox": "/i"}, {"database": "", "inbox": "/i", "outbox": "/o"}],
    ids=["none", "both", "half"],
)
def test_gammu_needs_one_place(places: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="either `database`, or all of"):
        settle("gammu", **places)


@pytest.mark.parametrize("dialect", ONE_OF_EACH)
def test_settings_do_not_show_their_secrets(dialect: str) -> None:
    shown = repr(settle(dialect))
    assert not any(secret in shown for secret in (SECRET, "token-satu", "kunci-satu", "sandi-satu", "smsd.db"))
