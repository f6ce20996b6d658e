"""Settings come from the environment; a bad one is named with its reason."""

from pathlib import Path

import pytest

from services.runtime.settings import ServiceSettings, SettingsError, plain_dsn, read_settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "GONGZHI_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_everything_has_a_default_but_the_data_base() -> None:
    settings = read_settings(ServiceSettings)
    assert settings.environment == "dev"
    assert settings.dev_key_file == settings.home / "dev-issuer.pem"
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        settings.dsn()


@pytest.mark.parametrize("name", ["DATABASE_URL", "GONGZHI_DATABASE_URL"])
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_any_spelling_of_a_postgres_address(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    monkeypatch.setenv(name, f"{scheme}://u:p@/d?host=/run/pg")
    settings = read_settings(ServiceSettings)
    assert settings.dsn() == "postgresql://u:p@/d?host=/run/pg"
    assert "u:p" not in repr(settings), "a password must not be shown"


def test_migrations_may_have_an_address_of_their_own() -> None:
    both = ServiceSettings(database_url="postgresql://pooler/d", database_direct_url="postgresql://server/d")  # type: ignore[arg-type]
    assert both.dsn() == "postgresql://pooler/d"
    assert both.direct_dsn() == "postgresql://server/d"
    assert ServiceSettings(database_url="postgres://x/d").direct_dsn() == "postgresql://x/d"  # type: ignore[arg-type]


def test_lists_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_SUPPLEMENTS", "/a:/b:")
    monkeypatch.setenv("GONGZHI_OIDC_ALGORITHMS", "RS256, ES384")
    settings = read_settings(ServiceSettings)
    assert settings.supplements == (Path("/a"), Path("/b"))
    assert settings.oidc_algorithms == ("RS256", "ES384")
    assert ServiceSettings(supplements=(Path("/c"),), oidc_algorithms=("ES256",)).supplements == (Path("/c"),)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GONGZHI_PORT", "high", "GONGZHI_PORT: Input should be a valid integer"),
        ("GONGZHI_POOL_SIZE", "0", "GONGZHI_POOL_SIZE: Input should be greater"),
        ("GONGZHI_ENVIRONMENT", "prod", "GONGZHI_ENVIRONMENT: Input should be 'dev' or 'production'"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL: must start with postgresql://"),
        ("GONGZHI_OIDC_ALGORITHMS", "HS256", "GONGZHI_OIDC_ALGORITHMS: only ES256"),
        ("GONGZHI_ENVIRONMENT", "production", "production needs GONGZHI_OIDC_ISSUER"),
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings(ServiceSettings)
    assert words in str(caught.value)


def test_another_scheme_is_left_alone() -> None:
    assert plain_dsn("mysql://x") == "mysql://x"
