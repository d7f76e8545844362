"""One answer, read from its source: title, settings, claims. Nothing is imported or run.

The signature of `demonstrate` is the interface of a demonstration; what describes it is written as literals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from quizcli.demo.answer_files import AnswerFile
from quizcli.demo.events import Setting
from quizcli.demo.parameter import NO_TEXT, Parameter, Type, convert_setting
from quizcli.did_you_mean import did_you_mean, nearest
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import MEBIBYTE, read_text
from quizcli.text import Text, tr

# Options that `quizcli demo` takes itself: an answer cannot have a setting of such a name.
RESERVED = frozenset(
    {"debug", "help", "json", "lang", "list", "no_input", "quick", "replay", "save", "version"}
)

_MOST_TOLD = 20  # flaws in one message


class Answer(Struct, frozen=True, kw_only=True):
    """A module below `answers/` that has a demonstration."""

    name: str  # "batchnorm-vs-layernorm" for answers/normalization/batchnorm_vs_layernorm.py
    root: Path  # of its pack
    path: Path
    module: str  # "answers.normalization.batchnorm_vs_layernorm"
    topic: str  # "normalization"; "" where it lies in the folder of none
    title: Text
    summary: str  # first line of the docstring
    parameters: tuple[Parameter, ...]
    quick: dict[str, Setting]  # the settings of the quick form
    claims: tuple[str, ...]  # ids, in the order of the source


class Flaw(NamedTuple):
    """What is wrong with the source of an answer, and where."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class FlawedError(QuizError):
    """An answer whose source cannot be used; the message names every flaw by file and line."""

    def __init__(self, flaws: list[Flaw]) -> None:
        told = [str(flaw) for flaw in flaws[:_MOST_TOLD]]
        if more := len(flaws) - len(told):
            told.append(tr(f"… and {more:,} more", f"……另有 {more:,} 处"))
        super().__init__("\n".join(told), tr("Mend the answer's source.", "请修正该答案的源代码。"))
        self.flaws = flaws


def read_answer(file: AnswerFile) -> Answer | None:
    """The answer in one file, or None where it has no `demonstrate`.

    Raises one QuizError that names every mistake by file and line.
    """
    path = file.path
    try:
        tree = ast.parse(read_text(path, MEBIBYTE, within=file.root), str(path))
        return _Source(file, tree).answer()
    except SyntaxError as error:
        raise FlawedError([Flaw(path, error.lineno or 1, error.msg)]) from error
    except OSError as error:
        raise FlawedError([Flaw(path, 0, str(error.strerror))]) from error
    except ValueError as error:  # a null byte
        raise FlawedError([Flaw(path, 0, str(error))]) from error
    except (RecursionError, MemoryError) as error:
        raise FlawedError([Flaw(path, 0, tr("nested too deeply", "嵌套过深"))]) from error


class _Source:
    """Reads one module; mistakes are gathered, so that all of them are reported at once."""

    def __init__(self, file: AnswerFile, tree: ast.Module) -> None:
        self.file = file
        self.path = file.path
        self.tree = tree
        self.flaws: list[Flaw] = []

    def answer(self) -> Answer | None:
        function = next(
            (n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == "demonstrate"), None
        )
        if function is None:
            return None
        answer = Answer(
            name=self.file.name,
            root=self.file.root,
            path=self.path,
            module=self.file.module,
            topic=self.file.topic,
            title=self.title(function),
            summary=(ast.get_docstring(self.tree) or "").partition("\n")[0],
            parameters=tuple(self.parameters(function.args)),
            quick={},
            claims=tuple(dict.fromkeys(self.claims())),
        )
        quick = self.quick(answer)
        if self.flaws:
            raise FlawedError(self.flaws)
        return Answer(**{name: getattr(answer, name) for name in answer.__struct_fields__} | {"quick": quick})

    def wrong(self, node: ast.AST, message: str) -> None:
        self.flaws.append(Flaw(self.path, getattr(node, "lineno", 1), message))

    def literal(self, node: ast.expr, what: str) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            self.wrong(node, tr(f"{what} must be a literal", f"{what} 必须是字面量"))
            return None

    def title(self, function: ast.FunctionDef) -> Text:
        node = _constant(self.tree, "TITLE")
        if node is None:
            self.wrong(
                function, tr('TITLE = {"en": …, "zh": …} is missing', '缺少 TITLE = {"en": …, "zh": …}')
            )
            return NO_TEXT
        return self.text(node, "TITLE")

    def text(self, node: ast.expr, what: str) -> Text:
        words = self.literal(node, what)
        if isinstance(words, dict) and words.keys() == {"en", "zh"} and all(map(_is_str, words.values())):
            return Text(**words)
        if words is not None:
            self.wrong(
                node, tr(f'{what} must be {{"en": …, "zh": …}}', f'{what} 必须是 {{"en": …, "zh": …}}')
            )
        return NO_TEXT

    def quick(self, answer: Answer) -> dict[str, Setting]:
        node = _constant(self.tree, "QUICK")
        given = {} if node is None else self.literal(node, "QUICK")
        if node is None or given is None:
            return {}
        if not isinstance(given, dict) or not all(map(_is_str, given)):
            self.wrong(node, tr("QUICK must be a dict of settings", "QUICK 必须是由设置项组成的字典"))
            return {}
        try:
            return check_settings(answer, given)
        except QuizError as error:
            self.wrong(node, f"QUICK: {error.message}")
            return {}

    def claims(self) -> Iterator[str]:
        calls = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):  # the walk goes by depth
            if _name(node.func) not in ("Claim", "claim"):
                continue
            given = [k.value for k in node.keywords if k.arg == "id"] + node.args[:1]
            if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                yield given[0].value
            else:
                self.wrong(
                    node, tr("a Claim needs an id written as a literal", "Claim 的 id 必须是字符串字面量")
                )

    def parameters(self, arguments: ast.arguments) -> Iterator[Parameter]:
        if extra := arguments.vararg or arguments.kwarg:
            self.wrong(extra, tr("demonstrate() cannot take * or **", "demonstrate() 不能使用 * 或 ** 参数"))
        positional = arguments.posonlyargs + arguments.args
        missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults = missing + arguments.defaults + arguments.kw_defaults
        for argument, default in zip(positional + arguments.kwonlyargs, defaults, strict=True):
            if argument.arg in RESERVED:
                self.wrong(
                    argument,
                    tr(
                        f"{argument.arg!r} is a word of quizcli itself",
                        f"{argument.arg!r} 是 quizcli 的保留名称",
                    ),
                )
            if default is None:
                self.wrong(argument, tr(f"{argument.arg} needs a default", f"{argument.arg} 缺少默认值"))
            elif (parameter := self.parameter(argument, default)) is not None:
                yield parameter

    def parameter(self, argument: ast.arg, default: ast.expr) -> Parameter | None:
        kind, option = _annotated(argument.annotation, self.tree)
        type_, choices = self.type_of(argument, kind)
        value = self.literal(default, argument.arg)
        if type_ is None or value is None:
            return None
        parameter = Parameter(
            name=argument.arg, type=type_, default=value, choices=choices, **self.option(option, argument.arg)
        )
        try:
            convert_setting(parameter, value)
        except ValueError as error:
            self.wrong(default, f"{argument.arg}: {error}")
        return parameter

    def type_of(self, argument: ast.arg, kind: ast.expr | None) -> tuple[Type | None, tuple[Setting, ...]]:
        match kind:
            case ast.Name(id="int" | "float" | "bool" | "str" as name):
                return name, ()
            case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
                listed = choices.elts if isinstance(choices, ast.Tuple) else [choices]
                return "choice", tuple(self.literal(choice, argument.arg) for choice in listed)
        self.wrong(
            argument,
            tr(
                f"{argument.arg} must be an int, float, bool, str or Literal[…]",
                f"{argument.arg} 的类型只能是 int、float、bool、str 或 Literal[…]",
            ),
        )
        return None, ()

    def option(self, call: ast.expr | None, name: str) -> dict[str, Any]:
        """min, max, help and live of an `Option(…)`."""
        if call is None:
            return {}
        if not isinstance(call, ast.Call) or _name(call.func) != "Option":
            self.wrong(call, tr(f"{name}: expected Option(…)", f"{name}：此处应为 Option(…)"))
            return {}
        given = dict(zip(("min", "max", "en", "zh", "help", "live"), call.args, strict=False))
        given |= {k.arg: k.value for k in call.keywords if k.arg is not None}
        said: dict[str, Any] = {
            limit: self.literal(given[limit], f"{name}: {limit}")
            for limit in ("min", "max", "live")
            if limit in given
        }
        if "help" in given:
            said["help"] = self.text(given["help"], f"{name}: help")
        elif given.keys() & {"en", "zh"}:
            said["help"] = self.both(call, given, name)
        return said

    def both(self, call: ast.Call, given: dict[str, ast.expr], name: str) -> Text:
        """The help of an option in its two languages."""
        words = {lang: self.literal(given[lang], f"{name}: {lang}") for lang in ("en", "zh") if lang in given}
        if len(words) == 2 and all(map(_is_str, words.values())):
            return Text(**words)
        if None not in words.values():
            told = tr(f"{name}: the help needs both languages as texts", f"{name}：说明需要中英文两种文字")
            self.wrong(call, told)
        return NO_TEXT


@cache
def _parsed(module: str) -> ast.Module:
    """The source of a module beside this one; empty where there is none."""
    path = Path(__file__).with_name(f"{module}.py")
    return ast.parse(path.read_text(encoding="utf-8") if path.is_file() else "", str(path))


def _constant(tree: ast.Module, name: str) -> ast.expr | None:
    """The expression that a module assigns to a name."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                return value
    return None


def _annotated(annotation: ast.expr | None, tree: ast.Module) -> tuple[ast.expr | None, ast.expr | None]:
    """The type and the option of `Annotated[type, Option(…)]`; a bare type has no option."""
    annotation, tree = _resolved(annotation, tree)
    match annotation:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, option])):
            return _resolved(kind, tree)[0], option
    return annotation, None


def _resolved(kind: ast.expr | None, tree: ast.Module) -> tuple[ast.expr | None, ast.Module]:
    """What a name stands for, and the module that says so.

    `Slip = Literal["none", …]` may stand in the answer itself, or in a module of quizcli.demo.
    """
    if not isinstance(kind, ast.Name):
        return kind, tree
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or (node.module or "").rpartition(".")[0] != "quizcli.demo":
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == kind.id:
                module = _parsed(f"{node.module}".rpartition(".")[2])
                return _constant(module, alias.name), module
    return _constant(tree, kind.id) or kind, tree


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_str(value: object) -> bool:
    return isinstance(value, str)


def check_settings(answer: Answer, given: Mapping[str, object]) -> dict[str, Setting]:
    """The given settings, each in its own type; strings, as a command line has them, are converted.

    Raises one QuizError (status USAGE) that names every unknown setting, wrong type and overstepped limit.
    """
    known = {parameter.name: parameter for parameter in answer.parameters}
    checked: dict[str, Setting] = {}
    mistakes: list[str] = []
    for given_name, value in given.items():
        name = given_name.replace("-", "_")
        option = "--" + given_name.replace("_", "-")
        if name not in known:
            near = did_you_mean(nearest(option, [parameter.option for parameter in answer.parameters], 1))
            mistakes.append(
                " ".join(filter(None, [f"{option}: {tr('no such setting.', '没有这个设置。')}", near]))
            )
            continue
        try:
            checked[name] = convert_setting(known[name], value)
        except ValueError as error:
            mistakes.append(f"{option}: {error}")
    if mistakes:
        raise QuizError(
            f"{answer.name}: " + "\n  ".join(mistakes),
            tr(
                f"`quizcli demo {answer.name} -h` lists its settings.",
                f"`quizcli demo {answer.name} -h` 列出它的设置。",
            ),
            ExitStatus.USAGE,
        )
    return checked
