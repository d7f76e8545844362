"""`quizcli demo`: list the demonstrations, show the settings of one, run one, or show a recorded run."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from quizcli.cli import completion
from quizcli.cli.help import Command, print_page
from quizcli.demo.typed_settings import as_options
from quizcli.errors import ExitStatus, QuizError
from quizcli.json_output import print_json_line, print_json_text
from quizcli.settings import Settings
from quizcli.text import language, tr

if TYPE_CHECKING:
    from quizcli.demo.answer_source import Answer
    from quizcli.demo.events import Event, Failed, Finished
    from quizcli.demo.launcher import Run
    from quizcli.demo.parameter import Parameter
    from quizcli.screen.demo.live import Watched
    from quizcli.screen.demo.starting import Coming

    Last = Finished | Failed | None

# The settings of a demonstration are options too. Typer does not know them and hands them over in `ctx.args`;
# nor may it answer --help before it is known whose help is wanted.
CONTEXT: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


class CLASS(Command):
    """The command to a shell that completes it: the settings of the demonstration are options too."""

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The options of the command, and those of the demonstration that the line names."""
        found = super().shell_complete(ctx, incomplete)
        name = ctx.params.get("name") or ""
        if not name or not incomplete.startswith("-"):
            return found
        from quizcli.cli.completion import settings_to_type

        options: list[Any] = [
            TyperOption(param_decls=[option], help=told)
            for option, told in settings_to_type(name, ctx.obj)
            if option not in ctx.args
        ]
        return found + TyperCommand(None, params=options, add_help_option=False).shell_complete(
            ctx, incomplete
        )


_QUICK_HELP = tr("The short form, a few seconds.", "简短形式，几秒即可完成。")
_JSON_HELP = tr("Events as lines of JSON on stdout.", "以 JSON 行把事件写到标准输出。")
_PACE_HELP = tr("Seconds a beat: slower, or 0.", "每拍秒数：可放慢，或设为 0。")
_SAVE_HELP = tr("Keep events and pictures in a new folder.", "把事件和图片存入新文件夹。")
_REPLAY_HELP = tr("Show a run kept with --save again.", "重放用 --save 保存的运行。")
_HELP_HELP = tr("Show this, or the settings of NAME.", "显示本帮助，或 NAME 的设置项。")


def command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME] [--SETTING VALUE]...",
            autocompletion=completion.demonstrations,
            help=tr("Which one.", "演示名称。"),
        ),
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help=_QUICK_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    pace: Annotated[float | None, typer.Option("--pace", min=0, max=2, help=_PACE_HELP)] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="DIR", help=_SAVE_HELP)] = None,
    replayed: Annotated[Path | None, typer.Option("--replay", metavar="DIR", help=_REPLAY_HELP)] = None,
    help_wanted: Annotated[bool, typer.Option("--help", "-h", help=_HELP_HELP)] = False,
) -> int:
    """Run the demonstration NAME; without a name, list them all."""
    from quizcli.demo.answer_source import check_settings
    from quizcli.demo.events import BEAT
    from quizcli.notices import tell
    from quizcli.packs.demos import all_demonstrations, find_demonstration

    settings: Settings = ctx.obj
    if name.startswith("-"):
        raise QuizError(
            tr(f"{name}: the name of the demonstration comes first", f"{name}：演示名称应写在最前面"),
            tr("quizcli demo NAME --setting value", "quizcli demo 名称 --设置项 值"),
            ExitStatus.USAGE,
        )
    if help_wanted:
        _print_help(find_demonstration(name, settings)) if name else print_page(ctx)
        return ExitStatus.OK
    if replayed is not None:
        return _replay(replayed, settings, as_json=as_json, beat=BEAT if pace is None else pace)
    if not name:
        _print_list(all_demonstrations(settings, tell), settings, as_json=as_json)
        return ExitStatus.OK
    answer = find_demonstration(name, settings)
    typed = parse(answer, ctx.args)
    if pace is not None and any(parameter.name == "pace" for parameter in answer.parameters):
        typed["pace"] = pace  # an answer of somebody's that sleeps by itself
    given = check_settings(answer, typed)
    chosen = {**answer.quick, **given} if quick else given
    beat = pace if pace is not None else BEAT * (not quick)
    return _run(answer, chosen, settings, as_json=as_json, save=save, pace=beat)


def parse(answer: Answer, words: Sequence[str]) -> dict[str, object]:
    """The settings in a command line, unchecked. QuizError for a stray word or a lacking value."""
    options = {parameter.option: parameter for parameter in answer.parameters}
    given: dict[str, object] = {}
    rest = deque(words)
    while rest:
        word = rest.popleft()
        if not word.startswith("--"):
            raise _usage(answer, tr(f"{word!r} belongs to no setting", f"{word!r} 不属于任何设置项"))
        option, equals, value = word.partition("=")
        positive = "--" + option.removeprefix("--no-")
        if equals:
            given[option[2:]] = value
        elif option in options and options[option].type == "bool":
            given[option[2:]] = True
        elif positive in options and options[positive].type == "bool":
            given[positive[2:]] = False
        elif rest and not rest[0].startswith("--"):
            given[option[2:]] = rest.popleft()
        elif option in options:
            raise _usage(answer, tr(f"{option} needs a value", f"{option} 缺少取值"))
        else:
            given[option[2:]] = ""  # an unknown setting: check_settings says so
    return given


def _usage(answer: Answer, message: str) -> QuizError:
    help_of_it = f"`quizcli demo {answer.name} -h`"
    hint = tr(f"{help_of_it} lists its settings.", f"{help_of_it} 列出它的设置。")
    return QuizError(f"{answer.name}: {message}", hint, ExitStatus.USAGE)


def _run(
    answer: Answer,
    chosen: dict[str, Any],
    settings: Settings,
    *,
    as_json: bool,
    save: Path | None,
    pace: float,
) -> int:
    from msgspec.structs import replace

    from quizcli.demo.launcher import environment, start
    from quizcli.demo.recordings.record import Recorder, Snapshot
    from quizcli.packs.demos import make_request
    from quizcli.session.worker_start import describe_start, note_duration

    asked = make_request(answer, chosen, settings)
    asked = replace(asked, lockstep=not as_json and any(parameter.live for parameter in answer.parameters))
    snapshot = Snapshot(asked.answer, Path())

    def keep(board: object) -> str:
        folder = snapshot.save()
        return tr(f"kept in {folder}", f"已保存到 {folder}")

    with ExitStack() as stack:
        recorder = stack.enter_context(closing(Recorder(save))) if save is not None else None
        run = stack.enter_context(start(asked, environ=environment(settings)))
        run.tap = None if recorder is None else recorder.add
        if as_json:
            last = _print_events(run, settings)
        else:
            told = describe_start(answer, chosen, (), settings)
            own = recorder is None  # else all is kept in any case
            seen = snapshot.add if own else None
            outcome = _watch(run, settings, keep if own else None, seen, told, pace, answer.parameters)
            note_duration(answer.name, chosen, outcome, settings)
            last = outcome.last
        if recorder is not None:
            recorder.finish()
            print(tr(f"quizcli: kept in {save}", f"quizcli：已保存到 {save}"), file=sys.stderr)
    return _status(last)


def _replay(folder: Path, settings: Settings, *, as_json: bool, beat: float) -> int:
    from quizcli.demo.recordings.record import rerun

    with rerun(folder, timed=sys.stdout.isatty() and not as_json, beat=beat) as run:
        return _status(_print_events(run, settings) if as_json else _watch(run, settings).last)


def _watch(
    run: Run,
    settings: Settings,
    keep: Callable[[object], str] | None = None,
    shown: Callable[[Event], None] | None = None,
    told: Coming | None = None,
    pace: float = 0.0,
    knobs: Sequence[Parameter] = (),
) -> Watched:
    """Draw the run where there is a terminal, else print plain lines."""
    from quizcli.screen.demo.live import watch
    from quizcli.screen.terminal.keyboard import Keyboard
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    typing = settings.interactive and console.is_terminal and sys.stdin.isatty()
    with Keyboard() if typing else nullcontext() as keys:
        back = tr("quit", "退出")
        return watch(
            run,
            console,
            keys=keys,
            save=keep,
            shown=shown,
            back=back,
            coming=told,
            pace=pace,
            knobs=knobs,
            debug=settings.debug,
        )


def _print_events(run: Run, settings: Settings) -> Last:
    """Print every event as a line of JSON; Ctrl-C stops the run, and what is measured by then comes out."""
    from quizcli.demo.events import Failed, Finished, to_json
    from quizcli.demo.following import follow

    last: Last = None

    def take(event: Event) -> None:
        nonlocal last
        print_json_text(to_json(event))
        last = event if isinstance(event, Finished | Failed) else None

    def interrupted() -> bool:
        run.stop()
        return False

    follow(run, take, interrupted)
    if isinstance(last, Failed):
        told = (f"quizcli: {last.message}", last.hint, last.trace if settings.debug else "")
        print("\n  ".join(part for part in told if part), file=sys.stderr)
    return last


def _status(last: Last) -> ExitStatus:
    """What the shell is told; a run that was left before its end counts as interrupted."""
    from quizcli.demo.events import Failed

    if isinstance(last, Failed):
        return ExitStatus.ERROR
    return ExitStatus.INTERRUPTED if last is None or last.stopped else ExitStatus.OK


def _print_list(answers: Mapping[str, Answer], settings: Settings, *, as_json: bool) -> None:
    """A line for each, under the title of its topic where it has one."""
    if as_json:
        print_json_line([*answers.values()])
        return
    from quizcli.packs.library import every_bank, titles_of
    from quizcli.screen.terminal.theme import STRONG, make_console

    console = make_console()
    titles = titles_of(every_bank(settings, lambda line: None))
    width = max(map(len, answers), default=0)
    shown = ""
    for answer in answers.values():
        heading = titles.get(answer.topic, answer.topic)
        if heading != shown and heading:
            console.print(heading, style=STRONG, soft_wrap=True)
        shown = heading
        console.print(f"{'  ' * bool(heading)}{answer.name:<{width}}  {answer.title}", soft_wrap=True)


def _introduced(answer: Answer) -> list[str]:
    """Title and summary, which is English only and may begin with the title."""
    summary = answer.summary if language() == "en" else ""
    if summary.casefold().startswith(answer.title.en.casefold()):
        return [summary]
    return [str(answer.title), *([summary] if summary else [])]


def _print_help(answer: Answer) -> None:
    """The settings of one demonstration, from its source."""
    from quizcli.screen.terminal.theme import make_console

    rows = [(_usage_of(parameter), _explained(parameter)) for parameter in answer.parameters]
    own = [
        ("--quick", _QUICK_HELP + _settings_told(answer.quick)),
        ("--json", _JSON_HELP),
        *([] if any(used.startswith("--pace ") for used, _ in rows) else [("--pace SECONDS", _PACE_HELP)]),
        ("--save DIR", _SAVE_HELP),
    ]
    width = max(len(left) for left, _ in rows + own)
    lines = [
        tr("Usage: ", "用法：") + f"quizcli demo {answer.name} [--{tr('SETTING VALUE', '设置项 取值')}]...",
        "",
        *(f"  {line}" for line in _introduced(answer)),
        "",
        *([tr("Settings:", "设置项：")] if rows else []),
        *(f"  {left:<{width}}  {right}" for left, right in rows),
        *([""] if rows else []),
        tr("Options:", "选项："),
        *(f"  {left:<{width}}  {right}" for left, right in own),
        "",
        tr("Claims that it measures:", "它所验证的结论："),
        *(f"  {claim}" for claim in answer.claims),
    ]
    console = make_console()
    for line in lines:
        console.print(line, soft_wrap=True)


def _usage_of(parameter: Parameter) -> str:
    if parameter.type == "bool":
        return f"{parameter.option} / --no-{parameter.option[2:]}"
    listed = "|".join(map(str, parameter.choices))
    return f"{parameter.option} {listed or parameter.type.upper()}"


def _explained(parameter: Parameter) -> str:
    """Help, limits and default of a setting: "drop rate; between 0 and 0.95 (default 0.5)"."""
    default = parameter.default
    if isinstance(default, bool):
        default = tr("on", "开") if default else tr("off", "关")
    said = tr("; ", "；").join(part for part in (str(parameter.help), parameter.limits) if part)
    return (said + tr(f" (default {default})", f"（默认 {default}）")).strip()


def _settings_told(settings: Mapping[str, object]) -> str:
    told = as_options(settings)
    return tr(f" ({told})", f"({told})") if told else ""
