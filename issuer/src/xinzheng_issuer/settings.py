"""Settings of one issuer process, from the environment (prefix `XINZHENG_`)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.expectations import expected_of
from xinzheng_keys.passphrase import passphrase_source
from xinzheng_keys.sm2_mechanisms import read_sm2_setting
from xinzheng_keys.token_access import SOURCE_FORM, TokenAccess

MIN_SECRET_CHARACTERS = 16
"""Shortest secret taken from the environment."""

_PLACEHOLDERS = ("change", "placeholder", "secret", "example", "password", "passphrase", "default", "todo", "xxxx")


class Settings(BaseSettings):
    """What differs between installations. Secrets that are not set are read from files in the data folder."""

    model_config = SettingsConfigDict(env_prefix="XINZHENG_", extra="ignore", frozen=True, populate_by_name=True)

    data: Annotated[
        Path,
        Field(
            description="Data folder: register, keys, court configuration, published files. Made by `xinzheng init`."
        ),
    ] = Path("var")
    database_url: Annotated[
        str,
        Field(
            validation_alias=AliasChoices("XINZHENG_DATABASE_URL", "DATABASE_URL", "database_url"),
            description="Database: `sqlite:///path` or `postgresql://…`. Empty: `register.sqlite` in the data folder. "
            "`DATABASE_URL` is read too.",
        ),
    ] = ""
    register_secret: Annotated[
        SecretStr | None,
        Field(
            description="Key of the register's identity digests. Unset: the file `register.secret` in the data folder."
        ),
    ] = None
    key_passphrase: Annotated[
        SecretStr | None,
        Field(
            description="Opens the key files. Unset: `XINZHENG_KEY_PASSPHRASE_FROM`, else the file "
            "`keys/passphrase` in the data folder."
        ),
    ] = None
    key_passphrase_from: Annotated[
        str,
        Field(
            pattern=SOURCE_FORM,
            description="Where the passphrase of the key files is read when they are opened, if "
            "`XINZHENG_KEY_PASSPHRASE` is unset: `env:NAME`, `credential:NAME` (systemd, `LoadCredential=`) or "
            "`file:PATH` (mode 0600).",
        ),
    ] = ""
    pkcs11_modules: Annotated[
        str,
        Field(
            pattern=r"^(|[A-Za-z0-9._+-]+=/[^;]+(;[A-Za-z0-9._+-]+=/[^;]+)*)$",
            description="Libraries of hardware modules that key URIs may name (`module-name`): "
            "`NAME=/path/library.so`, several with semicolons. If there is one, a URI need not name it.",
        ),
    ] = ""
    pkcs11_pin_from: Annotated[
        str,
        Field(
            pattern=SOURCE_FORM,
            description="Where the PIN of a hardware token is read, if the key URI has no `pin-source`: `env:NAME`, "
            "`credential:NAME` (systemd, `LoadCredential=`) or `file:PATH` (mode 0600).",
        ),
    ] = ""
    pkcs11_sm2: Annotated[
        str,
        Field(
            description="Numbers of modules that have SM2, which no standard gives: `NAME=sign:0x80008105,"
            "key-type:0x80000004,generate:0x80008001,curve:none,input:digest,signature:raw`, several with semicolons; "
            "only `sign` is needed ([what each means](../how-to/hardware-keys.md#sm2))."
        ),
    ] = ""
    pkcs11_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=120, description="How long a hardware token may take for one signature, seconds.")
    ] = 5.0
    pkcs11_sessions: Annotated[
        int, Field(ge=1, le=64, description="How many signatures a hardware module makes at once.")
    ] = 4
    host: Annotated[str, Field(description="Address that `xinzheng serve` listens on.")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="Port that `xinzheng serve` listens on; 0 takes a free one.")
    ] = 8000
    max_request_bytes: Annotated[
        int, Field(ge=1024, description="Largest body of a request, octets; a feed batch has its own limit.")
    ] = 65_536
    max_feed_bytes: Annotated[int, Field(ge=1024, description="Largest body of a feed batch, octets.")] = 16_777_216
    max_feed_records: Annotated[int, Field(ge=1, description="Most records of one feed batch.")] = 50_000
    publish_check_seconds: Annotated[
        int,
        Field(
            ge=1, description="How often a running server retries a failed publication and renews old lists, seconds."
        ),
    ] = 60
    watermark: Annotated[
        Path | None,
        Field(
            description="In the place of `watermark` of `court.toml`, for one process; empty: none. Better set that "
            "one: a command that is typed beside the server has another environment."
        ),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least severity that is logged.")
    ] = "info"

    @field_validator("register_secret", "key_passphrase")
    @classmethod
    def _no_placeholder(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value()
        if (
            len(text) < MIN_SECRET_CHARACTERS
            or any(word in text.lower() for word in _PLACEHOLDERS)
            or len(set(text)) < MIN_SECRET_CHARACTERS // 2
        ):
            raise ConfigurationError("setting_placeholder", field=info.field_name, minimum=MIN_SECRET_CHARACTERS)
        return value

    @field_validator("watermark", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("pkcs11_sm2")
    @classmethod
    def _sm2_numbers(cls, value: str) -> str:
        read_sm2_setting(value)
        return value

    def watermark_of(self, court: CourtConfiguration) -> Path | None:
        """The file that remembers the last edition published; None if there is none."""
        if "watermark" in self.model_fields_set:
            return self.watermark
        return Path(court.watermark) if court.watermark else None

    @property
    def token_access(self) -> TokenAccess:
        """How hardware modules are reached."""
        named = (entry.partition("=") for entry in self.pkcs11_modules.split(";") if entry)
        return TokenAccess(
            modules={name: Path(path) for name, _, path in named},
            pin=passphrase_source(self.pkcs11_pin_from) if self.pkcs11_pin_from else None,
            deadline=self.pkcs11_timeout_seconds,
            sessions=self.pkcs11_sessions,
            sm2=read_sm2_setting(self.pkcs11_sm2),
        )

    @property
    def court_file(self) -> Path:
        """The court's configuration."""
        return self.data / "court.toml"

    @property
    def register_url(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{self.register_file.absolute()}"

    @property
    def register_file(self) -> Path:
        """The register, unless a database URL is set."""
        return self.data / "register.sqlite"

    @property
    def secret_file(self) -> Path:
        """Key of the register's identity digests, unless it is set."""
        return self.data / "register.secret"

    @property
    def keys_folder(self) -> Path:
        """Encrypted key files and the record of the court's keys."""
        return self.data / "keys"

    @property
    def contribution_folder(self) -> Path:
        """What was last handed in for the country's trust list."""
        return self.data / "contribution"

    @property
    def public_folder(self) -> Path:
        """The bundle as it is published."""
        return self.data / "public"


def load_settings(**given: object) -> Settings:
    """Settings from the environment, with some given in code.

    Args:
        given: settings by name; they win.

    Raises:
        ConfigurationError: `setting_placeholder`, `setting_invalid`.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        inner = first.get("ctx", {}).get("error")
        if isinstance(inner, ConfigurationError):
            raise inner from None
        field = str(first["loc"][0]) if first["loc"] else ""
        # `from None`: the chained error would show the value, which may be a secret.
        raise ConfigurationError("setting_invalid", field=field, reason=expected_of(first)) from None
