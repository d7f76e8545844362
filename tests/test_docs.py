"""What docs/ and CONTRIBUTING say of the house is as the house is."""

import re

from quizcli.demo.events import Event
from tests.event_pages import EXAMPLES, page
from tests.places import ROOT


def test_the_page_of_events_is_that_of_the_events_there_are() -> None:
    """When this fails: `python -m tests.event_pages > docs/events.md`."""
    assert set(EXAMPLES) == set(Event.__args__)
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == page()


def test_every_path_that_is_named_is_there() -> None:
    for name in ("CONTRIBUTING.md", "docs/architecture.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named = set(re.findall(r"`((?:quizcli|answers|models|questions|tests|docs)/[\w/.*-]*)`", text))
        assert len(named) >= 12
        assert {path for path in named if not any(ROOT.glob(path.rstrip("/")))} == set(), name


def test_every_room_is_in_the_plan() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "quizcli").rglob("*.py")
        if path.name != "__init__.py" and path.parent != ROOT / "quizcli"
    }
    assert {room for room in rooms if f"`{room}/`" not in text} == set()
