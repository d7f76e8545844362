"""What people write at the top of a file and call in it works in the cage as it does elsewhere."""

import os
from pathlib import Path

import pytest

from quizcli.bank import code_rules
from quizcli.judge.calls.messages import CaseResult, Over
from quizcli.judge.candidate import launcher
from quizcli.judge.referee.launcher import Referee
from tests.judge.referee.test_referee import asked, over, pack  # noqa: F401
from tests.permits import permit_for

STYLES = {
    "a dataclass of tensors": """
        from dataclasses import dataclass
        import torch
        from torch import Tensor
        @dataclass
        class Parts:
            x: Tensor
            two: float = 2.0
        def double(x):
            parts = Parts(x)
            return parts.x * parts.two
        """,
    "annotations that are types": """
        import functools, inspect, torch
        from torch import Tensor
        def checked(function):
            kinds = function.__annotations__
            @functools.wraps(function)
            def call(x):
                assert isinstance(x, kinds["x"])
                return function(x)
            return call
        @checked
        def double(x: Tensor) -> Tensor: return 2 * x
        """,
    "its own module": """
        import sys, torch
        TWO = 2
        def double(x): return sys.modules[__name__].TWO * x
        """,
    "scripted": """
        import torch
        @torch.jit.script
        def double(x: torch.Tensor) -> torch.Tensor:
            return 2 * x
        """,
    "a gradient by torch.func": """
        import torch
        def double(x): return torch.func.grad(lambda x: (x**2).sum())(x)
        """,
    "torchvision": """
        import torch
        import torchvision
        from torchvision import ops
        from torchvision.transforms import v2
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        assert ops.nms(boxes, torch.ones(1), 0.5).tolist() == [0]
        def double(x): return 2 * x
        """,
    "compiled": """
        import torch
        @torch.compile
        def double(x): return 2 * x
        """,
    "compiled within": """
        import torch
        def double(x): return torch.compile(lambda x: x + x, fullgraph=True, mode="max-autotune")(x)
        """,
    "a compiled module": """
        import torch
        class Double(torch.nn.Module):
            def forward(self, x): return 2 * x
        def double(x): return torch.compile(Double())(x)
        """,
}


@pytest.mark.filterwarnings("ignore")
def test_every_style_is_judged(pack: Path, tmp_path: Path) -> None:  # noqa: F811
    environ = {**os.environ, "QUIZCLI_LANG": "en", "TMPDIR": str(tmp_path)}
    with Referee(environ) as referee:
        for style, text in STYLES.items():
            lines = "\n".join(line.removeprefix("        ") for line in text.strip("\n").splitlines())
            news = list(referee.judge(asked(pack, "sound", lines, permit=permit_for(pack))))
            assert over(news).passed, (style, [one for one in news if not isinstance(one, Over)])
            assert [one.passed for one in news if isinstance(one, CaseResult)]


def test_the_limit_that_is_announced_is_the_one_there_is() -> None:
    assert code_rules.SECONDS == launcher.PATIENCE
