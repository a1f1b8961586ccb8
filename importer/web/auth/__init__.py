"""Who uses the pages: people with roles and passwords, browser sessions, and the pages on which somebody signs in."""

from importer.web.auth.people import Person, Role, Team
from importer.web.auth.sessions import SessionStore, WebSession

__all__ = ["Person", "Role", "SessionStore", "Team", "WebSession"]
