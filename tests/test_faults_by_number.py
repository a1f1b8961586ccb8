"""The third table of the list of faults, line by line, with the tests that hold it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GUIDE = TESTS.parent / "importer" / "guide" / "faults.md"

HELD_BY: Mapping[str, Sequence[str]] = {
    "R-01": (
        "delivery/test_reconciler.py::test_rows_that_differ_in_an_empty_field_never_share_a_record",
        "delivery/test_reconciler.py::test_no_list_gives_one_record_to_two_rows",
        "delivery/test_model.py::test_no_list_doubles_or_loses_a_row",
    ),
    "R-02": (
        "delivery/test_reconciler.py::test_a_record_with_values_that_were_never_sent_is_no_effect",
        "delivery/test_comparison.py::test_a_row_is_not_given_the_record_of_the_row_after_it",
    ),
    "R-03": (
        "delivery/test_reconciler.py::test_a_record_that_was_edited_since_is_never_doubled",
        "delivery/test_reconciler.py::test_a_record_that_a_colleague_saved_without_a_change_is_the_rows",
        "delivery/test_model.py::test_each_rule_of_settling_is_needed",
    ),
    "R-04": (
        "delivery/test_listing.py::test_a_list_that_leaves_something_open_is_none",
        "delivery/test_listing.py::test_an_end_before_the_count_is_looked_behind",
        "delivery/test_listing.py::test_what_existed_throughout_is_in_a_proved_list",
        "delivery/test_listing.py::test_one_reading_can_miss_a_record_with_every_sign_of_being_whole",
        "runs/test_reconcile.py::test_a_list_that_lacks_what_was_listed_before_proves_nothing",
        "runs/test_locations.py::test_a_row_is_absent_only_from_a_list_of_its_location",
        "torture/test_sweep.py::test_no_list_doubles_loses_or_misreports_a_row",
        "delivery/test_model.py::test_each_rule_of_settling_is_needed",
    ),
    "R-05": (
        "delivery/test_by_id.py::test_anything_else_says_nothing_and_what_came_is_said",
        "delivery/test_undoer.py::test_nothing_but_the_record_or_its_absence_is_believed",
        "delivery/test_undoer.py::test_a_record_that_cannot_be_looked_at_is_not_deleted",
        "runs/test_odd_answers.py::test_an_undo_that_could_not_look_says_so_and_can_be_repeated",
    ),
    "R-06": (
        "journal/test_calls.py::test_a_clock_that_jumps_either_way_hangs_nothing",
        "delivery/test_backoff.py::test_a_clock_that_is_put_back_takes_the_wait_with_it",
        "runs/test_send.py::test_r06_a_clock_that_is_set_while_rows_are_sent_makes_no_wait_longer",
        "torture/test_sweep.py::test_no_jump_of_a_clock_doubles_loses_or_stops_anything",
    ),
    "R-07": (
        "delivery/test_reconciler.py::test_absent_is_believed_after_the_window_by_both_clocks",
        "journal/test_faults.py::test_f32_a_clock_that_was_ahead_while_sending",
        "journal/test_faults.py::test_f32_a_clock_that_was_behind_while_sending",
    ),
    "R-08": ("delivery/test_reconciler.py::test_a_record_answers_for_one_row_of_a_run",),
    "R-09": (
        "runs/test_before_sending.py::test_without_a_list_nothing_is_sent",
        "runs/test_reconcile.py::test_a_service_without_a_list_leaves_doubts_open",
        "runs/test_before_sending.py::test_a_journal_put_back_from_yesterday_doubles_nothing",
    ),
    "R-10": (
        "journal/test_faults.py::test_f35_two_machines",
        "runs/test_before_sending.py::test_another_machine_recognises_what_the_first_created",
        "runs/test_compare.py::test_two_users_of_one_space_see_each_others_unanswered_rows",
        "runs/test_compare.py::test_two_users_of_one_space_see_each_others_records",
    ),
    "R-11": (
        "runs/test_earlier_terms.py::test_a_file_is_not_read_in_two_ways",
        "delivery/test_comparison.py::test_rows_read_in_another_zone_are_not_made_again",
        "runs/test_compare.py::test_the_same_rows_in_another_time_zone_make_no_second_records",
    ),
    "R-12": (
        "delivery/test_comparison.py::test_renewals_leave_one_record_for_each_mapping",
        "runs/test_compare.py::test_filling_in_the_calendar_later_makes_no_second_record",
        "runs/test_compare.py::test_a_cell_corrected_while_the_answer_is_awaited_makes_no_second_record",
    ),
    "R-13": (
        "runs/test_stop.py::test_an_undo_that_waits_is_found_and_ends",
        "runs/test_stop.py::test_the_wait_for_the_window_ends",
        "runs/test_stop.py::test_a_wait_for_a_turn_ends",
    ),
    "R-14": (
        "runs/test_odd_answers.py::test_no_value_of_the_service_ends_a_command_as_a_bug",
        "cli/test_stdout.py::test_an_output_that_cannot_be_written_is_a_sentence",
        "cli/test_stdout.py::test_a_reader_that_has_read_enough_is_no_error",
        "cli/test_stdout.py::test_what_the_machine_lacks_is_no_bug",
    ),
    "R-15": (
        "delivery/test_reconciler.py::test_a_second_record_of_a_rows_mapping_is_named",
        "delivery/test_reconciler.py::test_a_record_that_comes_after_its_row_was_given_up_is_named",
        "config/test_settings.py::test_a_window_shorter_than_a_call_is_refused",
    ),
    "R-16": (
        "nexudus/test_service.py::test_a_token_where_the_service_knows_neither_question",
        "nexudus/test_reply.py::test_what_may_be_answered_a_little_later",
        "runs/test_reconcile.py::test_a_service_without_a_list_leaves_doubts_open",
        "runs/test_create_only.py::test_rows_are_created_and_what_is_not_possible_is_said_first",
    ),
    "R-17": ("journal/test_tally.py::test_a_time_line_shows_no_row_before_it_was_settled",),
    "R-18": (
        "journal/test_runs.py::test_options_have_their_defaults_and_ignore_what_a_later_importer_wrote",
        "config/test_store.py::test_members_of_a_later_importer_are_passed_over",
        "config/test_store.py::test_a_later_format_is_not_guessed_at",
        "journal/test_faults.py::test_f39_a_journal_of_a_newer_importer",
    ),
}
"""The tests of each line, as pytest names them from this folder."""


def test_every_line_is_held() -> None:
    """A line without a test is a wish, and a number that the guide does not explain is a riddle."""
    assert re.findall(r"^\| (R-\d\d) ", GUIDE.read_text("utf-8"), re.MULTILINE) == list(HELD_BY)


@pytest.mark.parametrize("code", HELD_BY)
def test_the_tests_of_a_line_exist(code: str) -> None:
    """By file and name: a test that is renamed or deleted is missed here."""
    assert HELD_BY[code]
    for test in HELD_BY[code]:
        file, _, name = test.partition("::")
        assert re.search(rf"^(async )?def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE), test
