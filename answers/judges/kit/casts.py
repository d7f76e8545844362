"""Why a judge may let a mutant pass that leaves a cast out."""

CAST = "Cases come in float32 and float64, which the casts leave as they are; they are for half precision."
# Of scaled_scores in models.attention.attention.
SCORES = {
    "scaled_scores: at_least_float32(query) @ at_least_float32(key).mT → "
    "query @ at_least_float32(key).mT": CAST,
    "scaled_scores: at_least_float32(key).mT → key.mT": CAST,
}
# Of attention in models.attention.attention, for who calls it without a mask.
_NO_MASK = "No mask is given: what would be done with one is never done."
UNMASKED = {
    "attention: if attn_mask is not None → if False": _NO_MASK,
    "attention: scores = hide(scores, attn_mask) → pass": _NO_MASK,
    "attention: hide(scores, attn_mask) → scores": _NO_MASK,
    "attention: hide(scores, attn_mask) → hide(scores)": _NO_MASK,
    "attention: hide(scores, attn_mask) → hide(attn_mask, scores)": _NO_MASK,
    "hide: ~may_look.broadcast_to(scores.shape) → may_look.broadcast_to(scores.shape)": _NO_MASK,
    "hide: ~may_look.broadcast_to(scores.shape) → ~may_look": _NO_MASK,
    "hide: ~may_look.broadcast_to(scores.shape) → ~may_look.broadcast_to()": _NO_MASK,
    "hide: scores.masked_fill(may_not, -math.inf) → scores": _NO_MASK,
    "hide: scores.masked_fill(may_not, -math.inf) → scores.masked_fill(may_not)": _NO_MASK,
    "hide: scores.masked_fill(may_not, -math.inf) → scores.masked_fill(-math.inf, may_not)": _NO_MASK,
    "hide: scores.masked_fill(may_not, -math.inf) → scores.masked_fill(may_not, math.inf)": _NO_MASK,
    "attention: scores.softmax(dim=-1).to(query.dtype) → scores.softmax(dim=-1)": CAST,
    "attention: scores.softmax(dim=-1).to(query.dtype) → scores.softmax(dim=-1).to()": CAST,
    **SCORES,
}
EMPTY = "No case is empty."


def cast_back(function: str, result: str, dtype: str) -> dict[str, str]:
    """The mutants of a function that leave out the last cast, to the type of what came in."""
    return {f"{function}: {result}.to({dtype}) → {result}{rest}": CAST for rest in ("", ".to()")}
