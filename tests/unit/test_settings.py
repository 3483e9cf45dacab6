"""Settings: what an environment says, and everything that is wrong with it at once."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from ledger.errors import Misconfigured
from ledger.settings import Settings, SettingsError, masked

HERE = Path("/srv/corridor")
PRODUCTION = {
    "CORRIDOR_MODE": "production",
    "CORRIDOR_DATABASE_URL": "postgresql://corridor:s3cret@db:5432/corridor",
    "CORRIDOR_KEY_FILE": "/run/secrets/vault.key",
    "CORRIDOR_SERVICE_KEY_FILE": "/run/secrets/service.pem",
    "CORRIDOR_SCREENING_LIST": "/srv/lists/un.xml",
    "CORRIDOR_TRUSTED_PROXIES": "10.0.0.7, 10.1.0.0/16",
}


def read(env: dict[str, str]) -> Settings:
    return Settings.from_environment(env, working_directory=HERE)


def refused(env: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refusal:
        read(env)
    assert isinstance(refusal.value, Misconfigured)
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)
    return str(refusal.value)


def test_an_empty_environment_is_a_demo_in_the_working_directory() -> None:
    """Nothing needs to be set to try the ledger out; other programs' variables are none of its business."""
    assert read({"PATH": "/bin", "CORRIDOR_DATABASE_URL": ""}) == Settings(
        mode="demo",
        database_url=None,
        owner_url=None,
        data_dir=HERE / ".corridor",
        key_file=HERE / ".corridor/vault.key",
        service_key_file=HERE / ".corridor/service.pem",
        host="127.0.0.1",
        port=8000,
        max_body_bytes=67_108_864,
        pool_size=8,
        signature_age_seconds_max=60,
        trusted_proxies=(),
        conformance_data=None,
    )


def test_the_key_file_follows_the_data_directory_unless_it_is_named() -> None:
    """Relative paths are taken from the working directory."""
    assert read({"CORRIDOR_DATA_DIR": "data"}).key_file == HERE / "data/vault.key"
    assert read({"CORRIDOR_DATA_DIR": "/data", "CORRIDOR_KEY_FILE": "keys/v"}).key_file == HERE / "keys/v"


def test_in_a_demo_the_owner_is_whoever_the_database_url_names() -> None:
    """One URL is enough to try it on a given server; a second one is used where it is given."""
    url, owner = "postgresql://me@db/corridor", "postgresql://owner@db/corridor"
    assert read({"CORRIDOR_DATABASE_URL": url}).owner_url == url
    assert read({"CORRIDOR_DATABASE_URL": url, "CORRIDOR_OWNER_URL": owner}).owner_url == owner


def test_production_with_all_it_needs_starts_and_holds_no_owner_by_default() -> None:
    """A serving process need not be able to alter tables."""
    settings = read(PRODUCTION)
    assert settings.production
    assert settings.owner_url is None
    assert settings.trusted_proxies == (ip_network("10.0.0.7"), ip_network("10.1.0.0/16"))


def test_everything_that_is_wrong_is_said_at_once_with_the_way_out() -> None:
    """Unknown variables, wrong types and what production lacks stand in one message, in the order of their names."""
    assert refused(
        {
            "CORRIDOR_MODE": "production",
            "CORRIDOR_PORT": "eighty",
            "CORRIDOR_POOL_SIZE": "1",
            "CORRIDOR_HOTS": "0.0.0.0",
            "CORRIDOR_TRUSTED_PROXIES": "proxy.example, 10.0.0.1",
            "CORRIDOR_DATABASE_URL": "mysql://root:hunter2@db/x",
        }
    ) == (
        "The settings are not usable:\n"
        "- CORRIDOR_DATABASE_URL=***: is not usable. Write postgresql://user@host:5432/database, or"
        " leave it unset in demo mode to use the embedded PostgreSQL.\n"
        "- CORRIDOR_HOTS: is no setting. Did you mean CORRIDOR_HOST? Otherwise remove it.\n"
        "- CORRIDOR_KEY_FILE: is missing: production mode never makes up a master key. Name the vault's master key file,"
        " readable by its owner only.\n"
        "- CORRIDOR_POOL_SIZE=1: is not usable. Write the number of database"
        " connections a process may keep, from 2 to 200.\n"
        "- CORRIDOR_PORT=eighty: is not usable."
        " Write a port number from 1 to 65535.\n"
        "- CORRIDOR_SCREENING_LIST: is missing: production mode screens against a real list. Name the file of the UN consolidated list"
        " (XML), or leave it unset in demo mode for a list of invented names.\n"
        "- CORRIDOR_SERVICE_KEY_FILE: is missing: production mode never makes up the key that answers are signed by."
        " Name the service's own private key (PEM), readable by its owner only.\n"
        "- CORRIDOR_TRUSTED_PROXIES=proxy.example, 10.0.0.1: is not usable. Write the"
        " addresses or networks, separated by commas, of the proxy that ends TLS and forwards Client-Cert."
    )


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "CORRIDOR_MODE"])
def test_production_refuses_to_start_without(missing: str) -> None:
    """Each thing that is only good enough for a demo is refused by name."""
    assert f"- {missing}: is missing: production mode" in refused({**PRODUCTION, missing: ""})


def test_production_refuses_an_application_that_owns_the_tables() -> None:
    """The application's user must not be able to alter the log; the message shows no password."""
    message = refused({**PRODUCTION, "CORRIDOR_OWNER_URL": "postgresql://corridor:0ther@db:5432/corridor"})
    assert message == (
        "The settings are not usable:\n"
        "- CORRIDOR_OWNER_URL=postgresql://corridor:***@db:5432/corridor: names the user corridor, who is also the"
        " application's in CORRIDOR_DATABASE_URL. Let another user own the tables: the application must not be able to"
        " alter the log."
    )


def test_an_unknown_variable_is_named_without_its_value() -> None:
    """Nobody knows whether it is a secret; a name in small letters is unknown too."""
    message = refused({"CORRIDOR_DB_PASSWORD": "hunter2", "CORRIDOR_port": "9000"})
    assert "CORRIDOR_DB_PASSWORD: is no setting." in message
    assert "CORRIDOR_port: is no setting. Did you mean CORRIDOR_PORT?" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:pw@db:5432/c", "postgresql://me:***@db:5432/c"),
        ("postgres://me:p@w/x?y#z@db/c", "postgres://me:***@db/c"),
        ("postgresql://me@db/c?sslmode=require&password=pw", "postgresql://me@db/c?sslmode=require&password=***"),
        ("postgresql://db/c?sslpassword=pw&application_name=x", "postgresql://db/c?sslpassword=***&application_name=x"),
        ("postgresql:///c?host=/tmp/socket", "postgresql:///c?host=/tmp/socket"),
        ("host=db password=pw", "***"),
        ("http://me:pw@db", "***"),
    ],
)
def test_passwords_in_urls_are_masked(url: str, shown: str) -> None:
    """Wherever libpq takes a password from, it is not shown; what is no such URL is not shown at all."""
    assert masked(url) == shown


def test_no_print_of_the_settings_shows_a_password() -> None:
    """Neither the object nor the table for support; the table names every variable with the value in force."""
    settings = read({**PRODUCTION, "CORRIDOR_OWNER_URL": "postgresql://owner:0ther@db/corridor"})
    assert "s3cret" not in repr(settings)
    assert settings.shown() == {
        "CORRIDOR_MODE": "production",
        "CORRIDOR_DATABASE_URL": "postgresql://corridor:***@db:5432/corridor",
        "CORRIDOR_OWNER_URL": "postgresql://owner:***@db/corridor",
        "CORRIDOR_DATA_DIR": "/srv/corridor/.corridor",
        "CORRIDOR_KEY_FILE": "/run/secrets/vault.key",
        "CORRIDOR_KEY_OTHER_FILE": "",
        "CORRIDOR_KEY_MODULE": "",
        "CORRIDOR_KEY_TOKEN": "corridor",
        "CORRIDOR_KEY_LABEL": "corridor-vault",
        "CORRIDOR_KEY_PIN": "",
        "CORRIDOR_SERVICE_KEY_FILE": "/run/secrets/service.pem",
        "CORRIDOR_SERVICE_KEY_NEXT_FILE": "",
        "CORRIDOR_WEBHOOKS_FILE": "",
        "CORRIDOR_SCREENING_LIST": "/srv/lists/un.xml",
        "CORRIDOR_HOST": "127.0.0.1",
        "CORRIDOR_PORT": "8000",
        "CORRIDOR_MAX_BODY_BYTES": "67108864",
        "CORRIDOR_BODY_SECONDS_MAX": "30",
        "CORRIDOR_REQUESTS_PER_SECOND_MAX": "1000",
        "CORRIDOR_COMMANDS_WAITING_MAX": "2000",
        "CORRIDOR_POOL_SIZE": "8",
        "CORRIDOR_SIGNATURE_AGE_SECONDS_MAX": "60",
        "CORRIDOR_TRUSTED_PROXIES": "10.0.0.7/32,10.1.0.0/16",
        "CORRIDOR_PUBLIC_URL": "",
        "CORRIDOR_OIDC_ISSUER": "",
        "CORRIDOR_OIDC_CLIENT_ID": "",
        "CORRIDOR_OIDC_CLIENT_SECRET": "",
        "CORRIDOR_OIDC_ROLES_CLAIM": "roles",
        "CORRIDOR_OIDC_ROLE_NAMES": "",
        "CORRIDOR_STEP_UP_SECONDS": "300",
        "CORRIDOR_ACTS_PER_MINUTE_MAX": "20",
        "CORRIDOR_READING_SECONDS_MIN": "2",
        "CORRIDOR_PEOPLE_NETWORKS": "",
        "CORRIDOR_PEOPLE_HOURS": "",
        "CORRIDOR_PEOPLE_TIME_ZONE": "UTC",
        "CORRIDOR_DEMO_IDENTITY": "off",
        "CORRIDOR_LOG_LEVEL": "info",
        "CORRIDOR_METRICS_HOST": "127.0.0.1",
        "CORRIDOR_METRICS_PORT": "",
        "CORRIDOR_CONFORMANCE_DATA": "",
    }


def test_where_and_when_people_decide_is_written_as_pairs() -> None:
    """A role may stand in several; what is no network, hour or zone is refused with the way to write it."""
    settings = read(
        {
            "CORRIDOR_PEOPLE_NETWORKS": "officer=10.2.0.0/16, officer=2001:db8::/32",
            "CORRIDOR_PEOPLE_HOURS": "officer=08:00-18:00,senior_officer=22:00-06:00",
            "CORRIDOR_PEOPLE_TIME_ZONE": "Africa/Casablanca",
        }
    )
    assert settings.people_networks == (("officer", ip_network("10.2.0.0/16")), ("officer", ip_network("2001:db8::/32")))
    assert settings.people_hours == (("officer", "08:00-18:00"), ("senior_officer", "22:00-06:00"))
    assert settings.shown()["CORRIDOR_PEOPLE_NETWORKS"] == "officer=10.2.0.0/16,officer=2001:db8::/32"
    for name, wrong in {
        "CORRIDOR_PEOPLE_NETWORKS": "10.2.0.0/16",
        "CORRIDOR_PEOPLE_HOURS": "officer=8-18",
        "CORRIDOR_PEOPLE_TIME_ZONE": "Morocco/Rabat",
    }.items():
        assert f"- {name}={wrong}: is not usable." in refused({name: wrong})


def test_settings_do_not_change_once_read() -> None:
    """What a process was started with stays what it runs with."""
    with pytest.raises(ValidationError):
        read({}).port = 9000  # type: ignore[misc]


SIGN_IN = {
    "CORRIDOR_PUBLIC_URL": "https://corridor.example",
    "CORRIDOR_OIDC_ISSUER": "https://id.example/realm",
    "CORRIDOR_OIDC_CLIENT_ID": "corridor",
    "CORRIDOR_OIDC_CLIENT_SECRET": "hunter2",
    "CORRIDOR_OIDC_ROLE_NAMES": "aml=officer, aml-lead=senior_officer",
}


def test_signing_in_is_set_up_by_the_provider_the_client_and_the_names_of_roles() -> None:
    """In production too, over TLS."""
    settings = read(PRODUCTION | SIGN_IN)
    assert (settings.oidc_issuer, settings.public_url, settings.oidc_role_names) == (
        "https://id.example/realm", "https://corridor.example", (("aml", "officer"), ("aml-lead", "senior_officer")),
    )  # fmt: skip


def test_signing_in_is_set_up_wholly_or_not_at_all() -> None:
    """What is missing is named."""
    message = refused({"CORRIDOR_OIDC_ISSUER": "https://id.example"})
    assert message == (
        "The settings are not usable:\n"
        "- CORRIDOR_OIDC_CLIENT_ID: is missing: CORRIDOR_OIDC_ISSUER is set. Write the client id under which the identity provider"
        " knows this service.\n"
        "- CORRIDOR_PUBLIC_URL: is missing: CORRIDOR_OIDC_ISSUER is set. Write the origin under which browsers reach the service, such"
        " as https://corridor.example."
    )


def test_production_refuses_invented_officers() -> None:
    """They have no passwords."""
    assert refused(PRODUCTION | {"CORRIDOR_DEMO_IDENTITY": "on"}) == (
        "The settings are not usable:\n"
        "- CORRIDOR_DEMO_IDENTITY=on: is refused: in production mode nobody signs in unproven. Remove it, and name the bank's identity"
        " provider in CORRIDOR_OIDC_ISSUER."
    )


@pytest.mark.parametrize("variable", ["CORRIDOR_PUBLIC_URL", "CORRIDOR_OIDC_ISSUER"])
def test_production_refuses_to_let_people_in_without_tls(variable: str) -> None:
    """A demo on one machine may."""
    plain = SIGN_IN | {variable: "http://corridor.example"}
    assert f"- {variable}=http://corridor.example: is no https address: production mode" in refused(PRODUCTION | plain)
    assert read(plain).oidc_client_id == "corridor"


@pytest.mark.parametrize(
    "url", ["corridor.example", "https://corridor.example/", "https://me:pw@corridor.example", "ftp://corridor.example"]
)
def test_the_public_url_is_an_origin(url: str) -> None:
    """It is compared with what browsers send."""
    assert "CORRIDOR_PUBLIC_URL" in refused({"CORRIDOR_PUBLIC_URL": url})


def test_secrets_can_be_read_from_files(tmp_path: Path) -> None:
    """So that they stand in no environment; the file's last line end is not part of the secret."""
    secret, url = tmp_path / "secret", tmp_path / "url"
    secret.write_text("hunter2\n", encoding="utf-8")
    url.write_text("postgresql://me:pw@db/corridor\n", encoding="utf-8")
    settings = read({"CORRIDOR_OIDC_CLIENT_SECRET_FILE": str(secret), "CORRIDOR_DATABASE_URL_FILE": str(url)})
    assert settings.oidc_client_secret is not None
    assert (settings.oidc_client_secret.get_secret_value(), settings.database_url) == ("hunter2", "postgresql://me:pw@db/corridor")


def test_a_secret_stands_in_one_place(tmp_path: Path) -> None:
    """Given twice, missing or empty, it is refused by name, and no secret is repeated."""
    empty = tmp_path / "empty"
    empty.touch()
    message = refused(
        {
            "CORRIDOR_OIDC_CLIENT_SECRET": "hunter2",
            "CORRIDOR_OIDC_CLIENT_SECRET_FILE": str(empty),
            "CORRIDOR_DATABASE_URL_FILE": str(tmp_path / "missing"),
            "CORRIDOR_OWNER_URL_FILE": str(empty),
        }
    )
    assert message == (
        "The settings are not usable:\n"
        f"- CORRIDOR_DATABASE_URL_FILE={tmp_path}/missing: cannot be read: FileNotFoundError. Name a file that this process may read.\n"
        f"- CORRIDOR_OIDC_CLIENT_SECRET_FILE={empty}: is set, and CORRIDOR_OIDC_CLIENT_SECRET too. Set one of the two.\n"
        f"- CORRIDOR_OWNER_URL_FILE={empty}: is empty. Name a file that holds the secret."
    )


def test_secrets_are_shown_nowhere() -> None:
    """Neither in repr, nor in what `corridor doctor` prints, nor in an error about the very variable."""
    env = SIGN_IN | {
        "CORRIDOR_DATABASE_URL": "postgresql://me:hunter2@db/corridor",
        "CORRIDOR_OWNER_URL": "postgresql://own:hunter2@db/corridor",
    }
    settings = read(env)
    assert settings.shown()["CORRIDOR_OIDC_CLIENT_SECRET"] == "***"
    assert (
        "hunter2"
        not in f"{settings!r} {settings} {settings.shown()} {refused(env | {'CORRIDOR_OIDC_CLIENT_SECRET': ' ', 'CORRIDOR_PORT': 'x'})}"
    )
