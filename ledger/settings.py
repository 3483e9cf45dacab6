"""Settings of a process: read once from the environment, checked all at once, then frozen.

Every variable begins with ``CORRIDOR_``. One that nobody knows is refused, since a misspelt setting would otherwise be silently left
at its default. The message names each variable that is wrong, the value (secrets masked) and the way out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from ledger.errors import Misconfigured

PREFIX: Final = "CORRIDOR_"
MASK: Final = "***"

_SCHEME: Final = re.compile(r"postgres(ql)?://")
_PASSWORD_BEFORE_HOST: Final = re.compile(r"^(postgres(?:ql)?://[^:@/?#]*):.*@", re.DOTALL)
_SECRETS: Final = ("database_url", "owner_url", "key_pin", "oidc_client_secret")
"""Settings that hold or may hold a secret: each can be read from a file, and none is ever shown whole."""
_PASSWORD_PARAMETER: Final = re.compile(r"([?&][^=&]*password=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One variable that is wrong: its name, the value as it may be shown ("" when it is missing), what is wrong and the way out."""

    variable: str
    shown: str
    wrong: str
    way_out: str

    def __str__(self) -> str:
        value = f"={self.shown}" if self.shown else ""
        return f"{self.variable}{value}: {self.wrong} {self.way_out}"


class SettingsError(Misconfigured):
    """The environment does not describe a process that may start; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The settings are not usable:\n" + "\n".join(f"- {problem}" for problem in self.problems))


def masked(url: str) -> str:
    """A database URL that may be shown: passwords, before the host or as a parameter, are replaced by ``***``.

    What does not look like such a URL is replaced whole. A password with unescaped signs in it is masked all the same, at the price
    of masking too much.
    """
    if not _SCHEME.match(url):
        return MASK
    return _PASSWORD_PARAMETER.sub(rf"\1{MASK}", _PASSWORD_BEFORE_HOST.sub(rf"\1:{MASK}@", url))


def _database_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = bool(_SCHEME.match(url)) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("not the URL of a PostgreSQL database")
    return url


def _separated(value: object) -> object:
    """A list written in one variable: its parts, separated by commas or spaces."""
    return re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value


def _pairs(value: object) -> object:
    """Pairs written in one variable as ``NAME=VALUE``, separated by commas or spaces."""
    if not isinstance(value, str):
        return value
    return tuple(tuple(part.split("=", 1)) for part in re.split(r"[,\s]+", value.strip()))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or url != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise ValueError("not an origin")
    return url


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone") from None


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("not an issuer")
    return url


Origin = Annotated[str, AfterValidator(_origin)]
Issuer = Annotated[str, AfterValidator(_issuer)]
_HOUR: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
Hours = Annotated[str, StringConstraints(pattern=f"^{_HOUR}-{_HOUR}$")]
RoleName = Literal["officer", "senior_officer", "auditor", "operator"]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Network = IPv4Network | IPv6Network


class Settings(BaseModel):
    """What a process needs to know before it starts. Each field is the variable ``CORRIDOR_`` and its name in capitals.

    The description of a field says what to write; it is the way out in an error about it. URLs stay out of ``repr``, since they may
    hold passwords: show them through `masked`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["demo", "production"] = Field(
        default="demo", description="Write demo, or production, which refuses whatever is only good enough for a demo."
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        repr=False,
        description="Write postgresql://user@host:5432/database, or leave it unset in demo mode to use the embedded PostgreSQL.",
    )
    owner_url: DatabaseUrl | None = Field(
        default=None,
        repr=False,
        description="Write the URL under which the owner of the tables migrates; in demo mode it defaults to CORRIDOR_DATABASE_URL.",
    )
    data_dir: Path = Field(default=Path(".corridor"), description="Name the directory for the embedded PostgreSQL and the demo's key file.")
    key_file: Path = Field(default=Path(".corridor/vault.key"), description="Name the vault's master key file, readable by its owner only.")
    key_other_file: Path | None = Field(
        default=None,
        description="Name the master key file that the one in use follows, or is followed by, while they change places; or leave it unset.",
    )
    key_module: Path | None = Field(
        default=None,
        description="Name the PKCS #11 library of the module that keeps the master key, or leave it unset for a file.",
    )
    key_token: str = Field(default="corridor", min_length=1, description="Write the label of the module's token.")
    key_label: str = Field(default="corridor-vault", min_length=1, description="Write the label of the master key in the token.")
    key_pin: SecretStr | None = Field(default=None, description="Write the token's PIN, or name its file in CORRIDOR_KEY_PIN_FILE.")
    service_key_file: Path = Field(
        default=Path(".corridor/service.pem"), description="Name the service's own private key (PEM), readable by its owner only."
    )
    service_key_next_file: Path | None = Field(
        default=None, description="Name the private key (PEM) that will follow the service's own, or leave it unset while none does."
    )
    webhooks_file: Path | None = Field(
        default=None, description="Name the file of destinations (TOML) at which banks are told, or leave it unset to tell nobody."
    )
    screening_list: Path | None = Field(
        default=None,
        description="Name the file of the UN consolidated list (XML), or leave it unset in demo mode for a list of invented names.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Write the address the service listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Write a port number from 1 to 65535.")
    max_body_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024,
        le=1024 * 1024 * 1024,
        description="Write the largest request body in bytes, from 1024 (1 KiB) to 1073741824 (1 GiB).",
    )
    body_seconds_max: int = Field(
        default=30, ge=1, le=3600, description="Write how many seconds a request body may take to arrive, from 1 to 3600."
    )
    requests_per_second_max: int = Field(
        default=1_000, ge=1, le=1_000_000, description="Write how many requests a second one key may send to a process, from 1 to 1000000."
    )
    commands_waiting_max: int = Field(
        default=2_000, ge=1, le=10_000, description="Write how many commands may wait in a process at once, from 1 to 10000."
    )
    pool_size: int = Field(
        default=8, ge=2, le=200, description="Write the number of database connections a process may keep, from 2 to 200."
    )
    signature_age_seconds_max: int = Field(
        default=60, ge=1, le=300, description="Write how old a signed request may be, from 1 to 300 seconds."
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_separated)] = Field(
        default=(),
        description="Write the addresses or networks, separated by commas, of the proxy that ends TLS and forwards Client-Cert.",
    )
    public_url: Origin | None = Field(
        default=None, description="Write the origin under which browsers reach the service, such as https://corridor.example."
    )
    oidc_issuer: Issuer | None = Field(
        default=None, description="Write the issuer of the identity provider at which people sign in, such as https://id.example/realm."
    )
    oidc_client_id: str | None = Field(
        default=None, min_length=1, description="Write the client id under which the identity provider knows this service."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Write the client's secret, or name its file in CORRIDOR_OIDC_CLIENT_SECRET_FILE."
    )
    oidc_roles_claim: str = Field(
        default="roles", min_length=1, description="Name the claim of the id token that holds roles, such as roles or realm_access.roles."
    )
    oidc_role_names: Annotated[tuple[tuple[str, RoleName], ...], BeforeValidator(_pairs)] = Field(
        default=(),
        description="Write pairs VALUE=ROLE, separated by commas; roles are officer, senior_officer, auditor and operator.",
    )
    step_up_seconds: int = Field(
        default=300, ge=30, le=3600, description="Write how old a sign-in may be to decide or freeze, from 30 to 3600 seconds."
    )
    acts_per_minute_max: int = Field(
        default=20, ge=1, le=600, description="Write how many forms and commands a person may send a minute, from 1 to 600."
    )
    reading_seconds_min: int = Field(
        default=2, ge=0, le=600, description="Write how many seconds after opening a case a person may decide it, from 0 (at once) to 600."
    )
    people_networks: Annotated[tuple[tuple[RoleName, Network], ...], BeforeValidator(_pairs)] = Field(
        default=(),
        description="Write pairs ROLE=NETWORK, separated by commas: from where officers and the others decide. A role without one is free.",
    )
    people_hours: Annotated[tuple[tuple[RoleName, Hours], ...], BeforeValidator(_pairs)] = Field(
        default=(),
        description="Write pairs ROLE=HH:MM-HH:MM, separated by commas: when officers and the others decide. A role without one is free.",
    )
    people_time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="Name the time zone of CORRIDOR_PEOPLE_HOURS, such as Africa/Casablanca or Asia/Shanghai."
    )
    demo_identity: Literal["off", "on"] = Field(
        default="off", description="Write off, or on to let invented officers sign in without a password; production mode refuses it."
    )
    log_level: Literal["info", "warning", "error"] = Field(
        default="info", description="Write info for a line a request, warning for what was refused or failed, or error."
    )
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="Write the address at which operators read metrics.")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Write the port that metrics are read at, or leave it unset for none."
    )
    conformance_data: Path | None = Field(
        default=None, description="Name the directory of recorded answers and vectors that conformance tests read."
    )

    @classmethod
    def from_environment(cls, env: Mapping[str, str], *, working_directory: Path | None = None) -> Self:
        """The settings in an environment such as ``os.environ``. Variables set to nothing count as unset.

        Relative paths are taken from ``working_directory`` (default: the process's own). Raises `SettingsError` with every problem
        found: unknown variables, wrong values, and what production mode needs and does not have.
        """
        names = {name: PREFIX + name.upper() for name in cls.model_fields}
        known = {name: env[variable] for name, variable in names.items() if env.get(variable, "").strip()}
        from_files = {names[name] + "_FILE": name for name in _SECRETS}
        variables = [*names.values(), *from_files]
        unknown = [variable for variable in env if variable.startswith(PREFIX) and variable not in variables]
        problems = [_unknown(variable, variables) for variable in unknown]
        base = working_directory or Path.cwd()
        for variable, name in from_files.items():
            if env.get(variable, "").strip():
                problems += _read_secret(variable, base / Path(env[variable]).expanduser(), name, known)
        values: dict[str, Any] = dict(known)
        data_dir = base / Path(known.get("data_dir", ".corridor")).expanduser()
        values["data_dir"] = data_dir
        values["key_file"] = base / Path(known["key_file"]).expanduser() if "key_file" in known else data_dir / "vault.key"
        values["service_key_file"] = (
            base / Path(known["service_key_file"]).expanduser() if "service_key_file" in known else data_dir / "service.pem"
        )
        for name in ("key_other_file", "key_module", "service_key_next_file", "webhooks_file", "screening_list", "conformance_data"):
            if name in known:
                values[name] = base / Path(known[name]).expanduser()
        if known.get("mode", "demo") == "demo" and "database_url" in known:
            values.setdefault("owner_url", known["database_url"])
        if known.get("mode") == "production":
            problems += _missing_in_production(known, cls)
        problems += _sign_in_problems(known, cls)
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems += _wrong_values(error, known, cls)
        if problems:
            raise SettingsError(sorted(problems, key=lambda problem: problem.variable))
        return settings

    @property
    def production(self) -> bool:
        """Whether whatever is only good enough for a demo must be refused."""
        return self.mode == "production"

    def shown(self) -> dict[str, str]:
        """Every variable with the value in force, passwords masked: for ``corridor doctor`` and support."""
        return {PREFIX + name.upper(): _shown(name, value) for name, value in self}


def _unknown(variable: str, known: Collection[str]) -> SettingsProblem:
    """The value is not shown: nobody knows whether it is a secret."""
    near = difflib.get_close_matches(variable.upper(), known, n=1)
    way_out = f"Did you mean {near[0]}? Otherwise remove it." if near else f"Remove it; known are {', '.join(known)}."
    return SettingsProblem(variable, "", "is no setting.", way_out)


def _missing_in_production(known: Mapping[str, str], model: type[Settings]) -> list[SettingsProblem]:
    reasons = {
        "database_url": "is missing: production mode does not use the embedded PostgreSQL.",
        "key_file": "is missing: production mode never makes up a master key.",
        "service_key_file": "is missing: production mode never makes up the key that answers are signed by.",
        "screening_list": "is missing: production mode screens against a real list.",
        "trusted_proxies": "is missing: production mode needs the hop on which client certificates arrive.",
    }
    if "key_module" in known:
        del reasons["key_file"]
    problems = [_problem(name, "", wrong, model) for name, wrong in reasons.items() if name not in known]
    owner, application = _user(known.get("owner_url", "")), _user(known.get("database_url", ""))
    if owner and owner == application:
        problems.append(
            SettingsProblem(
                PREFIX + "OWNER_URL",
                masked(known["owner_url"]),
                f"names the user {owner}, who is also the application's in CORRIDOR_DATABASE_URL.",
                "Let another user own the tables: the application must not be able to alter the log.",
            )
        )
    return problems


def _read_secret(variable: str, file: Path, name: str, known: dict[str, str]) -> list[SettingsProblem]:
    """Takes a secret from its file into what is known."""
    if name in known:
        return [SettingsProblem(variable, str(file), f"is set, and {PREFIX}{name.upper()} too.", "Set one of the two.")]
    try:
        known[name] = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return [SettingsProblem(variable, str(file), f"cannot be read: {type(error).__name__}.", "Name a file that this process may read.")]
    if not known[name]:
        del known[name]
        return [SettingsProblem(variable, str(file), "is empty.", "Name a file that holds the secret.")]
    return []


def _sign_in_problems(known: Mapping[str, str], model: type[Settings]) -> list[SettingsProblem]:
    """Signing in needs all of its settings, and in production TLS and a provider that knows whom it lets in."""
    problems = []
    if "oidc_issuer" in known:
        needed = [name for name in ("oidc_client_id", "public_url") if name not in known]
        problems += [_problem(name, "", "is missing: CORRIDOR_OIDC_ISSUER is set.", model) for name in needed]
    if known.get("mode") == "production":
        if known.get("demo_identity", "off") != "off":
            problems.append(
                SettingsProblem(
                    PREFIX + "DEMO_IDENTITY", known["demo_identity"], "is refused: in production mode nobody signs in unproven.",
                    "Remove it, and name the bank's identity provider in CORRIDOR_OIDC_ISSUER.",
                )
            )  # fmt: skip
        for name in ("oidc_issuer", "public_url"):
            if name in known and not known[name].startswith("https://"):
                problems.append(
                    _problem(name, known[name], "is no https address: production mode sends sessions and codes by TLS only.", model)
                )
    return problems


def _user(url: str) -> str:
    try:
        return urlsplit(url).username or ""
    except ValueError:
        return ""


def _wrong_values(error: ValidationError, known: Mapping[str, str], model: type[Settings]) -> list[SettingsProblem]:
    """One problem a variable, whatever number of complaints the model has about it."""
    problems: dict[str, SettingsProblem] = {}
    for complaint in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(complaint["loc"][0])
        if name in known and name not in problems:
            problems[name] = _problem(name, _shown(name, known[name]), "is not usable.", model)
    return list(problems.values())


def _problem(name: str, shown: str, wrong: str, model: type[Settings]) -> SettingsProblem:
    return SettingsProblem(PREFIX + name.upper(), shown, wrong, model.model_fields[name].description or "")


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join("=".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in value)
    if name in _SECRETS and not name.endswith("_url"):
        return MASK
    return masked(str(value)) if name.endswith("_url") else str(value)
