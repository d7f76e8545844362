from pathlib import Path

import pytest

from tests.benchmarks.kill_nine import survive
from tests.benchmarks.kill_restore import survive as restoring


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_to_kill_nine(tmp_path: Path) -> None:
    report = survive(tmp_path, kills=10)
    assert report.acknowledged > 10
    assert report.lost == 0
    assert report.faults == ()
    assert report.ahead <= 2 * report.kills  # the first one, and the one that was to be said next


@pytest.mark.timeout(240)
def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one(tmp_path: Path) -> None:
    report = restoring(tmp_path, kills=6)
    assert report.faults == ()
    assert report.old + report.new == 6
