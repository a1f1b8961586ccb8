"""The remote service: signing in, asking, creating; what comes back is a Reply.

The only folder that touches the network; only ``client`` and ``connection`` know the HTTP library. Must not know rows,
files or the journal.
"""

from importer.nexudus.access import Access, Secret
from importer.nexudus.pages import Ended, Page, PageReader, read_page
from importer.nexudus.reply import Reply
from importer.nexudus.service import Nexudus, Probe

__all__ = ["Access", "Ended", "Nexudus", "Page", "PageReader", "Probe", "Reply", "Secret", "read_page"]
