"""The pages for operations staff: from a file to its results, over the same runs as the command line.

Rule 1: what a page shows is read from the journal, or from the folder of an upload; only sessions, and the sign-ins in
them, are in memory. Rule 2: nothing is sent from here: a run is a process of its own that outlives
the page. Rule 3: no other host is ever asked.
"""

from importer.web.auth import Role
from importer.web.server import Address, serve, team_of

__all__ = ["Address", "Role", "serve", "team_of"]
