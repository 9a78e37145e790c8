"""Every setting of OpsApp, in one typed object read from the environment.

``Settings.load()`` is called once per process. A missing or malformed value raises ``ConfigError``
whose text is one line naming the variable; entry points print it and exit.
"""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Self

from flask import current_app
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from opsapp import setting_checks


class ConfigError(Exception):
    """A setting is missing or malformed. The message names the variable and says why."""


LEAST_RETENTION_DAYS = 7

BaseUrl = Annotated[str, AfterValidator(setting_checks.base_url)]
DatabaseUrl = Annotated[str, AfterValidator(setting_checks.database_url)]
RedisUrl = Annotated[str, AfterValidator(setting_checks.redis_url)]
CaBundle = Annotated[Path, AfterValidator(setting_checks.ca_bundle)]
ClientCertificate = Annotated[Path, AfterValidator(setting_checks.client_certificate)]
PublicUrl = Annotated[str, AfterValidator(setting_checks.public_url)]
SmtpUrl = Annotated[str, AfterValidator(setting_checks.smtp_url)]
Sender = Annotated[str, AfterValidator(setting_checks.sender)]


class Settings(BaseSettings):
    """The whole configuration. Field order is the order in docs/configuration.md."""

    model_config = SettingsConfigDict(
        env_prefix="OPSAPP_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    secret_key: str = Field(
        validation_alias="SECRET_KEY",
        min_length=32,
        description="Signs session cookies and CSRF tokens. At least 32 characters. Required.",
    )
    encryption_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        min_length=1,
        description="Comma-separated Fernet keys for secrets at rest; the first encrypts, all "
        "decrypt. Required.",
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL or SQLite URL. Unset: SQLite in the instance folder.",
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="redis://, rediss:// or unix:// URL. Unset: the embedded Valkey server.",
    )
    instance: Path = Field(
        default=Path("instance"),
        description="Folder for the SQLite file, the embedded server's socket and the demo's CA.",
    )
    client_id: str | None = Field(
        default=None, description="Application (client) id of the default app registration."
    )
    client_secret: str | None = Field(
        default=None, repr=False, description="Client secret of the default app registration."
    )
    client_certificate: ClientCertificate | None = Field(
        default=None,
        description="PEM file with private key and certificate, instead of a client secret.",
    )
    login_base_url: BaseUrl | None = Field(
        default=None,
        description="Overrides the login service of every cloud (a simulator, a proxy).",
    )
    graph_base_url: BaseUrl | None = Field(
        default=None, description="Overrides Microsoft Graph of every cloud; no version in it."
    )
    ca_bundle: CaBundle | None = Field(
        default=None,
        description="CA file trusted for login service and Graph. When set, proxy and CA variables "
        "of the environment are ignored for them.",
    )
    heartbeat_seconds: float = Field(
        default=5, gt=0, le=60, description="How often a running job renews its lease."
    )
    lease_seconds: float = Field(
        default=30, gt=0, le=600, description="A run whose lease is older is taken for lost."
    )
    tick_seconds: float = Field(
        default=5, gt=0, le=300, description="Interval of the periodic tick (reconcile, schedules)."
    )
    tenant_concurrency: int = Field(
        default=3, ge=1, le=100, description="At most this many runs of one tenant at a time."
    )
    shutdown_seconds: float = Field(
        default=20,
        gt=0,
        le=25,
        description="After SIGTERM a running job has this long before it is handed back.",
    )
    session_hours: float = Field(
        default=12, gt=0, le=24 * 30, description="A sign-in session ends after this long."
    )
    retention_days: int = Field(
        default=90,
        ge=0,
        le=3650,
        description="Completed runs are deleted when they ended longer ago: 7 to 3650 days; 0 "
        "keeps them for ever.",
    )
    full_read_hours: float = Field(
        default=24,
        ge=0,
        le=24 * 31,
        description="A sync reads every object of a collection whole when that was last done "
        "longer ago; in between it trusts the lists to tell what changed. 0 reads all each time.",
    )
    secure_cookies: bool = Field(
        default=True,
        description="Send cookies over HTTPS only. The demo switches it off for plain loopback.",
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* count."
    )
    public_url: PublicUrl | None = Field(
        default=None,
        description="Where people reach the pages, for links in e-mails and webhooks. Unset: they "
        "carry no link.",
    )
    smtp_url: SmtpUrl | None = Field(
        default=None,
        repr=False,
        description="Mail server for notifications: smtp://user:password@host:587?starttls or "
        "smtps://user:password@host. Unset: no e-mail is sent.",
    )
    mail_from: Sender | None = Field(
        default=None,
        description="Sender of the e-mails: ops@example.com or OpsApp <ops@example.com>. Required "
        "with OPSAPP_SMTP_URL.",
    )
    webhook_private_hosts: bool = Field(
        default=False,
        description="Let webhooks reach private and loopback addresses, and plain http. Whoever "
        "may sign in can then have hosts of your network called.",
    )
    metrics_token: str | None = Field(
        default=None,
        min_length=16,
        repr=False,
        description="Serves /metrics to whoever sends it as `Authorization: Bearer …`. At least 16 "
        "characters. Unset: there is no /metrics.",
    )
    debug_pages: bool = Field(
        default=False, description="Serve /styleguide (every interface element in every state)."
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR.",
    )

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(key.strip() for key in value.split(",") if key.strip())

    @field_validator("encryption_keys")
    @classmethod
    def _are_fernet_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            try:
                sound = len(base64.urlsafe_b64decode(key)) == 32  # noqa: PLR2004 - a Fernet key's length
            except (binascii.Error, ValueError):
                sound = False
            if not sound:
                raise ValueError("must be comma-separated Fernet keys (32 bytes, url-safe base64)")
        return value

    @field_validator("retention_days")
    @classmethod
    def _keeps_a_week(cls, value: int) -> int:
        if 0 < value < LEAST_RETENTION_DAYS:
            raise ValueError(f"must be 0 or at least {LEAST_RETENTION_DAYS}")
        return value

    @field_validator("instance")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().resolve()
        except (OSError, RuntimeError):
            raise ValueError("is not a path that can be followed") from None

    @model_validator(mode="after")
    def _lease_outlives_heartbeats(self) -> Self:
        if self.lease_seconds < 2 * self.heartbeat_seconds:
            raise ValueError("OPSAPP_LEASE_SECONDS must be at least twice OPSAPP_HEARTBEAT_SECONDS")
        return self

    @model_validator(mode="after")
    def _is_one_whole_credential(self) -> Self:
        secret, certificate = "OPSAPP_CLIENT_SECRET", "OPSAPP_CLIENT_CERTIFICATE"
        if self.client_secret and self.client_certificate:
            raise ValueError(f"{secret} and {certificate} are both set: use one of them")
        proof = self.client_secret or self.client_certificate
        if self.client_id and not proof:
            raise ValueError(f"OPSAPP_CLIENT_ID needs {secret} or {certificate}")
        if proof and not self.client_id:
            found = secret if self.client_secret else certificate
            raise ValueError(f"OPSAPP_CLIENT_ID is required with {found}")
        return self

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if self.smtp_url and not self.mail_from:
            raise ValueError("OPSAPP_MAIL_FROM is required with OPSAPP_SMTP_URL")
        return self

    def make_instance(self) -> None:
        """Creates the instance folder, for this user alone; raises ConfigError if it cannot."""
        try:
            self.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            problem = f"the folder {self.instance} cannot be made: {error.strerror}"
            raise ConfigError(f"{self.variable('instance')}: {problem}") from None

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{self.instance / 'opsapp.sqlite3'}"

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field: ``redis_url`` → ``REDIS_URL``."""
        alias = cls.model_fields[field].validation_alias
        return alias if isinstance(alias, str) else f"OPSAPP_{field.upper()}"

    @classmethod
    def load(cls) -> Self:
        """Reads the environment; raises ConfigError naming the first bad variable."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ConfigError(cls._one_line(first["loc"], first["type"], first["msg"])) from None

    @classmethod
    def _one_line(cls, loc: tuple[int | str, ...], kind: str, message: str) -> str:
        message = message.removeprefix("Value error, ")
        if not loc:
            return message
        field = str(loc[0])
        variable = cls.variable(field) if field in cls.model_fields else field
        return f"{variable} is required" if kind == "missing" else f"{variable}: {message}"


def current_settings() -> Settings:
    """The settings of the running application (needs an application context)."""
    settings: Settings = current_app.extensions["opsapp.settings"]
    return settings
