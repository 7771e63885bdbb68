"""The socket that commands steer a server by: whose it is, where it lies, what a crash leaves."""

import socket
import stat
from pathlib import Path

import pytest

from call.errors import Unavailable
from console.sockets import CONTROL, address_socket, folder_socket, reachable


def test_the_socket_is_its_owner_s_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / CONTROL
    with folder_socket(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / CONTROL
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert path.exists()
    with folder_socket(path), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / CONTROL
    path.write_text("mine")
    with pytest.raises(Unavailable, match="in use"), folder_socket(path):
        pass
    assert path.read_text() == "mine"


def test_a_folder_of_a_long_name_has_one_too(tmp_path: Path) -> None:
    folder = tmp_path / ("longue" * 20)
    folder.mkdir()
    path = folder / CONTROL
    assert len(str(path)) > 107
    with folder_socket(path), reachable(path) as name, socket.socket(socket.AF_UNIX) as caller:
        caller.connect(name)


def test_an_address_that_is_taken_is_told_in_a_line() -> None:
    with address_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        told = pytest.raises(Unavailable, match=f"127.0.0.1:{port}: ")
        with told, address_socket("127.0.0.1", port):
            pass
