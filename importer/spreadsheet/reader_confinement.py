"""What the system forbids the process that reads workbooks, asked of such a process itself."""

import json
import subprocess
import sys
from pathlib import Path

from importer.spreadsheet.workbook_child.confinement import Confinement

__all__ = ["Confinement", "reader_confinement"]

_SECONDS = 60


def reader_confinement() -> Confinement:
    """What of other files, and of the network and other programs, is out of its reach on this system."""
    child = Path(__file__).with_name("workbook_child")
    try:
        output = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(child), "confinement"], capture_output=True, timeout=_SECONDS, check=True
        ).stdout
        return Confinement(**json.loads(output))
    except (OSError, subprocess.SubprocessError, ValueError):
        return Confinement(files=False, calls=False)
