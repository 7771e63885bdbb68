"""The page of diagrams says what the tables say."""

from pathlib import Path

from telephony.sip.chart import page

PAGE = Path(__file__).parents[2] / "docs" / "sip-transactions.md"


def test_the_page_of_diagrams_is_fresh() -> None:
    assert PAGE.read_text() == page(), (
        "run: python -m telephony.sip.chart > docs/sip-transactions.md"
    )
