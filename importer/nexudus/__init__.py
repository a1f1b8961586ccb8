"""The remote service: signing in, asking, creating; what comes back is a Reply.

The only folder that touches the network, and ``wire`` the only file that knows the HTTP library. Must not know rows,
files or the journal.
"""

from importer.nexudus.access import Access, Secret
from importer.nexudus.reply import Reply
from importer.nexudus.service import Nexudus, Probe

__all__ = ["Access", "Nexudus", "Probe", "Reply", "Secret"]
