from pathlib import Path

import pytest

from tests.benchmarks.kill_nine import survive


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_to_kill_nine(tmp_path: Path) -> None:
    report = survive(tmp_path, kills=10)
    assert report.acknowledged > 10
    assert report.lost == 0
    assert report.faults == ()
    assert report.ahead <= 2 * report.kills  # the first one, and the one that was to be said next
