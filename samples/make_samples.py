"""Writes the sample spreadsheets anew: ``python samples/make_samples.py``. The same bytes at each run.

The dates lie in one week, as in a real file: Microsoft ends a subscription after seven days, so a date that never
passes would warn on every row. The week of the files in the repository begins on 2026-11-23; once it is over, their
rows are still sent, with the warning that their date has passed. ``importer sample`` writes the same samples with the
dates of the week that begins today.
"""

from datetime import date
from pathlib import Path

from importer.samples import SAMPLES

HERE = Path(__file__).parent
FIRST_DAY = date(2026, 11, 23)
"""Of the week in which the dates of the files in the repository lie."""


if __name__ == "__main__":
    for name, sample in SAMPLES.items():
        sample.write(HERE / name, FIRST_DAY)
