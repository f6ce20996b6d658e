"""What the gateway's own settings take and refuse."""

import pytest

from gateway.settings import GatewaySettings
from services.runtime.settings import SettingsError, read_settings


def test_origins_are_given_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_ALLOWED_ORIGINS", "https://front.example, http://localhost:3000 ,")
    assert read_settings(GatewaySettings).allowed_origins == ("https://front.example", "http://localhost:3000")


@pytest.mark.parametrize("origin", ["*", "front.example", "https://front.example/", "ftp://front.example"])
def test_what_is_no_origin_ends_the_start_in_words(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("GONGZHI_ALLOWED_ORIGINS", origin)
    with pytest.raises(SettingsError, match="not an origin"):
        read_settings(GatewaySettings)
