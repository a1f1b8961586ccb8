"""What is done to an import, as data: how creates, deletes and lists are answered, how a clock jumps, who works beside.

A case takes one value of each axis; everything else about it follows from that.
"""

import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from torture.wire import CRASH, CUT, SILENT, Trouble

FEWEST_ROWS = 8
"""Enough for every misbehaviour to meet a row; the long form takes more."""

LATE, LAG = 0.25, 0.2
"""Seconds after a call until its effect, and from there until the lists show it; measured by the service alone."""
NEVER = 86_400.0
"""A lag that no case outlives."""

SETTLE = 3_600.0
"""Nobody waits for them: when all has come that is on its way, the clocks of the importer and of the service are set
forward by more than that."""
PATIENT = 3.0
"""A window that the importer waits for by itself, and then sends again without being asked; longer than any effect."""

BEHAVIOURS: Mapping[str, str] = {
    "answers": "ok",
    "lost before": "lost-before",
    "lost after": "lost-after",
    "500 before": "500-before",
    "500 after": "500-after",
    "half body": "half-body",
    "late": f"late:{LATE}",
    "throttle": "throttle-429:0.1",
}
"""What the service does with a create or a delete, and the sandbox's name for it."""

MIXED = "mixed"

WHOLE = "whole"
LISTS: Mapping[str, tuple[str, ...]] = {
    WHOLE: (),
    "shifting": ("list-shift",) * 90,
    "end too early": ("list-end-early",) * 9,
    "no end": ("list-no-end",) * 9,
    "count too low": ("list-count-low",) * 24,
    "count too high": ("list-count-high",) * 24,
    "neither end nor count": ("list-no-end-no-count",) * 24,
    "one page again and again": ("list-same-page",) * 9,
    "down": ("500-before", "502-html", "ok", "status:501") * 3,
    "another location": ("list-other-location",) * 6,
    "without records": ("list-empty",) * 4,
    "Ids as text": ("list-ids-as-text",) * 4,
    "members missing": ("list-members-missing",) * 24,
}
"""What the first reads of the list get; after them it is whole."""
PAGES: Mapping[str, int] = {**dict.fromkeys(LISTS, 4), WHOLE: 1_000, "shifting": 2}
"""How many records such a list has on a page. Of each page that shifts one record is missed."""
THEIRS = 5
"""How many records there are of a colleague's."""

HOUR, DAY, MONTH = 3_600.0, 86_400.0, 2_592_000.0
JUMPS: Mapping[str, float] = {
    "an hour forward": HOUR,
    "a day forward": DAY,
    "a month forward": MONTH,
    "an hour back": -HOUR,
    "a day back": -DAY,
    "a month back": -MONTH,
}
"""By how much the clock of the importer's machine jumps, in seconds."""

LEASE = 3.0
"""Seconds of a lease where two machines are at work at once: a tenth of the real one."""
AWAY = LEASE + PATIENT + 2.0
"""Seconds for which a machine or its network is away: the other one has the lease by then, believes that rows are
absent, and has sent them again."""
QUARTER = 900.0
"""Seconds by which the clocks of two machines differ."""
SLOW = "slow:0.5"
"""An answer that is late, so that many are under way whenever something happens."""
_TOGETHER = (BEHAVIOURS["lost after"], BEHAVIOURS["late"], BEHAVIOURS["answers"], SLOW, SLOW)

TROUBLES: Mapping[str, Trouble] = {
    "cut before a commit": Trouble(CUT, lasts=AWAY),
    "answer to a commit cut off": Trouble(CUT, after=True, lasts=AWAY),
    "cut for a moment before a commit": Trouble(CUT),
    "cut for a moment after a commit": Trouble(CUT, after=True),
    "silent before a commit": Trouble(SILENT, lasts=AWAY),
    "silent after a commit": Trouble(SILENT, after=True, lasts=AWAY),
    "silent for half a lease": Trouble(SILENT, lasts=LEASE / 2),
    "crash before a commit": Trouble(CRASH),
    "crash after a commit": Trouble(CRASH, after=True),
}
"""What becomes of the network between the first of two machines and their database, or of the database."""

NOBODY, EDITS, REMAKES = "nobody", "edits", "deletes and makes again"


@dataclass(frozen=True)
class Case:
    """What is done to one import.

    ``broken`` names a rule that the victims leave out; with ``slow_lists`` no lucky look at the service hides that,
    because no list ever shows a record. Whoever keeps the rule would wait for one in vain.

    Attributes:
        behaviour: How creates, or deletes of an undo, are answered.
        kills: The numbers of the seams at which one process after the other dies.
        rows: How many rows the file has.
        lists: What lists are like; with an odd seed not before the second command.
        jumps: At which seams of the first command its clock jumps, and by how many seconds. It stays so.
        colleague: What a colleague does with the newest record after each death.
        undo: Whether it is the undo of a finished import.
        update: Whether it is an update of what a finished import created.
        again: Whether doubts are left to the same import, typed again.
        trouble: What becomes of the first machine's network, by its name in `TROUBLES`, at its commit number ``at``.
        together: Whether the second machine takes over as soon as it can, and while the first one may still be there.
        apart: The seconds by which the second machine's clock is ahead of the first one's and of the database's.
        settle: The seconds that the importer is told to wait before it believes that a record will not come.
    """

    behaviour: str = MIXED
    kills: tuple[int, ...] = ()
    seed: int = 0
    concurrency: int = 1
    broken: str = ""
    slow_lists: bool = False
    signal: int = signal.SIGKILL
    rows: int = FEWEST_ROWS
    lists: str = WHOLE
    jumps: tuple[tuple[int, float], ...] = ()
    colleague: str = NOBODY
    undo: bool = False
    update: bool = False
    again: bool = False
    settle: float = SETTLE
    trouble: str = ""
    at: int = 0
    together: bool = False
    apart: float = 0.0

    @property
    def lag(self) -> float:
        """Seconds until the service's lists show a record."""
        if self.slow_lists:
            return NEVER
        # So that the first look shows nothing, and the one after the window decides.
        return PATIENT / 2 if self.settle == PATIENT else LAG

    @property
    def has_guests(self) -> bool:
        """Whether the service holds records of a colleague."""
        return self.lists != WHOLE or self.undo or self.colleague != NOBODY

    def faults(self) -> list[str]:
        """What happens to the creates, the updates, or the deletes, in the order of their arrival.

        Never five in a row without an answer, which would end the run by itself. One row of a mix is refused.
        """
        chance = random.Random(self.seed)
        if self.together:
            return [name for fault in chance.choices(_TOGETHER, k=self.rows) for name in (fault, SLOW)]
        if self.behaviour != MIXED:
            return [name for _ in range(max(self.rows // 2, 1)) for name in (BEHAVIOURS[self.behaviour], "ok")]
        names = [*BEHAVIOURS.values(), "400", *chance.choices([*BEHAVIOURS.values()], k=self.rows // 2)]
        chance.shuffle(names)
        return [name for fault in names for name in (fault, "ok")]
