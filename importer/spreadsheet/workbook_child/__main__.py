"""Reads the workbook that is named on the command line, copies it with an annotation, or tells what is forbidden."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def _package() -> None:
    """Make this folder a package of its own, without the packages round it and without its modules on the path."""
    folder = Path(__file__).parent
    sys.path = [place for place in sys.path if Path(place) != folder]
    spec = spec_from_file_location(folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(folder.name)
    sys.modules[folder.name] = package = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _package()
    # Told from a file by being no absolute path.
    if sys.argv[1] == "confinement":
        from workbook_child.confinement import confine  # type: ignore[import-not-found]

        sys.stdout.write(json.dumps(confine()._asdict()))
    elif sys.argv[1] == "annotate":
        from workbook_child.annotated_copy import main as annotate  # type: ignore[import-not-found]

        annotate(Path(sys.argv[2]), sys.stdin, sys.stdout.buffer)
    elif sys.argv[1] == "parquet":
        from workbook_child.parquet_rows import main as read_parquet  # type: ignore[import-not-found]

        read_parquet(Path(sys.argv[2]), sys.stdout)
    else:
        from workbook_child.reading import main  # type: ignore[import-not-found]

        words = [word for word in sys.argv[1:] if word != "--without-blanks"]
        main(Path(words[0]), words[1] if len(words) > 1 else None, sys.stdout, blanks=len(words) + 1 == len(sys.argv))
