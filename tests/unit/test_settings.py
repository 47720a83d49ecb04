"""Settings: what is read, in which order, and that every error names key, file and what is expected."""

import os
import typing
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.settings import Limits, RoleName, Settings, SettingsError, load
from store.people import Role

SHIPPED = Path(__file__).parents[2] / "config"
SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"
PROGRAM = 'name = "P"\norganisation = "O"\nkeywords = ["lapor"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "p.toml").write_text(PROGRAM)
    (tmp_path / "muara.toml").write_text("")
    return tmp_path


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


# ---- what is shipped -----------------------------------------------------------------------------


def test_the_shipped_settings_load_with_web_and_desk_only() -> None:
    settings = load(SHIPPED, environ={})
    assert sorted(settings.accounts) == ["desk", "web"]
    assert {name: account.channel for name, account in settings.accounts.items()} == {"desk": "desk", "web": "web"}
    assert [program.key for program in settings.programs] == ["masbupsiaga"]
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.data_dir == SHIPPED.parent / "var"
    assert settings.spool == SHIPPED.parent / "var" / "spool"


# ---- layers --------------------------------------------------------------------------------------


def test_environment_goes_before_the_file_and_the_command_line_before_both(folder: Path) -> None:
    text = 'port = 1000\nhost = "10.0.0.1"\nlog_level = "error"\n[limits]\nform_per_phone_per_day = 3'
    environ = {"MUARA_PORT": "2000", "MUARA_HOST": "10.0.0.2", "MUARA_ACCEPT_DEADLINE_S": "0.5", "MUARA_OTHER": "x"}
    settings = written(folder, text, environ, host="10.0.0.3", data_dir=folder / "d", database_url=None)
    assert (settings.host, settings.port, settings.log_level) == ("10.0.0.3", 2000, "error")
    assert settings.accept_deadline_s == 0.5
    assert settings.limits == Limits(form_per_phone_per_day=3)
    assert settings.data_dir == folder / "d"
    assert settings.public_url == "http://10.0.0.3:2000"


def test_every_scalar_key_can_come_from_the_environment(folder: Path) -> None:
    environ = {
        "MUARA_PUBLIC_URL": "https://aduan.example.go.id/",
        "MUARA_DATABASE_URL": "postgres://u:p@db/muara",
        "MUARA_REDIS_URL": "redis://r:6379/0",
        "MUARA_DATA_DIR": str(folder / "data"),
        "MUARA_SECRET_KEY": SECRET,
        "MUARA_SPOOL_DIR": str(folder / "spool"),
        "MUARA_LOG_LEVEL": "debug",
    }
    settings = written(folder, "", environ)
    assert settings.public_url == "https://aduan.example.go.id"
    assert settings.database_url == "postgresql+psycopg://u:p@db/muara"
    assert settings.redis_url == "redis://r:6379/0"
    assert settings.data_dir == folder / "data"
    assert settings.secret_key == SECRET
    assert settings.spool == folder / "spool"
    assert settings.log_level == "debug"


def test_relative_paths_start_at_the_file_or_at_the_working_directory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    assert written(folder, 'data_dir = "here"').data_dir == folder / "here"
    assert written(folder, "", {"MUARA_DATA_DIR": "there"}).data_dir == tmp_path.parent / "there"
    assert written(folder, "", data_dir="../up").data_dir == tmp_path.parent.parent / "up"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - never bound
        ("::", "http://[::1]:8080"),
        ("aduan.local", "http://aduan.local:8080"),
    ],
)
def test_without_a_public_url_the_address_of_this_machine_stands_in(folder: Path, host: str, url: str) -> None:
    assert written(folder, f'host = "{host}"').public_url == url


# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_database_driver_is_ours(folder: Path, scheme: str) -> None:
    settings = written(folder, f'database_url = "{scheme}://u:p%40@h:5433/d?sslmode=require"')
    assert settings.database_url == "postgresql+psycopg://u:p%40@h:5433/d?sslmode=require"


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        ("prot = 1", "prot", "unknown key; did you mean 'port'?"),
        ("zzz = 1", "zzz", "unknown key; known are: accept_deadline_s,"),
        ('port = "8080"', "port", "expected a whole number, found text"),
        ("port = true", "port", "expected a whole number, found true or false"),
        ("port = 80.5", "port", "expected a whole number, found a number"),
        ("port = 0", "port", "expected a port from 1 to 65535"),
        ("port = 65536", "port", "expected a port from 1 to 65535"),
        ("host = 1", "host", "expected text, found a whole number"),
        ("host = 2026-01-01", "host", "expected text, found a date"),
        ('accept_deadline_s = "2"', "accept_deadline_s", "expected a number, found text"),
        ("accept_deadline_s = 0", "accept_deadline_s", "expected more than 0"),
        ("accept_deadline_s = nan", "accept_deadline_s", "expected a number"),
        ("accept_deadline_s = inf", "accept_deadline_s", "expected a number"),
        ("data_dir = 1", "data_dir", "expected a path, found a whole number"),
        ('data_dir = ""', "data_dir", "expected a path"),
        ('log_level = "loud"', "log_level", "expected one of debug, info, warning, error"),
        ('timezone = "Asia/Pemalang"', "timezone", "expected a time zone such as Asia/Jakarta"),
        ('timezone = "../etc/passwd"', "timezone", "expected a time zone such as Asia/Jakarta"),
        ('trusted_proxies = "10.0.0.1"', "trusted_proxies", "expected a list, each item text, found text"),
        ("trusted_proxies = [1]", "trusted_proxies.1", "expected text, found a whole number"),
        ('trusted_proxies = ["10.0.0.300"]', "trusted_proxies", "expected addresses or networks such as 10.0.0.0/8"),
        ('public_url = "aduan.example"', "public_url", "expected an address such as https://aduan.example.go.id"),
        ('public_url = "https://a.id/?x"', "public_url", "expected an address such as"),
        ('public_url = "https://a.id:port"', "public_url", "expected an address such as"),
        ('database_url = "sqlite:///x"', "database_url", 'expected "postgresql://user:password@host/name"'),
        (f'database_url = "mysql://u:{SECRET}@h/d"', "database_url", 'expected "postgresql://'),
        ('database_url = "postgresql+asyncpg://h/d"', "database_url", 'expected "postgresql://'),
        (f'redis_url = "http://{SECRET}@h"', "redis_url", "expected a URL that begins with redis://, rediss://"),
        ('redis_url = "redis+sentinel://a:1,b:2"', "redis_url", "expected the service after the hosts"),
        (f'blob_url = "ftp://{SECRET}@h"', "blob_url", "expected a URL that begins with file://, s3://"),
        ('secret_key = "short"', "secret_key", "expected at least 32 characters"),
        ("limits = 3", "limits", "expected a table, found a whole number"),
        ("[limits]\nproof_of_work_bits = 99", "limits.proof_of_work_bits", "expected a whole number from 0 to 24"),
        ("[limits]\nproof_of_work = 9", "limits.proof_of_work", "did you mean 'proof_of_work_bits'?"),
        ("[drain]\nworkers = 0", "drain.workers", "expected at least 1"),
        ("[drain]\nbatch = 0", "drain.batch", "expected a whole number from 1 to 10000"),
        ("[outbox]\nthreads = []", "outbox.threads", "expected a whole number, found a list"),
        ("[programs]", "programs", "programs stand in files of their own"),
    ],
)
def test_an_error_names_file_key_and_what_is_expected(folder: Path, line: str, key: str, expected: str) -> None:
    message = refused(folder, line)
    assert message.startswith(f"{folder / 'muara.toml'}: {key}: ")
    assert expected in message


@pytest.mark.parametrize("value", ["80x", "", "٨٠", "-", "1_000"])
def test_an_error_in_the_environment_names_the_variable(folder: Path, value: str) -> None:
    message = refused(folder, "", {"MUARA_PORT": value})
    assert message == "environment variable MUARA_PORT: port: expected a whole number, found text"


def test_an_error_on_the_command_line_says_so(folder: Path) -> None:
    assert refused(folder, "", port=0) == "command line: port: expected a port from 1 to 65535"
    assert refused(folder, "", prot=1).startswith("command line: prot: unknown key; did you mean 'port'?")
    assert refused(folder, "", drain={"worker": 1}).startswith("command line: drain.worker: unknown key; did you mean")


def test_a_file_that_is_missing_or_no_toml_is_named(folder: Path) -> None:
    message = refused(folder, f'secret_key = "{SECRET}"\nport = = 1')
    assert message.startswith(f"{folder / 'muara.toml'}: expected TOML: ")
    assert "line 2" in message
    (folder / "muara.toml").write_bytes(b'host = "\xff"')
    with pytest.raises(SettingsError, match=r"muara\.toml: expected UTF-8 text"):
        load(folder, environ={})
    (folder / "muara.toml").unlink()
    with pytest.raises(SettingsError, match=r"muara\.toml: cannot be read: No such file or directory"):
        load(folder, environ={})


def test_the_roles_that_settings_know_are_the_roles_that_there_are(folder: Path) -> None:
    assert set(typing.get_args(RoleName)) == set(Role)
    assert written(folder, '[login]\ntotp_roles = ["administrator"]').login.totp_roles == ("administrator",)
    assert "login.totp_roles.1: expected one of administrator" in refused(folder, '[login]\ntotp_roles = ["bupati"]')
    assert "login.idle_hours: expected more than 0" in refused(folder, "[login]\nidle_hours = 0")


@pytest.mark.parametrize("account", ["", '[accounts.bot]\nchannel = "email"\nenabled = false\n'])
def test_a_bot_that_is_none_writes_to_nobody(folder: Path, account: str) -> None:
    found = refused(folder, f'[notify]\ntelegram = "bot"\n{account}')
    assert "expected an account of channel telegram in notify.telegram, not 'bot'" in found


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('smtp_host = "mail.example"', "mail: expected a sender beside smtp_host"),
        ('sender = "tanpa alamat"', "mail.sender: expected a sender such as"),
        ('sender = "a@b.example\\nBcc: c@d.example"', "mail.sender: expected a sender such as"),
        ('smtp_host = "mail.example"\nsender = "a@b.example"\nsecurity = "none"\nusername = "a"', "in the clear"),
        ('security = "ssl"', "mail.security: expected one of tls, starttls, none"),
    ],
)
def test_mail_that_cannot_work_is_refused(folder: Path, lines: str, expected: str) -> None:
    assert expected in refused(folder, f"[mail]\n{lines}")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('issuer = "http://sso.example"', "oidc.issuer: expected an issuer such as"),
        ('issuer = "https://sso.example?x=1"', "oidc.issuer: expected an issuer such as"),
        ('issuer = "https://sso.example"', "oidc: expected client_id, client_secret, name and claim"),
    ],
)
def test_single_sign_on_that_cannot_work_is_refused(folder: Path, lines: str, expected: str) -> None:
    assert expected in refused(folder, f"[oidc]\n{lines}")


# ---- secrets -------------------------------------------------------------------------------------


def test_a_value_may_stand_in_the_environment_or_in_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    environ = {"KEY": SECRET, "PORT": "99", "LEVEL": "error", "PROXY": "10.0.0.1", "WAIT": "1.5"}
    text = (
        'secret_key = "env:KEY"\nport = "env:PORT"\nlog_level = "env:LEVEL"\naccept_deadline_s = "env:WAIT"\n'
        'trusted_proxies = ["env:PROXY"]'
    )
    settings = written(folder, text, environ)
    assert (settings.secret_key, settings.port, settings.log_level) == (SECRET, 99, "error")
    assert (settings.trusted_proxies, settings.accept_deadline_s) == (("10.0.0.1/32",), 1.5)
    assert written(folder, f'secret_key = "file:{tmp_path}/key"').secret_key == SECRET
    assert written(folder, 'secret_key = "file:key"').secret_key == SECRET
    assert written(folder, "", {"MUARA_SECRET_KEY": f"file:{tmp_path}/key"}).secret_key == SECRET


def test_what_a_reference_names_is_taken_as_it_is(folder: Path) -> None:
    value = "env:" + SECRET
    assert written(folder, 'secret_key = "env:KEY"', {"KEY": value}).secret_key == value


def test_a_file_url_is_no_reference(folder: Path) -> None:
    assert written(folder, 'blob_url = "file:///srv/blobs"').blob_url == "file:///srv/blobs"


@pytest.mark.parametrize("environ", [{}, {"NO_SUCH": ""}])
def test_a_missing_variable_is_named(folder: Path, environ: dict[str, str]) -> None:
    message = refused(folder, 'secret_key = "env:NO_SUCH"', environ)
    assert message.startswith(f"{folder / 'muara.toml'}: secret_key: the environment variable 'NO_SUCH'")


def test_a_missing_empty_or_binary_file_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert f"secret_key: the file {path} that it names cannot be read: No such" in refused(
        folder, f'secret_key = "file:{path}"'
    )
    path.write_text("\n")
    assert f"the file {path} that it names is empty" in refused(folder, f'secret_key = "file:{path}"')
    path.write_bytes(b"\xff\xfe")
    assert f"the file {path} that it names is not UTF-8" in refused(folder, f'secret_key = "file:{path}"')


def test_nothing_is_read_before_it_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUARA_PORT", "4321")
    assert load(folder).port == 4321
    monkeypatch.delenv("MUARA_PORT")
    assert "MUARA_PORT" not in os.environ
    assert load(folder).port == 8080
