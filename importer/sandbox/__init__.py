"""A local stand-in for the Nexudus API, with faults: for people who practise and for every test.

- `options.py`  the switches; the defaults are the published contract and limits
- `service.py`  records and rules, over `records.py` (the store), `lists.py` (filters), `people.py` (who is there)
- `sign_in.py`   tokens; `limits.py` sliding windows; `replies.py` each documented shape
- `faults.py`   what can go wrong with one call, by name
- `app.py`      the service's addresses, `control.py` those to watch it by, `page.py` what it holds, for people;
  each over `state.py`, all that it remembers
- `kinds.py`    the record types as the service knows them
- `server.py`   running it on a socket; `http.py` the bytes that an HTTP server has no words for

Shares only the schemas with the rest, on purpose: a mistake in a shared line would hide itself.
"""

from importer.sandbox.app import app
from importer.sandbox.faults import FAULTS, MEANINGS
from importer.sandbox.limits import limits_in_words
from importer.sandbox.options import SandboxOptions
from importer.sandbox.server import running, serve

__all__ = ["FAULTS", "MEANINGS", "SandboxOptions", "app", "limits_in_words", "running", "serve"]
