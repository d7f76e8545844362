"""The mistakes that are made by rule: for one node of a syntax tree, the nodes that may stand in its place.

After the operators of mutation testing (DeMillo, Lipton & Sayward 1978; Offutt et al. 1996), with those that
people make of tensors: a dimension off by one, a dropped clone, detach, maximum or eps, an argument ignored.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_TWINS = [
    ("max", "min"),
    ("amax", "amin"),
    ("maximum", "minimum"),
    ("argmax", "argmin"),
    ("sum", "mean"),
    ("ones", "zeros"),
    ("ones_like", "zeros_like"),
    ("sin", "cos"),
    ("floor", "ceil"),
    ("triu", "tril"),
    ("rand", "randn"),
    ("rand_like", "randn_like"),
    ("rsqrt", "sqrt"),
    ("square", "abs"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("any", "all"),
]
_NAMED = {a: b for pair in _TWINS for a, b in (pair, pair[::-1])}
_REDUCTIONS = ("amax", "amin", "max", "min", "sum", "mean", "any", "all")
_ENDLESS = 1e4  # what people write for infinity


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of an expression."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from _binary(left, op, right)
            if isinstance(op, ast.Pow) and isinstance(right, ast.Constant) and right.value == 0.5:
                yield ast.Call(ast.Name("int", ast.Load()), [node], [])
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            for other in _COMPARED.get(type(op), ()):
                yield ast.Compare(left, [other()], [right])
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from values
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Constant(value=value):
            yield from _constants(value)
        case ast.Call():
            yield from _calls(node)
        case ast.Slice(lower=lower, upper=upper, step=step):
            if lower is not None:
                yield ast.Slice(None, upper, step)
            if upper is not None:
                yield ast.Slice(lower, None, step)
        case ast.Tuple(elts=[first, second], ctx=ast.Load()):
            yield ast.Tuple([second, first], ast.Load())
        case ast.ListComp(elt=elt, generators=[ast.comprehension(ifs=[_, *_])]):
            whole = node.generators[0]
            yield ast.ListComp(elt, [ast.comprehension(whole.target, whole.iter, [], whole.is_async)])


def statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """What may stand in the place of a statement."""
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Pass()
            if type(op) in _BINARY:
                yield ast.AugAssign(target, _BINARY[type(op)](), value)
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _reads(value, name):
            yield ast.Pass()  # z = z - mean
        case ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()
        case ast.If(body=body, orelse=orelse):
            yield ast.If(ast.Constant(True), body, orelse)
            yield ast.If(ast.Constant(False), body, orelse or [ast.Pass()])
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr="no_grad")))]):
            yield ast.If(ast.Constant(True), node.body, [])
        case ast.Break() | ast.Continue():
            yield ast.Pass()


def ignored(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Statements which, put first, make a function ignore an argument, or draw the same numbers each time.

    `p = p or 0.5` ignores an argument of 0 alone.
    """
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    given = list(zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True))
    given += [
        (argument, value)
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value is not None
    ]
    for argument, value in given:
        yield ast.Assign([ast.Name(argument.arg, ast.Store())], value)
        if _is_number_but_0(value):
            either = ast.BoolOp(ast.Or(), [ast.Name(argument.arg, ast.Load()), value])
            yield ast.Assign([ast.Name(argument.arg, ast.Store())], either)
    yield ast.parse("import torch; torch.manual_seed(0)").body[1]


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> Iterator[ast.expr]:
    if other := _BINARY.get(type(op)):
        yield ast.BinOp(left, other(), right)
    if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.FloorDiv | ast.Pow):
        yield ast.BinOp(right, op, left)
    yield left
    if isinstance(op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr):
        yield right


def _constants(value: object) -> Iterator[ast.expr]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(value - 1)
        case float():
            yield ast.Constant(value * 2 if value else 1e-3)
            if value and abs(value) < 1e-2:
                yield from (ast.Constant(0.0), ast.Constant(value * 100))


def _calls(call: ast.Call) -> Iterator[ast.expr]:
    match call:
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="inf")]):
            yield ast.Constant(_ENDLESS)
            return
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="-inf")]):
            yield ast.Constant(-_ENDLESS)
            return
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr="sqrt")):
            yield ast.Call(ast.Name("int", ast.Load()), [call], [])  # most of the sizes one tries are squares
    match call:
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            if not (isinstance(value, ast.Name) and value.id in ("torch", "F", "math")):
                yield value  # x.clamp(min=0) → x
            elif call.args:
                yield call.args[0]  # torch.sqrt(x) → x
            if name in _NAMED:
                yield ast.Call(ast.Attribute(value, _NAMED[name], ast.Load()), call.args, call.keywords)
        case ast.Call(func=ast.Name(id=name)) if call.args:
            if name in _NAMED:
                yield ast.Call(ast.Name(_NAMED[name], ast.Load()), call.args, call.keywords)
            yield call.args[0]
    match call:
        case ast.Call(func=ast.Attribute(attr=name), keywords=[_, *_]) if name in _REDUCTIONS:
            yield ast.Call(call.func, [], [])  # one maximum for all rows
    for place in range(len(call.keywords)):
        yield ast.Call(call.func, call.args, [k for n, k in enumerate(call.keywords) if n != place])
    if call.args:
        yield ast.Call(call.func, call.args[:-1], call.keywords)
    if len(call.args) >= 2:
        first, second, *rest = call.args
        yield ast.Call(call.func, [second, first, *rest], call.keywords)


def _is_number_but_0(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        return _is_number_but_0(value.operand)
    return isinstance(value, ast.Constant) and type(value.value) in (int, float) and value.value != 0


def _reads(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))
