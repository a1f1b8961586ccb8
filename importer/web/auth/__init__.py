"""Who uses the pages.

- ``people.py``         who somebody is, and the list of roles; ``sessions.py`` the browsers that are signed in
- ``rules.py``          what the settings say of a team; ``team.py`` who has which role at this moment
- ``provider.py``       OpenID Connect: where people sign in; ``sign_in_flow.py`` one sign-in on its way,
  ``id_token.py`` what comes back. These and ``team.py`` are imported for a team only: their library takes 150 ms
- ``sign_in_pages.py``  the pages on which somebody signs in; ``session_pages.py`` those on which sessions end
"""

from importer.web.auth.people import People, Person, Role
from importer.web.auth.sessions import SessionStore, WebSession

__all__ = ["People", "Person", "Role", "SessionStore", "WebSession"]
