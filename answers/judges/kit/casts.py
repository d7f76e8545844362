"""Why a judge may let a mutant pass that leaves a cast out."""

CAST = "Cases come in float32 and float64, which the casts leave as they are; they are for half precision."
# Of scaled_scores in models.attention.attention.
SCORES = {
    "scaled_scores: at_least_float32(query) @ at_least_float32(key).mT → "
    "query @ at_least_float32(key).mT": CAST,
    "scaled_scores: at_least_float32(key).mT → key.mT": CAST,
}
EMPTY = "No case is empty."


def cast_back(function: str, result: str, dtype: str) -> dict[str, str]:
    """The mutants of a function that leave out the last cast, to the type of what came in."""
    return {f"{function}: {result}.to({dtype}) → {result}{rest}": CAST for rest in ("", ".to()")}
