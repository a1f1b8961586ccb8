"""A sandbox in a process of its own: `python -m importer.sandbox --port 8650`."""

from __future__ import annotations

import argparse
import json
import sys

from importer.sandbox import SandboxOptions, serve
from importer.sandbox.options import changed


def main() -> int:
    """Serves until it is stopped; the first line on stdout is the address."""
    parser = argparse.ArgumentParser(prog="python -m importer.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--options-json", default="{}", help='for instance {"writes_per_minute": null}')
    arguments = parser.parse_args()
    try:
        options = changed(SandboxOptions(), json.loads(arguments.options_json))
        serve(options, arguments.host, arguments.port, _say)
    except (OSError, ValueError) as exc:
        sys.stderr.write(f"sandbox: {exc}\n")
        return 2
    return 0


def _say(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
