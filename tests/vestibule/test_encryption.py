"""Administrators who want encrypted calls are told when this machine cannot have them."""

import sys
from pathlib import Path

import pytest

from tests.vestibule.shell import Shell


def wanting(folder: Path, policy: str) -> str:
    """A configuration with this policy, on ports of nobody."""
    config = folder / f"{policy}.toml"
    config.write_text(
        f'[sip]\nlisten = "127.0.0.1:0"\n[media]\nfirst_port = 0\nsrtp = "{policy}"\n'
        f'[storage]\ndata = "{folder / "data"}"\n'
    )
    return str(config)


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylibsrtp", None)


def test_the_doctor_says_that_calls_can_be_encrypted(shell: Shell, tmp_path: Path) -> None:
    told = shell.types("doctor", "--config", wanting(tmp_path, "require")).out
    assert 'good  media.srtp "require": calls can be encrypted' in told


@pytest.mark.usefixtures("without_the_extra")
def test_the_doctor_says_what_to_install(shell: Shell, tmp_path: Path) -> None:
    told = shell.types("doctor", "--config", wanting(tmp_path, "require")).out
    assert 'bad   media.srtp "require": the extra is not installed' in told
    assert "vestibule[secure]" in told


@pytest.mark.usefixtures("without_the_extra")
def test_a_server_that_must_encrypt_and_cannot_does_not_start(shell: Shell, tmp_path: Path) -> None:
    told = shell.fails("serve", "--config", wanting(tmp_path, "require"))
    assert 'media.srtp is "require", and the extra `secure` is not installed' in told


def test_a_policy_that_is_none_is_refused(shell: Shell, tmp_path: Path) -> None:
    assert "media.srtp" in shell.fails("serve", "--config", wanting(tmp_path, "maybe"))
