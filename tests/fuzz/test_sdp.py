"""Four thousand damaged descriptions are understood or refused, and never spoil a call."""

import pytest

from call.errors import PeerFault
from telephony import sdp
from telephony.offer import Negotiation
from tests.fuzz.corpus import OFFER, OFFERS
from tests.fuzz.mutation import mutants


def test_a_damaged_description_is_read_or_refused() -> None:
    read = 0
    for data in mutants(OFFERS, 4_000, seed=8866):
        try:
            description = sdp.parse(data)
        except PeerFault:
            continue
        read += 1
        assert all(0 <= medium.port < 65536 for medium in description.media)
    assert read > 500


def test_a_refused_offer_leaves_the_call_as_it_was() -> None:
    negotiation = Negotiation("192.0.2.200", 4000, 1)
    _, agreed = negotiation.answer(OFFER)
    refused = 0
    for data in mutants(OFFERS, 2_000, seed=3264):
        before = negotiation.stream
        try:
            answer, stream = negotiation.answer(data)
        except PeerFault:
            refused += 1
            assert negotiation.stream == before
            continue
        assert sdp.parse(answer).media
        assert negotiation.stream == stream
        assert 0 < stream.remote[1] < 65536
    assert refused > 200
    assert negotiation.answer(OFFER)[1] == agreed


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_answer_to_our_offer_is_taken_or_refused(seed: int) -> None:
    negotiation = Negotiation("192.0.2.200", 4000, 1)
    negotiation.offer()
    for data in mutants(OFFERS, 500, seed=seed):
        try:
            stream = negotiation.read_answer(data)
        except PeerFault:
            continue
        assert negotiation.stream == stream
