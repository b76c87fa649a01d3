"""Write `lighthouse.pdf`, the sample of `make demo`: half a year of a fictitious lighthouse keeper's log.

    python samples/lighthouse.py samples/lighthouse.pdf

Writes the same bytes every time. `sentences()` returns the text, so that tests can compare it with the output of a job;
sentences deliberately run across lines and pages.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from textwrap import wrap

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas


DAYS = 182
LINES_PER_PAGE = 34
COLUMNS = 62

WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
STRENGTHS = (
    "a light air",
    "a gentle breeze",
    "a fresh breeze",
    "a strong breeze",
    "half a gale",
    "a whole gale",
)
SEAS = ("smooth", "slight", "moderate", "rough", "very rough", "high")
SHIPS = (
    "the brig Constance, timber from Memel",
    "the steamer Alder, coals for the gasworks",
    "two luggers out of St Brannock",
    "the packet, late by a tide",
    "a Norwegian barque under jury rig",
    "the revenue cutter, which did not answer our flag",
    "a collier we could not name for the haze",
)
CHORES = (
    "cleaned the lower prisms with spirit and two leathers",
    "trimmed all four wicks and laid in new ones",
    "whitewashed the seaward wall as far as the ladder reaches",
    "oiled the clockwork and wound it by hand to prove the stop",
    "carried eleven cans of oil up from the landing",
    "splinted the handrail of the gallery, which had worked loose",
    "took down the storm panes and set them again in fresh putty",
    "swept the flue, and most of it came down on the clean floor",
)
VISITORS = (
    "Mr. Harrow the inspector came over at slack water and counted the spare glasses.",
    "The boat brought flour, lamp oil, a letter for Tobias, and no tobacco.",
    "Dr. Penhale rowed out to look at the boy's hand and was pleased with it.",
    "Nobody came, and nobody was looked for.",
    "A pilot slept in the store and was gone before the lamp was out.",
    "Mrs. Quick sent a seed cake, which lasted until the middle watch.",
)
BIRDS = (
    "A storm petrel struck the lantern and lay stunned until noon, then left without a word.",
    "Gannets were working the race from first light.",
    "Counted 40 eider below the landing, where there are never more than a dozen.",
    "A short-eared owl sat out the gale on the boathouse roof.",
    "No birds at all, which Tobias says means weather.",
)
THOUGHTS = (
    "It is a strange thing to spend a life keeping other people away.",
    "I have begun to know the ships by the way they ignore us.",
    "The new clock gains, so that we now live a little ahead of the county.",
    "One learns here that silence has a tide of its own.",
    "Tobias asked what lies beyond the race, and I told him: more of it.",
    "There is no lonelier sound than a bell that nobody needs.",
)


def sentences() -> list[str]:
    """Return the text, sentence by sentence."""
    random = Random(1871)  # noqa: S311 (prose, not secrets)
    first = date(1871, 10, 1)
    text = ["This is the log of the light on Cape Merrow, kept by Josiah Tregarrow and his assistant Tobias Quick."]
    for number in range(DAYS):
        day = first + timedelta(days=number)
        wind, sea = random.choice(WINDS), random.choice(SEAS)
        glass = random.randrange(2880, 3060) / 100
        lit, out = 15 + random.random() * 2, 5 + random.random() * 2
        text += [
            f"On {day:%A} the {day.day} of {day:%B} the wind was {wind}, {random.choice(STRENGTHS)}, with a {sea} sea.",
            f"The glass stood at {glass:.2f} inches at noon and the lamp was lit at {_clock(lit)}.",
            f"In the forenoon we {random.choice(CHORES)}, and in the afternoon we {random.choice(CHORES)}.",
        ]
        extras = [
            f"Passed us before dark: {random.choice(SHIPS)}.",
            random.choice(VISITORS),
            random.choice(BIRDS),
            random.choice(THOUGHTS),
        ]
        random.shuffle(extras)
        text += extras[: random.randrange(1, 5)]
        text.append(f"The lamp was put out at {_clock(out)} and had burned {random.randrange(9, 15)} pints.")
    return text


def write(path: Path) -> None:
    """Write the sample PDF to a path."""
    lines = wrap(" ".join(sentences()), COLUMNS, break_on_hyphens=False)
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    canvas.setTitle("The Log of Cape Merrow Light")
    for start in range(0, len(lines), LINES_PER_PAGE):
        text = canvas.beginText(45, 545)
        text.setFont("Times-Roman", 11)
        text.setLeading(15)
        for line in lines[start : start + LINES_PER_PAGE]:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def _clock(hours: float) -> str:
    return f"{int(hours)}.{int(hours % 1 * 60):02}"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
