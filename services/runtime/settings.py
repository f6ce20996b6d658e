"""Settings of every process, from the environment only; a bad one ends the start in words."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
_POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")


class SettingsError(Exception):
    """A setting is missing or wrong; the text names the variable, the reason and the remedy."""


class ServiceSettings(BaseSettings):
    """What a process needs to know. Each field `x` is read from `GONGZHI_X`; DATABASE_URL is understood as well."""

    model_config = SettingsConfigDict(
        env_prefix="GONGZHI_", env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    environment: Literal["dev", "production"] = "dev"
    home: Path = ROOT / ".data"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GONGZHI_DATABASE_URL", "DATABASE_URL", "database_url")
    )
    database_direct_url: SecretStr | None = None  # for migrations, when database_url goes through a pooler
    database_role: str | None = None  # default: gongzhi_<schema>; an empty text keeps the login's own role
    statement_cache: bool = True  # off behind a transaction pooler that does not track prepared statements
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    bulk_pool_size: Annotated[int, Field(ge=1, le=50)] = 4
    pool_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    statement_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0

    packs_dir: Path = ROOT / "policies"
    supplements: Annotated[tuple[Path, ...], NoDecode] = ()  # folders, separated by the system's path separator
    assets_dir: Path = ROOT / "gateway" / "console" / "assets"

    token_issuer: str = "gongzhi-dev"  # noqa: S105 - a name, not a secret
    token_audience: str = "gongzhi"  # noqa: S105 - as above
    oidc_issuer: str | None = None
    oidc_jwks_url: str | None = None
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = ("RS256", "ES256")

    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    max_import_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024 * 1024
    body_timeout_s: Annotated[float, Field(gt=0)] = 30.0  # for a body of nothing; one more for each 64 KiB received
    max_head_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024
    head_timeout_s: Annotated[float, Field(gt=0)] = 15.0
    write_timeout_s: Annotated[float, Field(gt=0)] = 30.0  # for a peer that reads nothing of its reply
    client_timeout_s: Annotated[float, Field(gt=0)] = 2.0
    event_streams: Annotated[int, Field(ge=1, le=100_000)] = 2000  # of one process; each costs memory, no connection
    event_poll_s: Annotated[float, Field(gt=0, le=60)] = 3.0  # how late an event comes when its NOTIFY was lost
    event_heartbeat_s: Annotated[float, Field(gt=0, le=30)] = 15.0
    event_keep_days: Annotated[int, Field(ge=1, le=36_500)] = 30  # how long a reader may stay away

    staffing_url: str = "http://127.0.0.1:8001"
    payroll_url: str = "http://127.0.0.1:8002"
    consultation_url: str = "http://127.0.0.1:8003"

    @field_validator("supplements", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("oidc_algorithms", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("oidc_algorithms")
    @classmethod
    def _only_signatures_by_key_pair(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
        if not value or set(value) - known:
            raise ValueError(f"only {', '.join(sorted(known))} / 只接受非对称签名算法")
        return value

    @field_validator("database_url", "database_direct_url")
    @classmethod
    def _postgres_only(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in _POSTGRES_SCHEMES:
            raise ValueError("must start with postgresql:// / 必须以 postgresql:// 开头")
        return value

    @model_validator(mode="after")
    def _production_needs_real_keys(self) -> Self:
        if self.environment == "production" and not (self.oidc_issuer and self.oidc_jwks_url):
            raise ValueError(
                "production needs GONGZHI_OIDC_ISSUER and GONGZHI_OIDC_JWKS_URL: the built-in issuer is for development"
                " / 生产环境必须设置 OIDC 签发者和公钥地址，内置签发者只用于开发"
            )
        return self

    @property
    def dev_key_file(self) -> Path:
        """The private key of the built-in issuer, mode 0600, made at first use."""
        return self.home / "dev-issuer.pem"

    def dsn(self) -> str:
        """The database address as asyncpg takes it; SettingsError when there is none."""
        return _plain(self.database_url)

    def direct_dsn(self) -> str:
        """The address for migrations: the direct one if set, else the ordinary one."""
        return _plain(self.database_direct_url or self.database_url)


def _plain(url: SecretStr | None) -> str:
    if url is None:
        raise SettingsError(
            "未设置 DATABASE_URL：请指向 PostgreSQL 15 或更高版本，或用 `make run` 启动自带的数据库。 / "
            "DATABASE_URL is not set: point it to PostgreSQL 15 or newer, or use `make run`, which starts its own."
        )
    return plain_dsn(url.get_secret_value())


def plain_dsn(url: str) -> str:
    """`postgresql+asyncpg://…` or `postgres://…` as `postgresql://…`, which asyncpg reads."""
    scheme, _, rest = url.partition("://")
    return f"postgresql://{rest}" if scheme in _POSTGRES_SCHEMES else url


S = TypeVar("S", bound=ServiceSettings)


def read_settings(kind: type[S]) -> S:
    """The settings from the environment; SettingsError lists every bad variable with its reason."""
    try:
        return kind()
    except ValidationError as error:
        problems = []
        for one in error.errors():
            place = str(one["loc"][0]) if one["loc"] else ""
            name = place if place.isupper() else f"GONGZHI_{place.upper()}" if place else "settings"
            problems.append(f"  {name}: {one['msg'].removeprefix('Value error, ')}")
        raise SettingsError("\n".join(["配置有误 / bad settings:", *problems])) from None
