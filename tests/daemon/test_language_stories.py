"""Every field of the published schema, and the unit test that tells its rule without sockets.

test_language_fields.py has the same for tests over sockets. Places are
"<module>::<sentence>": test_<sentence> in tests/unit/test_<module>.c or tests/contract/<module>.c.
"""

import os
import re

from conftest import ROOT
from test_language_fields import FIELDS

COMPILED = "definition_compile::"
# What the shell alone does with them, and only sockets show.
SOCKETS_ONLY = "call/redact notify/on notify/secret notify/url /notify step/id /name"
STORIES = {
    "/$schema /description step/description": "definition_check::comments_are_allowed_where_there_is_no_payload",
    "/defaults /defaults/call /defaults/compensate callDefaults/headers callDefaults/retry "
    "callDefaults/statuses callDefaults/timeout": COMPILED
    + "a_call_wins_over_defaults_member_by_member",
    "/input /input/schema": "scenario::an_input_that_does_not_fit_cannot_start",
    "/input/example /tests": "definition_check::each_file_of_the_corpus_has_exactly_the_issues_listed_for_it",
    "/key": "contract_lists::list_by_key",
    "/unique": "contract_sagas::unique_key_is_of_the_definition_name",
    "/labels": "contract_lists::list_by_labels_wants_all_of_them",
    "/steps": COMPILED + "steps_are_numbered_in_pre_order",
    "/orderingKey": "saga_waits::a_saga_in_line_begins_when_its_turn_comes",
    "/output": "docs::answers_are_seen_by_later_turns_and_the_output",
    "/timeout": "saga_waits::the_deadline_turns_a_saga_back",
    "call/body call/headers call/method call/url call/service": "render::a_request_is_made_of_its_templates",
    "call/query": "render::a_query_goes_behind_the_one_in_the_url",
    "call/callback": "saga_doubt::a_callback_call_is_done_when_answer_and_callback_have_come",
    "call/callback/timeout": "saga_doubt::no_callback_in_time_is_unknown",
    "call/rejectWhen": "verdict::reject_when_comes_before_retry_when_and_statuses",
    "call/retryWhen": "verdict::retry_when_is_unknown_unless_the_status_says_not_applied",
    "call/retry retry/maxAttempts": COMPILED
    + "an_action_tries_four_times_and_a_compensation_for_a_day",
    "retry/delay retry/backoff retry/maxDelay": "saga_calls::our_own_delay_doubles_up_to_its_cap",
    "retry/jitter": "saga_waits::jitter_is_the_same_for_the_same_turn",
    "retry/maxElapsed": "saga_calls::free_attempts_end_with_max_elapsed",
    "call/statuses statuses/success statuses/retryable statuses/rejected": "verdict::a_code_beats_a_class_and_a_class_beats_the_default",
    "call/timeout": "scenario::an_answer_behind_its_time_out_is_none",
    "confirm/appliedWhen": "verdict::applied_when_decides_where_it_is_given",
    "confirm/notAppliedWhen": "verdict::an_answer_that_says_both_proves_nothing",
    "confirm/notApplied": "verdict::a_named_not_applied_status_beats_the_default_2xx",
    "confirm/headers confirm/method confirm/retry confirm/timeout": COMPILED
    + "a_confirm_is_a_patient_get",
    "confirm/query confirm/service confirm/url": "scenario::confirm_settles_what_is_in_doubt",
    "step/call": "saga_calls::steps_follow_each_other_to_the_end",
    "step/compensate": "saga_back::a_sequence_goes_back_in_reverse",
    "step/confirm": "saga_doubt::confirm_runs_when_attempts_ran_out_in_doubt",
    "step/forEach step/forEach/in": "scenario::items_are_answered_one_by_one_or_in_turn",
    "step/forEach/maxConcurrent": "saga_items::so_many_items_at_once_and_no_more",
    "step/forEach/maxItems": "saga_items::items_that_cannot_be_told_are_stuck",
    "step/onUnknown": "saga_doubt::on_unknown_stop_is_stuck_in_doubt",
    "step/optional": "saga_calls::a_failed_step_with_optional_is_ignored",
    "step/parallel": "saga_calls::branches_run_side_by_side_and_are_awaited",
    "step/pivot": "saga_back::after_the_pivot_a_failure_is_stuck_going_forward",
    "step/saga step/saga/definition": "saga_waits::a_child_that_completes_is_a_step_that_succeeded",
    "step/saga/input step/saga/version": COMPILED
    + "a_child_is_taken_back_unless_its_step_says_otherwise",
    "step/steps step/when": "saga_calls::a_when_that_says_no_skips_a_step_and_a_group",
    "step/wait step/wait/until": "saga_waits::a_timer_lets_the_saga_sleep_until_its_time",
    "step/wait/onTimeout": "saga_waits::a_signal_in_time_or_on_without_it",
    "step/wait/rejectWhen": "saga_waits::a_signal_that_is_refused_rejects_the_wait",
    "step/wait/signal": "saga_waits::a_wait_takes_the_signal_it_waits_for",
    "step/wait/timeout": "saga_waits::a_signal_in_time_or_rejected",
    "test/name test/input test/answers test/answers/status test/answers/headers "
    "test/answers/body test/expect test/expect/status test/expect/calls": "scenario::shipping_refuses_and_all_is_taken_back_in_order",
    "test/answers/after": "scenario::an_answer_behind_its_time_out_is_none",
    "test/answers/fault": "scenario::each_fault_means_what_it_means_on_the_wire",
    "test/answers/ended": "scenario::a_child_completes_is_compensated_and_is_taken_back",
    "test/expect/output": "scenario::a_call_without_an_answer_gets_200_and_the_output_is_compared",
}


def unit_tests_of(module):
    is_contract = module.startswith("contract_")
    name = ("contract/%s.c" if is_contract else "unit/test_%s.c") % module
    with open(os.path.join(ROOT, "tests", name)) as f:
        return set(re.findall(r"START_TEST\(test_(\w+)\)", f.read()))


def test_every_field_of_the_schema_has_a_story():
    named = [field for fields in [SOCKETS_ONLY, *STORIES] for field in fields.split()]
    assert sorted(named) == sorted(FIELDS)


def test_every_story_is_told_somewhere():
    for place in STORIES.values():
        module, _, sentence = place.partition("::")
        assert sentence in unit_tests_of(module), place
