"""The import rules of the house, read from the source: arrows point down, nothing heavy at the start."""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.places import ROOT

# A floor may import itself, the floors named here, and the ground floor.
GROUND = {
    "quizcli",
    "quizcli.errors",
    "quizcli.did_you_mean",
    "quizcli.notices",
    "quizcli.fsrs_parameters",
    "quizcli.permit",
    "quizcli.file_writing",
    "quizcli.file_reading",
    "quizcli.json_output",
    "quizcli.settings",
    "quizcli.text",
    "quizcli.visible_text",
}
FLOORS = {
    "quizcli/cli": {"cli", "session", "screen", "study", "packs", "judge", "demo", "bank", "processes"},
    "quizcli/session": {"session", "screen", "study", "packs", "judge", "demo", "bank", "processes"},
    "quizcli/screen": {"screen", "study", "packs", "judge", "demo", "bank"},
    "quizcli/study": {"study", "packs", "demo", "bank"},
    "quizcli/packs": {"packs", "demo", "bank"},
    "quizcli/judge": {"judge", "demo", "bank", "processes"},
    "quizcli/demo": {"demo", "bank", "processes"},
    "quizcli/bank": {"bank"},
    "quizcli/processes": {"processes"},
}
# Of quizcli, answers may use what their authors are told of, and nothing else.
AUTHORS = {
    "quizcli.demo.events",
    "quizcli.demo.option",
    "quizcli.demo.knobs",
    "quizcli.demo.data",
    "quizcli.demo.texts",
    "quizcli.demo.device",
    "quizcli.judge.case",
}
CONTENT = {"answers": {"answers", "models", *AUTHORS}, "models": {"models"}}
ALLOWED = {floor: {f"quizcli.{room}" for room in rooms} for floor, rooms in FLOORS.items()} | CONTENT
HEAVY = {"torch", "torchvision", "numpy", "matplotlib", "pydantic", "pandas"}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported module of a file, and whether the import runs when the module is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        node
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test))
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or "", node not in lazy
            # `from quizcli.cli import bank` names modules too
            yield from ((f"{node.module}.{alias.name}", node not in lazy) for alias in node.names)


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no Python in {folder}"
    return found


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


@pytest.mark.parametrize("floor", ALLOWED)
def test_arrows_point_down(floor: str) -> None:
    ours = ("quizcli", "models", "answers", "tests")
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(floor)
        for module, _ in imports(path)
        if module.split(".")[0] in ours and not within(module, ALLOWED[floor]) and not _ground(module)
    ]
    assert not wrong


def _ground(module: str) -> bool:
    return module in GROUND or (
        module.rpartition(".")[0] in GROUND and not (ROOT / module.replace(".", "/")).is_dir()
    )


@pytest.mark.parametrize(
    "floor",
    ["quizcli/cli", "quizcli/session", "quizcli/screen", "quizcli/study", "quizcli/packs", "quizcli/bank"],
)
def test_the_terminal_process_imports_nothing_heavy(floor: str) -> None:
    at_start = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(floor)
        for module, runs in imports(path)
        if runs and module.split(".")[0] in HEAVY
    ]
    assert not at_start


@pytest.mark.parametrize(
    "floor",
    ["quizcli/study", "quizcli/packs", "quizcli/judge", "quizcli/bank", "quizcli/demo", "models", "answers"],
)
def test_only_the_screen_draws(floor: str) -> None:
    drawing = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(floor)
        for module, _ in imports(path)
        if module.split(".")[0] == "rich"
    ]
    assert not drawing


def modules() -> dict[str, Path]:
    """Every module of the house and its file; a package is its `__init__`."""
    found = {}
    for top in ("quizcli", "answers", "models"):
        for path in files(top):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Every circle of arrows, by those that are on it: what never comes to stand in a row."""
    sorter = TopologicalSorter(arrows)
    try:
        sorter.prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def test_no_circle_of_files() -> None:
    """Also where the import waits in a function: files on a circle are one file that was torn apart."""
    known = modules()
    arrows = {
        name: {module for module, _ in imports(path) if module in known and "." in module} - {name}
        for name, path in known.items()
    }
    assert circles(arrows) == []


def test_no_circle_of_rooms() -> None:
    """Of folders, where neither lies in the other; the door of the program belongs to the command line."""
    known = modules()
    arrows: dict[str, set[str]] = {}
    for name, path in known.items():
        here = "quizcli/cli" if name == "quizcli.__main__" else room(path)
        for module, _ in imports(path):
            there = room(known[module]) if module in known else here
            if there != here and not (
                f"{there}/".startswith(f"{here}/") or f"{here}/".startswith(f"{there}/")
            ):
                arrows.setdefault(here, set()).add(there)
    assert arrows["quizcli/cli/commands"] >= {"quizcli/session", "quizcli/packs"}
    assert circles(arrows) == []


def room(path: Path) -> str:
    return path.parent.relative_to(ROOT).as_posix()


def test_no_room_is_crowded() -> None:
    """At most twenty modules: more than that nobody looks through, and topics want folders of their own."""
    count = Counter(
        room(path)
        for top in ("quizcli", "answers", "models", "tests")
        for path in files(top)
        if path.name != "__init__.py"
    )
    assert {folder: number for folder, number in count.items() if number > 20} == {}


def test_models_import_torch_only() -> None:
    allowed = {"torch", "models", "collections", "itertools", "math", "typing", "__future__"}
    wrong = [
        f"{path.name}: {module}"
        for path in files("models")
        for module, _ in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert not wrong


def test_every_python_we_start_leaves_the_current_folder_alone() -> None:
    """A torch.py where somebody happens to be is no torch: -P comes right after the interpreter."""
    started = []
    for path in sorted((ROOT / "quizcli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable":
                started.append((path.name, ast.unparse(node.elts[1]) if len(node.elts) > 1 else ""))
            elif ast.unparse(node) == "sys.executable":
                started.append((path.name, "named"))
    commands = [(name, flag) for name, flag in started if flag != "named"]
    assert commands
    assert {flag for _, flag in commands} == {"'-P'"}
    assert len(started) == 2 * len(commands)  # and no other command begins with it


def test_every_message_says_what_to_do_next() -> None:
    """A QuizError has a hint, or names a command in what it says."""
    silent = []
    for folder in ("quizcli", "answers"):
        for path in files(folder):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "QuizError":
                    hinted = len(node.args) > 1 or any(word.arg == "hint" for word in node.keywords)
                    if not hinted and not _is_a_command_named(node.args[0]):
                        silent.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert silent == []


def _is_a_command_named(message: ast.expr) -> bool:
    return "`quizcli" in ast.unparse(message) or "command" in {
        node.id for node in ast.walk(message) if isinstance(node, ast.Name)
    }
