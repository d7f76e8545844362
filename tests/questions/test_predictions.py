"""What a prediction asks is not shown by the run of a card that comes before it."""

from quizcli.bank.needs import seen_first
from quizcli.bank.types import Predict
from quizcli.packs.pack import builtin, load

# The prediction begins with the mistake whose consequence the choice asks for: each gives the other away, and
# the easier one comes first.
TOLD_ANYWAY = {("transformer-predict-unshifted", "transformer-shift-right")}


def test_the_run_of_a_prediction_is_that_of_no_card_before_it() -> None:
    questions = [question for bank in load(builtin(), None).banks for question in bank.questions]
    needed = seen_first(questions)

    def seen_before(question_id: str) -> set[str]:
        """All that must have been seen before a card, directly or not."""
        found: set[str] = set()
        waiting = [question_id]
        while waiting:
            new = needed[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    asked = [question for question in questions if isinstance(question, Predict)]
    assert len(asked) > 20
    shown = {
        (prediction.id, other.id)
        for prediction in asked
        for other in questions
        if other.id != prediction.id
        and other.demo is not None
        and prediction.demo is not None
        and (other.demo.run, other.demo.set) == (prediction.demo.run, prediction.demo.set)
        and prediction.id not in seen_before(other.id)
    }
    assert shown == TOLD_ANYWAY
