"""What the live tests share: SIP endpoints, the gateway under test, its
configuration, SIPp, Kamailio.  Python standard library only."""
from . import env  # noqa: F401 (it tells Python where mkimsg is)
