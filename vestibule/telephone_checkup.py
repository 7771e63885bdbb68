"""Whether the telephones that have accounts can prove them."""

from call.clock import Clock
from call.errors import Fault
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing, SqlAlchemyRegistrations
from vestibule.doctor import Finding, Verdict
from vestibule.mailroom import open_mailroom
from vestibule.settings import Settings


async def examine_telephones(settings: Settings, clock: Clock) -> list[Finding]:
    """What the accounts are worth; nothing where there are none, or where the storage fails."""
    try:
        async with open_mailroom(settings, clock) as mailroom:
            phones = await SqlAlchemyListing(mailroom.database).phones()
            kept = await SqlAlchemyRegistrations(mailroom.database).registrations()
    except (Fault, OSError):
        return []
    realm, now = settings.sip.realm, clock.now()
    worthless = sorted(phone.user for phone, proofs in phones if proofs.realm != realm)
    if worthless:
        what = f'made for another sip.realm than "{realm}": {", ".join(worthless)}'
        advice = "Set sip.realm as it was, or give each a new password: vestibule phone password."
        return [Finding(Verdict.BAD, "telephones", what, advice)]
    if not phones:
        return []
    registered = {each.user for each in kept if each.expires > now}
    what = f"{len(phones)} have an account, {len(registered)} registered"
    return [Finding(Verdict.GOOD, "telephones", what)]
