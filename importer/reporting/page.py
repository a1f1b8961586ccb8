"""The report as one page that needs nothing else: no script, no other host."""

import base64
import hashlib
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from importer.reporting.overview import Overview
from importer.reporting.report_words import words_of
from importer.reporting.sentences import utc_moment

_PAGES = Environment(
    loader=PackageLoader("importer.reporting"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(overview: Overview, files: Sequence[str]) -> str:
    """The page as HTML; every text of the user and of the service is escaped."""
    style = _PAGES.get_template("style.css").render()
    return _PAGES.get_template("report.html").render(
        title=overview.headline(),
        overview=overview,
        words=words_of(overview.run),
        needing=overview.needing,
        files=files,
        written=utc_moment(overview.now),
        style=style,
        style_hash=_digest(style),
    )


def _digest(style: str) -> str:
    # The page's policy names its style by hash, so that a style in the data could not take effect either.
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
