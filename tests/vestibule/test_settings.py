"""An administrator who mistypes a setting is told where, and every mistake at once."""

from pathlib import Path

import pytest

from vestibule.settings import BadSettings, read_settings, split_address

ROOT = Path(__file__).parents[2]


def test_the_example_configuration_loads() -> None:
    settings = read_settings(ROOT / "vestibule.example.toml")
    assert settings.company.operator == "101"
    assert [entry.flow for entry in settings.numbers] == [
        "main_attendant",
        "voicemail_main",
        "extension",
        "conference_join",
        "conference_join",
    ]
    assert settings.mail.security == "starttls"
    assert settings.sip.phones == ()


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[sip]\nlisen = "x"\nmax_calls = 0\nallow = ["nowhere"]\nphones = ["desk"]\n',
        encoding="utf-8",
    )
    with pytest.raises(BadSettings) as caught:
        read_settings(path)
    text = str(caught.value)
    assert "sip.lisen" in text
    assert "sip.max_calls" in text
    assert "sip.allow" in text
    assert "sip.phones" in text


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[company]\nname = "From the file"\noperator = "101"\n', encoding="utf-8")
    monkeypatch.setenv("VESTIBULE__COMPANY__NAME", "From the environment")
    settings = read_settings(path)
    assert settings.company.name == "From the environment"
    assert settings.company.operator == "101"


def test_a_missing_file_and_a_file_that_is_not_toml_are_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        read_settings(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[sip\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="not TOML"):
        read_settings(broken)


def test_a_password_never_shows_when_settings_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[mail]\nhost = "localhost"\npassword = "s3cret"\n', encoding="utf-8")
    settings = read_settings(path)
    assert "s3cret" not in repr(settings)
    assert settings.mail.secret() == "s3cret"


def test_addresses_are_host_and_port_in_both_families() -> None:
    assert split_address("127.0.0.1:5060") == ("127.0.0.1", 5060)
    assert split_address("[::1]:5060") == ("::1", 5060)
    for wrong in ("5060", "host:", "host:99999"):
        with pytest.raises(BadSettings):
            split_address(wrong)
