"""The breaches of a finished study: the damage, and the file and cause that fsck must report."""

from collections.abc import Callable
from typing import NamedTuple

from hyperspool.common.layout import StudyFolder
from tests.master.fsck.damage import (
    FIRST,
    changed_curve,
    checkpoint_of_no_trial,
    checkpoint_that_is_a_folder,
    curve_left_running,
    curve_without_a_result,
    digest_of_an_edited_result,
    digest_of_another_folder,
    finished_job,
    foreign_file_among_jobs,
    heartbeat_of_another_name,
    heartbeat_of_the_dead,
    job_of_another_study,
    job_of_other_params,
    job_of_other_seeds,
    job_that_is_a_link,
    journal_cut_short,
    journal_of_another_seed,
    journal_that_is_a_folder,
    leftover_checkpoint,
    lock_that_is_a_folder,
    lock_without_a_job,
    lost_curve,
    lost_result,
    misnamed_duplicate,
    misnamed_job,
    old_temporary_file_of_another_host,
    result_beyond_the_last_trial,
    result_in_the_wrong_folder,
    result_of_another_trial,
    result_of_other_params,
    result_of_other_seeds,
    second_curve,
    short_curve,
    temporary_file_of_the_dead,
    torn_curve,
    torn_curve_of_a_duplicate,
    torn_digest,
    torn_duplicate,
    torn_heartbeat,
    torn_job,
    torn_journal,
    torn_result,
)


class Case(NamedTuple):
    damage: Callable[[StudyFolder], None]
    file: str
    cause: str
    again: frozenset[int] = frozenset()


TWO = frozenset({2})
EIGHT = frozenset({8})
CASES = [
    Case(torn_job, "jobs/demo/00008.json", "not valid JSON"),
    Case(job_of_another_study, "jobs/demo/00008.json", "study: found 'other', expected 'demo'"),
    Case(job_of_other_params, "jobs/demo/00008.json", "params: found {'x': 0.5}, expected", EIGHT),
    Case(job_of_other_seeds, "jobs/demo/00008.json", "seeds: found", EIGHT),
    Case(misnamed_job, "jobs/demo/00007.json", "it asks for 00008, but is named 00007.json"),
    Case(job_that_is_a_link, "jobs/demo/00008.json", "is a symbolic link"),
    Case(finished_job, "jobs/demo/00008.json", "its trial has a result"),
    Case(lock_without_a_job, "jobs/demo/00008.l", "its job is gone"),
    Case(lock_that_is_a_folder, "jobs/demo/00008.lock", "is not a regular file"),
    Case(foreign_file_among_jobs, "jobs/demo/notes.txt", "a foreign file"),
    Case(torn_result, f"results/demo/{FIRST}/00002.json", "not valid JSON", TWO),
    Case(result_of_other_params, f"results/demo/{FIRST}/00002.json", "params: found {'x': 0.5}, expected", TWO),
    Case(result_of_other_seeds, f"results/demo/{FIRST}/00002.json", "seeds: found", TWO),
    Case(result_of_another_trial, f"results/demo/{FIRST}/00002.json", "trial: found 3, expected 2", TWO),
    Case(result_beyond_the_last_trial, f"results/demo/{FIRST}/00050.json", "a foreign file"),
    Case(result_in_the_wrong_folder, f"results/demo/{FIRST}/00103.json", "a foreign file"),
    Case(lost_curve, f"results/demo/{FIRST}/00002.json", "its curve 00002.csv is missing", TWO),
    Case(short_curve, f"results/demo/{FIRST}/00002.json", "it has 2 epochs, but the result says 3", TWO),
    Case(changed_curve, f"results/demo/{FIRST}/00002.json", "its best is 0.0001 in epoch 3", TWO),
    Case(torn_curve, f"results/demo/{FIRST}/00002.json", "its last line is torn", TWO),
    Case(curve_left_running, f"results/demo/{FIRST}/00002.json", "its curve still lies in running/"),
    Case(curve_without_a_result, f"results/demo/{FIRST}/00002.csv", "a curve without a result", TWO),
    Case(lost_result, "jobs/demo/00002.json", "trial 2 has neither a job nor a result", TWO),
    Case(leftover_checkpoint, "results/demo/checkpoints/00002.issue1.attempt1.pt", "its trial has a result"),
    Case(second_curve, "results/demo/running/00002.issue1.attempt1.csv", "a second curve of the attempt"),
    Case(checkpoint_that_is_a_folder, "results/demo/checkpoints/00002.issue1.attempt1.pt", "expected a regular file"),
    Case(checkpoint_of_no_trial, "results/demo/checkpoints/00050.issue1.attempt1.pt", "a foreign file"),
    Case(heartbeat_of_the_dead, "results/demo/workers/lab-1.json", "its worker is dead: there is no process"),
    Case(torn_heartbeat, "results/demo/workers/lab-1.json", "not valid JSON"),
    Case(heartbeat_of_another_name, "results/demo/workers/lab-2.json", "it is the heartbeat of lab-1"),
    Case(
        temporary_file_of_the_dead, f"results/demo/{FIRST}/.00002.json.", "it is a temporary file whose process is gone"
    ),
    Case(old_temporary_file_of_another_host, "jobs/demo/.00001.json.", "it is a temporary file whose process is gone"),
    Case(torn_digest, "results/demo/digests/00000-00099.json", "not valid JSON"),
    Case(digest_of_another_folder, "results/demo/digests/00100-00199.json", "it is not a digest of that folder"),
    Case(digest_of_an_edited_result, "results/demo/digests/00000-00099.json", "changed one in place: trial 00002"),
    Case(torn_duplicate, "results/demo/duplicates/00002.issue1.attempt2.json", "not valid JSON"),
    Case(torn_curve_of_a_duplicate, "results/demo/duplicates/00002.issue1.attempt2.csv", "its last line is torn"),
    Case(misnamed_duplicate, "results/demo/duplicates/00002.issue1.attempt2.json", "00002.issue1.attempt1.json"),
    Case(journal_cut_short, "results/demo/journal.jsonl", "its last batch is incomplete"),
    Case(torn_journal, "results/demo/journal.jsonl", "the journal is damaged: line 7: "),
    Case(journal_of_another_seed, "results/demo/journal.jsonl", "trial 5 is not what the study's seed gives"),
    Case(journal_that_is_a_folder, "results/demo/journal.jsonl", "the journal is damaged: "),
]
TOGETHER = [
    torn_job,
    lock_that_is_a_folder,
    foreign_file_among_jobs,
    misnamed_duplicate,
    result_beyond_the_last_trial,
    torn_result,
    leftover_checkpoint,
    checkpoint_of_no_trial,
    heartbeat_of_the_dead,
    temporary_file_of_the_dead,
    old_temporary_file_of_another_host,
    torn_journal,
]
"""Damage that can be done to one study at once."""
