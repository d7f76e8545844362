"""What passes between the terminal process and the worker: the request, the orders.

To the worker go one Request, then orders; from it come events, all as msgpack in the frames of
quizcli/processes/frames.py. An empty frame from the worker says that it is warm.
"""

from typing import Literal

from msgspec import Struct

from quizcli.demo.events import Setting
from quizcli.permit import NOTHING, Permit


class Turn(Struct, frozen=True):
    """An order to set a knob: an argument of the answer whose Option is live."""

    option: str
    value: Setting


WorkerOrder = Literal["pause", "resume", "go", "stop"] | Turn  # go: a beat has been seen


class Request(Struct, frozen=True):
    """Run one answer of the pack at `root` with these settings; what is not set keeps its default."""

    root: str
    answer: str  # its name, "batchnorm-vs-layernorm"
    module: str  # "answers.normalization.batchnorm_vs_layernorm"
    settings: dict[str, Setting] = {}
    permit: Permit = NOTHING  # what of the pack's code may run
    lockstep: bool = False  # wait at each beat until it has been seen, so that what is turned then is in time
