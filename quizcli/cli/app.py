"""The command line: its parser, the options that stand before a command, and what it says to a wrong one."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quizcli import __version__
from quizcli.cli import completion
from quizcli.cli.command_list import Deferred, Program, entries
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.day_cards import Mark

_COMPLETION = "_QUIZCLI_COMPLETE"  # set by the shell that asks for completions


def dispatch(arguments: Sequence[str], settings: Settings) -> int:
    """Run one command line and return its exit status. A wrong one is a QuizError with status USAGE."""
    program = build()
    if _COMPLETION in os.environ:
        _check_what_bash_says()
        program.main([], "quizcli", _COMPLETION, obj=settings)  # prints the completions and exits
    # Not main() again: it turns a pipe that breaks into its own exit.
    try:
        with program.make_context("quizcli", list(arguments), obj=settings) as ctx:
            status: Any = program.invoke(ctx)
    except typer.TyperException as error:
        from quizcli.cli.usage_errors import refusal

        raise refusal(error, _path(program, arguments)) from error
    except typer.Exit as end:
        if end.exit_code:  # only Typer's completion ends so: beside no shell that it knows
            raise QuizError(
                tr("no shell was found that can complete commands", "没有找到支持补全的 shell"),
                tr("Run it in bash, zsh, fish or PowerShell.", "请在 bash、zsh、fish 或 PowerShell 中运行。"),
            ) from end
        return ExitStatus.OK
    except (typer.Abort, EOFError):
        return ExitStatus.INTERRUPTED
    return status if isinstance(status, int) else ExitStatus.OK


def _check_what_bash_says() -> None:
    """Typer takes it as it comes, and anybody may have set the variables. QuizError where they are unfit."""
    if os.environ[_COMPLETION] != "complete_bash":
        return
    number = os.environ.get("COMP_CWORD", "")
    if "COMP_WORDS" not in os.environ or not number.isdecimal() or len(number) > 9:
        raise QuizError(
            tr(
                f"{_COMPLETION} is set, but COMP_WORDS and COMP_CWORD do not say what to complete",
                f"设置了 {_COMPLETION}，但 COMP_WORDS 与 COMP_CWORD 没有说明要补全什么",
            ),
            tr(
                f"Bash sets all three; elsewhere `unset {_COMPLETION}`.",
                f"三者由 bash 设置；在别处请 `unset {_COMPLETION}`。",
            ),
            ExitStatus.USAGE,
        )


def _path(command: Any, arguments: Sequence[str]) -> str:
    """The command that the first arguments name, as a person types it."""
    path = "quizcli"
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        command = command.command() if isinstance(command, Deferred) else command
        path += f" {word}"
    return path


def build() -> Any:
    """The whole command line, its help in the language in use; commands are imported when they are called."""
    app = typer.Typer(
        cls=Program,
        help=tr(
            "Deep-learning interview questions with answers that run. Without a command: today's cards.",
            "深度学习面试题，答案可以运行。不带命令时：学习今天的卡片。",
        ),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    program: Any = typer.main.get_command(app)
    for entry in entries():
        program.add_command(Deferred(entry))
    return program


def _root(
    ctx: typer.Context,
    # --lang, --no-input and --debug are taken out of the command line before Typer sees it, so that they work
    # in any place; here they only appear in the help.
    version: Annotated[
        bool, typer.Option("--version", "-V", help=tr("Print the version.", "显示版本号。"))
    ] = False,
    new: Annotated[
        int | None,
        typer.Option("--new", min=0, help=tr("New cards today, at most.", "今天最多学多少张新卡。")),
    ] = None,
    reviews: Annotated[
        int | None,
        typer.Option("--reviews", min=1, help=tr("Reviews today, at most.", "今天最多复习多少张。")),
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            "-t",
            autocompletion=completion.topics,
            help=tr("Only these topics, beyond the day's limits.", "只学这些主题，不受每日上限限制。"),
        ),
    ] = None,
    flagged: Annotated[
        bool,
        typer.Option("--flagged", help=tr("The flagged cards, due or not.", "加旗标的卡片，不论是否到期。")),
    ] = False,
    suspended: Annotated[
        bool,
        typer.Option(
            "--suspended", help=tr("The suspended cards; s brings one back.", "已暂停的卡片，按 s 恢复。")
        ),
    ] = False,
    lang: Annotated[
        str,
        typer.Option("--lang", help=tr("en or zh; else from the locale.", "en 或 zh；默认按系统区域设置。")),
    ] = "",
    no_input: Annotated[
        bool, typer.Option("--no-input", help=tr("Ask nothing.", "不等待任何输入。"))
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help=tr("Tracebacks on errors.", "出错时显示完整回溯。"))
    ] = False,
) -> int | None:
    if version:
        print(f"quizcli {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        if flagged and suspended:
            raise QuizError(
                tr(
                    "--flagged and --suspended are two sessions: name one of them.",
                    "--flagged 与 --suspended 是两种学习，请只选一种。",
                ),
                tr(
                    "`quizcli list --flagged --suspended` lists the cards that are both.",
                    "`quizcli list --flagged --suspended` 可列出两者兼有的卡片。",
                ),
                ExitStatus.USAGE,
            )
        from quizcli.session import daily

        mark: Mark = "flagged" if flagged else "suspended" if suspended else ""
        return daily.study(ctx.obj, topics=topic or (), mark=mark, new=new, reviews=reviews)
    if new is not None or reviews is not None or topic or flagged or suspended:
        raise QuizError(
            tr(
                "--new, --reviews, --topic, --flagged and --suspended belong to the daily session, "
                "without a command.",
                "--new、--reviews、--topic、--flagged 与 --suspended 只用于每日学习（不带命令）。",
            ),
            tr("As in `quizcli --new 20`.", "例如 `quizcli --new 20`。"),
            ExitStatus.USAGE,
        )
    return None
