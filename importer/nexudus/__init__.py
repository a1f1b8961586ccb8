"""The remote service: signing in, asking, creating; what comes back is a Reply.

- ``service.py``     the API in a few verbs, each of which gives a ``reply.py``; ``pages.py`` whole lists
- ``sign_in.py``     which token a call carries; ``access.py`` the address and the sign-in as values
- ``waits.py``       waits that can be ended, for everything below the front ends
- ``client.py``      one request, one reply; ``connection.py`` the connection that carries it
- ``other_host.py``   one call to another host than the service: the provider where a team signs in to the page
- ``download.py``     one file from an https address that a command was given

The only package that calls anybody over HTTP (the page and the sandbox listen for callers); only ``client``,
``connection`` and ``download`` know the HTTP library. Must not know rows, files or the journal.
"""

from importer.nexudus.access import Access, Secret
from importer.nexudus.other_host import OtherHost
from importer.nexudus.pages import Ended, Page, PageReader, read_page
from importer.nexudus.reply import Reply
from importer.nexudus.service import Nexudus, Probe

__all__ = ["Access", "Ended", "Nexudus", "OtherHost", "Page", "PageReader", "Probe", "Reply", "Secret", "read_page"]
