"""Why a judge may let a mutant pass that leaves a cast out."""

CAST = "Cases come in float32 and float64, which the casts leave as they are; they are for half precision."
EMPTY = "No case is empty."
