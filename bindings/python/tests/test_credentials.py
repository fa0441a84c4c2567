"""Where access keys come from."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from conftest import Emulator

from oss_upload import AccessKey, Credentials, CredentialsError, ServiceError

VARIABLES = [
    *("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    *("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_key_comes_from_the_environment(emulator: Emulator, environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="OSS_ACCESS_KEY_ID"):
        Credentials.from_environment()
    environment.setenv("OSS_ACCESS_KEY_ID", emulator.access_key_id)
    environment.setenv("OSS_ACCESS_KEY_SECRET", emulator.access_key_secret)
    emulator.open(Credentials.from_environment()).put("key", b"")
    emulator.open(Credentials.default_chain()).put("key", b"")


def test_key_comes_from_a_profile(emulator: Emulator, tmp_path: Path) -> None:
    key = {"access_key_id": emulator.access_key_id, "access_key_secret": emulator.access_key_secret}
    profile = {"name": "mine", "mode": "AK", **key}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"current": "mine", "profiles": [profile]}))
    emulator.open(Credentials.from_profile(file)).put("key", b"")
    emulator.open(Credentials.from_profile(file, "mine")).put("key", b"")


def test_key_comes_from_a_command(emulator: Emulator, tmp_path: Path) -> None:
    key = {"mode": "AK", "access_key_id": emulator.access_key_id, "access_key_secret": emulator.access_key_secret}
    file = tmp_path / "key"
    file.write_text(json.dumps(key))
    emulator.open(Credentials.from_process(f"cat '{file}'")).put("key", b"")


def test_without_a_key_nothing_is_signed(emulator: Emulator) -> None:
    with pytest.raises(ServiceError) as raised:
        emulator.open(Credentials.anonymous()).put("key", b"")
    assert raised.value.result.http_status == 403


def test_other_places_are_asked(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token")
    for credentials in (
        Credentials.from_uri("http://127.0.0.1:1/key"),
        Credentials.from_oidc("acs:ram::1:role/a", "acs:ram::1:oidc/b", tmp_path / "token", "me", "http://127.0.0.1:1"),
    ):
        with pytest.raises(CredentialsError):
            emulator.open(credentials).put("key", b"", timeout=5)
    assert Credentials.from_ecs_role("role")


def test_key_says_when_it_expires_with_a_time_zone(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="time zone"):
        AccessKey("id", "secret", expires=datetime.now())
    key = AccessKey(emulator.access_key_id, emulator.access_key_secret, None)
    emulator.open(Credentials.from_function(lambda: key)).put("key", b"")


def test_secrets_are_not_shown(emulator: Emulator) -> None:
    key = AccessKey("the-id", "the-secret", "the-token")
    assert "the-id" in repr(key)
    assert "the-secret" not in repr(key) and "the-token" not in repr(key)
    credentials = Credentials("the-id", "the-secret", "STS.the-token")
    bucket = emulator.open(Credentials.from_function(lambda: key))
    for held in (credentials, bucket):
        shown = repr(held) + str(held) + format(held)
        assert "the-secret" not in shown and "the-token" not in shown
    with pytest.raises(ServiceError) as raised:
        bucket.put("key", b"")
    # OSS's error document tells what was signed.
    assert raised.value.result.body
    for shown in (repr(raised.value), str(raised.value), repr(raised.value.result), raised.value.result.message):
        assert "the-secret" not in shown and "the-token" not in shown
