"""The rows of a plan by what they are to the service, as they are shown."""

from importer.runs.groups import FieldChange, field_changes


def test_a_field_without_a_value_is_empty() -> None:
    """Nobody is to read the word of a programming language in the place of an empty cell."""
    changes = field_changes({"Name": (None, "Room"), "CoworkerId": (8, None), "Priority": (0, False)})
    assert changes == (
        FieldChange("Name", "Room", ""),
        FieldChange("CoworkerId", "", "8"),
        FieldChange("Priority", "False", "0"),
    )
