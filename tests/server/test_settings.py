from dataclasses import fields
from pathlib import Path

import pytest

from server.setting_checks import SettingsError, masked_url
from server.settings import SETTINGS, Settings, load
from server.settings_docs import render

MIB = 1024 * 1024


def refusal(given: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(given or {}, environ or {})
    return str(caught.value)


def test_defaults() -> None:
    settings = load({}, {"XDG_DATA_HOME": "/data"})
    assert settings.host == "127.0.0.1"
    assert settings.port == 8464
    assert settings.auth == "off"
    assert settings.workers == 1
    assert settings.max_body_bytes == 100 * MIB
    assert settings.data_dir == Path("/data/tracegraph")
    assert settings.database_url == "sqlite:////data/tracegraph/tracegraph.db"


def test_the_default_folder_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    # A relative XDG_DATA_HOME is to be ignored, says the XDG base directory specification.
    assert load({}, {"XDG_DATA_HOME": "data"}).data_dir == Path("/home/ada/.local/share/tracegraph")


def test_a_flag_beats_its_variable() -> None:
    environ = {"TRACEGRAPH_PORT": "1", "TRACEGRAPH_WORKERS": "3", "TRACEGRAPH_LOG_LEVEL": ""}
    settings = load({"port": "2"}, environ)
    assert (settings.port, settings.workers, settings.log_level) == (2, 3, "info")


def test_only_the_named_settings_are_read() -> None:
    environ = {"TRACEGRAPH_PORT": "no port", "TRACEGRAPH_DATA_DIR": "/data"}
    settings = load({}, environ, names=("data_dir", "database_url"))
    assert settings.database_url == "sqlite:////data/tracegraph.db"


def test_a_database_url_needs_no_data_dir() -> None:
    assert load({"database_url": "postgresql://db/traces"}, {}).database_url == "postgresql://db/traces"


def test_the_direct_url_leads_to_postgresql() -> None:
    assert load({"database_direct_url": "postgres://db/traces"}, {}).database_direct_url == "postgres://db/traces"
    message = "--database-direct-url: 'sqlite:///x.db' is no PostgreSQL database; use postgresql://HOST/NAME"
    assert refusal({"database_direct_url": "sqlite:///x.db"}) == message


def test_a_folder_with_special_characters_makes_a_usable_url(tmp_path: Path) -> None:
    from db.migrate import migrate

    folder = tmp_path / "a b?c#d%41"
    migrate(Settings(data_dir=folder).database_url)
    assert (folder / "tracegraph.db").is_file()


@pytest.mark.parametrize(("text", "size"), [("2048", 2048), ("2KiB", 2048), ("3 mib", 3 * MIB), ("1GiB", 1024 * MIB)])
def test_sizes_may_have_a_unit(text: str, size: int) -> None:
    assert load({"max_body_bytes": text}, {}).max_body_bytes == size


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("No", False), ("off", False)])
def test_booleans(text: str, value: bool) -> None:
    assert load({}, {"TRACEGRAPH_ACCESS_LOG": text}).access_log is value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("port", "65536", "--port: '65536' is not a whole number from 0 to 65535"),
        ("port", "-1", "--port: '-1' is not a whole number from 0 to 65535"),
        ("port", "1e3", "--port: '1e3' is not a whole number from 0 to 65535"),
        ("workers", "0", "--workers: '0' is not a whole number from 1 to 256"),
        ("workers", "1MiB", "--workers: '1MiB' is not a whole number from 1 to 256"),
        ("shutdown_grace", "soon", "--shutdown-grace: 'soon' is not a whole number of seconds from 0"),
        (
            "max_body_bytes",
            "1 GB",
            "--max-body-bytes: '1 GB' is not a size in bytes, or in KiB, MiB, GiB, from 1024",
        ),
        ("log_level", "loud", "--log-level: 'loud' is not critical, error, warning, info or debug"),
        (
            "database_url",
            "mysql://ada:secret@db/traces",
            "--database-url: 'mysql://ada:***@db/traces' is no database; use sqlite:///PATH or postgresql://HOST/NAME",
        ),
        (
            "database_url",
            "sqlite://",
            "--database-url: 'sqlite://' is no database; use sqlite:///PATH or postgresql://HOST/NAME",
        ),
        (
            "provider_base_url",
            "api.example/v1",
            "--provider-base-url: 'api.example/v1' is no base URL, expected http(s)://HOST[:PORT][/PATH]",
        ),
        (
            "provider_base_url",
            "https://api.example/v1?key=x",
            "--provider-base-url: 'https://api.example/v1?key=x' is no base URL, expected http(s)://HOST[:PORT][/PATH]",
        ),
    ],
)
def test_a_wrong_value_is_named(name: str, text: str, message: str) -> None:
    assert refusal({name: text}) == message


def test_a_wrong_variable_is_named() -> None:
    message = refusal(environ={"TRACEGRAPH_EXPOSE_WITHOUT_AUTH": "maybe"})
    assert message == "TRACEGRAPH_EXPOSE_WITHOUT_AUTH: 'maybe' is not true or false"


def test_keys_are_not_available_yet() -> None:
    message = "auth: 'keys' is not available yet, this version has no API keys; the only choice is 'off'"
    assert refusal({"auth": "keys"}) == message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_nothing_more(host: str) -> None:
    assert load({"host": host}, {}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "traces.example"])
@pytest.mark.parametrize("said", [{}, {"auth": "off"}, {"expose_without_auth": "true"}])
def test_an_open_server_must_be_said_twice(host: str, said: dict[str, str]) -> None:
    message = (
        f"host: {host!r} may be reached from other machines, and without authentication everyone there may read and "
        "write everything. If that is meant, give both --auth off and --expose-without-auth"
    )
    assert refusal({"host": host, **said}) == message


def test_an_open_server_said_twice() -> None:
    settings = load({"host": "0.0.0.0", "auth": "off"}, {"TRACEGRAPH_EXPOSE_WITHOUT_AUTH": "1"})
    assert (settings.host, settings.expose_without_auth) == ("0.0.0.0", True)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://ada:s3cret@db:5432/traces", "postgresql://ada:***@db:5432/traces"),
        ("postgresql://db/traces?user=ada&password=s3cret", "postgresql://db/traces?password=hidden&user=ada"),
        ("postgresql://ada:s3cret@db:port/traces", "postgresql://***@db:port/traces"),
        ("sqlite:////data/tracegraph.db", "sqlite:////data/tracegraph.db"),
    ],
)
def test_passwords_are_masked(url: str, masked: str) -> None:
    assert masked_url(url) == masked


def test_the_key_of_the_provider_is_not_printed() -> None:
    environ = {"TRACEGRAPH_PROVIDER_API_KEY": "sk-secret", "TRACEGRAPH_PROVIDER_BASE_URL": "http://[::1]:8000/v1"}
    settings = load({}, environ)
    assert (settings.provider_api_key, settings.provider_base_url) == ("sk-secret", "http://[::1]:8000/v1")
    assert "sk-secret" not in repr(settings)


def test_the_table_is_the_settings() -> None:
    assert list(SETTINGS) == [each.name for each in fields(Settings)]
    assert SETTINGS["max_body_bytes"].flag == "--max-body-bytes"
    assert SETTINGS["max_body_bytes"].variable == "TRACEGRAPH_MAX_BODY_BYTES"
    assert all(setting.help.endswith(".") for setting in SETTINGS.values())


def test_the_documentation_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text("utf-8") == render(), "run `make docs`"


@pytest.mark.parametrize("text", ["1", "_a", "a-b", "é", "a" * 65, " "])
def test_a_prefix_begins_a_name(text: str) -> None:
    for name in ("federation_type_prefix", "federation_field_prefix"):
        assert refusal({name: text}) == (
            f"{SETTINGS[name].flag}: {text!r} cannot begin a name; use up to 64 letters, digits and _, a letter first"
        )
    assert load({"federation_type_prefix": "Trace_1"}, {}).federation_type_prefix == "Trace_1"


def test_what_gateways_are_not_told_are_root_fields() -> None:
    assert load({"federation_omit": "node, Query.ref,Mutation"}, {}).federation_omit == "node, Query.ref,Mutation"
    for text, name in (("", ""), ("node,,nodes", ""), ("Call.id", "Call.id"), ("node nodes", "node nodes")):
        assert refusal({"federation_omit": text}) == (
            f"--federation-omit: {name!r} is no field of Query, Mutation or Subscription"
        )


def test_a_field_that_is_left_out_must_be_there() -> None:
    from server.app import create_app

    with pytest.raises(SettingsError) as caught:
        create_app(Settings(federation_omit="node,Query.callStart"))
    assert str(caught.value) == "--federation-omit: the schema has no 'Query.callStart'"
