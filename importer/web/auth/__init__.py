"""Who uses the pages.

``people.py`` has names, roles and passwords, ``sessions.py`` the browsers that are signed in, ``sign_in_pages.py`` the
pages on which somebody signs in.
"""

from importer.web.auth.people import Person, Role, Team
from importer.web.auth.sessions import SessionStore, WebSession

__all__ = ["Person", "Role", "SessionStore", "Team", "WebSession"]
