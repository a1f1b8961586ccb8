"""``python -m importer``: the command line where the console script is not on the path."""

from importer.cli import main

main()
