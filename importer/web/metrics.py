"""The figures as Prometheus reads them: from the journal when asked, so that those of all processes are among them."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from importer.runs.figures import Figures


class Metrics(Collector):
    """The figures of the journal. Whoever asks while they are being read gets the same ones."""

    def __init__(self, read: Callable[[], Figures]) -> None:
        """``read`` gives the figures of now."""
        self._read = read
        # No figures of this process: with several of them, each would tell of another one.
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self.latest = b""

    def renew(self) -> None:
        """Read the figures, into ``latest``."""
        self.latest = generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing: else the journal would be read to find out which figures there are."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        figures = self._read()
        rows = GaugeMetricFamily(
            "importer_rows",
            "Rows of all runs by their state. Nexudus refused those that are rejected; invalid ones were never sent.",
            labels=("account", "state"),
        )
        for (account, state), number in sorted(figures.rows.items()):
            rows.add_metric((account, state), number)
        runs = GaugeMetricFamily("importer_runs", "Runs by how they stand.", labels=("account", "state"))
        for (account, standing), number in sorted(figures.runs.items()):
            runs.add_metric((account, standing), number)
        pauses = GaugeMetricFamily(
            "importer_pause_seconds",
            "Seconds for which Nexudus asked to make no call, or is left alone because it cannot be reached.",
            labels=("account",),
        )
        for account, seconds in figures.pauses.items():
            pauses.add_metric((account,), seconds)
        holders = CounterMetricFamily(
            "importer_lease_changes",
            "How often a process has begun to send for an account, where machines share the journal.",
            labels=("account",),
        )
        for account, times in sorted(figures.holders.items()):
            holders.add_metric((account,), times)
        workers = GaugeMetricFamily("importer_workers", "Workers that run now.", value=figures.workers)
        yield from (rows, runs, *_allowances(figures), pauses, holders, workers)


def _allowances(figures: Figures) -> tuple[Metric, Metric, Metric]:
    # By the seconds of the window and what it counts: an account has several allowances at once.
    labels = ("account", "calls", "seconds")
    used, left, limit = (
        GaugeMetricFamily(f"importer_calls_{name}", text, labels=labels)
        for name, text in (
            ("used", "Calls that the allowance of so many seconds counts now."),
            ("left", "Calls that the allowance of so many seconds has left."),
            ("limit", "Calls that the allowance of so many seconds has."),
        )
    )
    for use in figures.allowances:
        values = (use.account, "changes" if use.window.writes else "all", f"{use.window.seconds:g}")
        used.add_metric(values, use.used)
        left.add_metric(values, use.left)
        limit.add_metric(values, use.window.calls)
    return used, left, limit
