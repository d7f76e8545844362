"""The command line: every command in one place, in the order in which `quizcli --help` prints it."""

from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from quizcli import __version__
from quizcli.cli import bank, demo, doctor, look, quiz, review, stats, today, verify
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.text import tr

HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


def dispatch(arguments: Sequence[str], settings: Settings) -> int:
    """Run one command line and return its exit status. A wrong one is a QuizError with status USAGE."""
    try:
        status: Any = build()(list(arguments), obj=settings, prog_name="quizcli", standalone_mode=False)
    except typer.TyperException as error:
        _refuse(error)
    except typer.Abort:
        return ExitStatus.INTERRUPTED
    return status if isinstance(status, int) else ExitStatus.OK


def _refuse(error: typer.TyperException) -> NoReturn:
    ctx = getattr(error, "ctx", None)
    where = ctx.command_path if ctx is not None else "quizcli"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    raise QuizError(
        message, tr(f"`{where} -h` shows what it takes.", f"`{where} -h` 查看用法。"), ExitStatus.USAGE
    ) from error


def build() -> typer.Typer:
    """The Typer application, its help in the language in use."""
    app = typer.Typer(
        help=tr(
            "Deep-learning interview questions where every answer runs. Without a command: today's cards.",
            "深度学习面试题,每个答案都能运行。不带命令时:学习今天的卡片。",
        ),
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={**HELP_FLAGS, "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(_root)
    app.command("review", help=tr("Only what is due; no new cards.", "只复习到期的卡片,不学新卡。"))(
        review.command
    )
    app.command(
        "quiz", help=tr("A scored round; the schedule stays as it is.", "一轮计分测验,不影响复习计划。")
    )(quiz.command)
    app.command(
        "demo",
        help=tr("Run a demonstration, or list them.", "运行演示;不带名称则列出全部。"),
        context_settings=demo.CONTEXT,
    )(demo.command)
    app.command("show", help=tr("One question with its answer.", "显示一道题及其答案。"))(look.show)
    app.command("list", help=tr("The questions and how they stand.", "列出题目及其学习状态。"))(
        look.list_questions
    )
    app.command("search", help=tr("Find questions by words.", "按关键词查找题目。"))(look.search)
    app.command("stats", help=tr("Due, retention, heat map, forecast.", "到期、记忆保持率、热力图与预测。"))(
        stats.command
    )
    app.command(
        "verify", help=tr("Run demonstrations and check their claims.", "无界面运行演示并核对其结论。")
    )(verify.command)
    app.add_typer(
        bank.app, name="bank", help=tr("Check question banks.", "检查题库。"), context_settings=HELP_FLAGS
    )
    app.command("doctor", help=tr("What this machine can do.", "检查本机环境与可用功能。"))(doctor.command)
    return app


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
    topic: Annotated[
        list[str] | None, typer.Option("--topic", "-t", help=tr("Only these topics.", "只学这些主题。"))
    ] = None,
    lang: Annotated[
        str,
        typer.Option("--lang", help=tr("en or zh; else from the locale.", "en 或 zh;默认按系统区域设置。")),
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
        return today.study(ctx.obj, topics=topic or (), new=new)
    if new is not None or topic:
        raise QuizError(
            tr(
                "--new and --topic belong to the daily session, without a command.",
                "--new 与 --topic 只用于每日学习(不带命令)。",
            ),
            status=ExitStatus.USAGE,
        )
    return None
