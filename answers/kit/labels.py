"""Names of axes and units that many demonstrations share."""

from quizcli.demo.events import Words

STEPS: Words = {"en": "steps", "zh": "步"}
EPOCHS: Words = {"en": "epochs", "zh": "轮"}
IMAGES: Words = {"en": "images", "zh": "图"}  # what the speed of a run counts
