"""pyVoIP, imported in the one order in which it imports at all, and without its warnings."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports audioop
    from pyVoIP.VoIP import VoIP  # before pyVoIP.SIP, which imports it in a circle

    # isort: split
    from pyVoIP import RTP, SIP
    from pyVoIP.VoIP.status import PhoneStatus

__all__ = ["RTP", "SIP", "PhoneStatus", "VoIP"]
