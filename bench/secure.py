"""What encryption costs per packet: `python -m bench.secure [PACKETS]`.

One packet of 20 ms at a time goes from socket to socket on loopback, plain and encrypted in turn;
processor time of this process, median of five rounds.
"""

import secrets
import socket
import statistics
import struct
import sys
import time

from call.media import Srtp
from telephony.media.line import Line, UdpLine
from telephony.media.secure_line import SecureLine

ROUNDS = 5


def _socket() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound


def _pair() -> tuple[UdpLine, UdpLine]:
    one, other = UdpLine(_socket(), _socket()), UdpLine(_socket(), _socket())
    one.lock(other.sound.getsockname())
    other.lock(one.sound.getsockname())
    return one, other


def _measure(one: Line, other: Line, packets: int) -> tuple[float, float]:
    """Microseconds to send one packet, and to receive it."""
    buffer = bytearray(2048)
    sending = receiving = 0.0
    for n in range(packets):
        packet = memoryview(struct.pack("!BBHII", 0x80, 0, n & 0xFFFF, n * 160, 1) + bytes(160))
        start = time.process_time()
        one.send(packet)
        sent = time.process_time()
        size, _ = other.receive(buffer)
        receiving += time.process_time() - sent
        sending += sent - start
        assert size == len(packet)
    return sending / packets * 1e6, receiving / packets * 1e6


def main() -> None:
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds: dict[str, list[tuple[float, float]]] = {"plain": [], "encrypted": []}
    for _ in range(ROUNDS):
        one, other = _pair()
        keys = secrets.token_bytes(30), secrets.token_bytes(30)
        rounds["plain"].append(_measure(one, other, packets))
        suite = "AES_CM_128_HMAC_SHA1_80"
        secret = SecureLine(one, Srtp(suite, *keys)), SecureLine(other, Srtp(suite, *keys[::-1]))
        rounds["encrypted"].append(_measure(*secret, packets))
        one.close()
        other.close()
    for name, taken in rounds.items():
        sending, receiving = (statistics.median(each) for each in zip(*taken, strict=True))
        print(f"{name:<10} sent in {sending:.2f} us, received in {receiving:.2f} us")


if __name__ == "__main__":
    main()
