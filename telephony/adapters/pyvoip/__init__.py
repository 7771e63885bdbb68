"""A line of an existing telephone system, held by pyVoIP: the optional extra `vestibule[pyvoip]`.

Vestibule registers as one extension of a PBX. pyVoIP signals; the sound never passes through it:
its RTP clients are replaced by slots of our media plane, so that nothing of its 8-bit sound, its
key detection or its pacing is used. Each call is given to the owner as a `call.leg.Leg`.

    line, leg          what the program sees: one registered extension, and its calls
    phone, call        pyVoIP's telephone and its calls, with the sound taken out
    client             pyVoIP's signalling, mended
    library            pyVoIP itself, imported the one way that works

What pyVoIP 1.6.8 cannot do, and a leg of this line therefore cannot either:

  - UDP and IPv4 only: no TLS, no TCP, no SRTP;
  - one peer: whatever it says goes to the address of the registrar, wherever a request came from;
  - no transfer (REFER) and no session timers; a re-INVITE moves the sound but never holds it;
  - INFO, UPDATE and whatever else is refused by 405: keys must come as RFC 4733 events or as tones;
  - an INVITE without an offer, or whose offer holds neither PCMU nor PCMA, is refused as busy;
  - a second SIP message in a datagram is not understood;
  - a 200 is not repeated by itself: a lost one is sent again when the INVITE is.

What pyVoIP leaves undone is done here: a CANCEL is honoured, OPTIONS is answered, a BYE is sent
along the recorded route, and a registration that is refused or given up is taken up again.

pyVoIP is GPL-3.0: this package alone imports it, and nothing of the core imports this package.
Threads live here only: pyVoIP's own. They touch the program through the event loop alone.
"""

from telephony.adapters.pyvoip.extension import Extension, LineDown, NotOnThisLine
from telephony.adapters.pyvoip.leg import PyVoipLeg
from telephony.adapters.pyvoip.line import PyVoipLine

__all__ = ["Extension", "LineDown", "NotOnThisLine", "PyVoipLeg", "PyVoipLine"]
