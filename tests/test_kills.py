"""Two crawls of the sample site, each killed with SIGKILL again and again: every archive ends equal to that of a crawl that nothing disturbed."""

from __future__ import annotations

import random
from pathlib import Path

from tests.kills import crawl_with_kills, undisturbed
from tests.kills import essence as of
from tests.servers import serve_sample


def test_a_killed_crawl_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    dice, kills = random.Random(20260105), 0
    with serve_sample() as server:
        wanted, seconds = undisturbed(server.origin, tmp_path / "undisturbed")
        for number in range(2):
            folder = tmp_path / str(number)
            kills += crawl_with_kills(server.origin, folder, dice, longest=max(1.0, seconds * 0.8))
            found = of(folder)
            assert found == wanted, [*(wanted - found), *(found - wanted)][:4]
    assert kills >= 2
