"""The practice service inside a command: one at a time, for its records are in one file."""

from conftest import Desk, practised

from importer.api.embedded_sandbox import embedded_sandbox


def test_a_second_command_is_told_to_wait(desk: Desk) -> None:
    """While one command practises, another says so; it is no bug, and nothing of the first is disturbed."""
    file = desk.write("rows.csv", [practised(2)])
    with embedded_sandbox({"home": desk.home}):
        done = desk.type("plan", file, "--sandbox")
    assert done.code == 7
    assert "Another command is using the practice service" in done.err
    assert desk.type("plan", file, "--sandbox").code == 0
