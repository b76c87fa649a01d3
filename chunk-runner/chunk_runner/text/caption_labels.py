"""The labels of captions: “Figure 2:”, “Tab. IV”. Pure."""

from __future__ import annotations

import re


_LABELS = frozenset(
    label
    for labels in (
        "figure figures fig figs table tables tab plate plates scheme chart diagram map box exhibit listing algorithm",
        "abbildung abb bild tabelle tafel karte grafik schaubild foto photo",
        "tableau planche carte graphique encadré",
        "figura figuras tabla cuadro gráfico mapa lámina tabella tavola quadro tabela",
        "figuur afbeelding afb tabel kaart grafiek figur tabell bilde",
        "rysunek rys wykres obrázek obr tabulka рисунок рис таблица табл εικόνα πίνακας şekil tablo",
    )
    for label in labels.split()
)
"""The words before a number that begin a caption, in lower case and without a full stop."""

_NUMBER = re.compile(r"(?:[A-Z]\.?-?)?(?:\d{1,3}(?:[.\-–]\d{1,3})*|[IVX]{1,5})[a-z]?(?P<mark>[:.|)–—]?)")
"""The number of a figure or table, and the mark behind it: `2:`, `A.3`, `IV`."""

_CJK_CAPTION = re.compile(r"[图圖表図]\s*\d{1,3}")


def is_label(text: str) -> bool:
    """Return True if a text is nothing but a label, with or without its number, so that no sentence ends with it."""
    label, number, rest = (*text.split(maxsplit=2), "", "", "")[:3]
    is_number = not number or _NUMBER.fullmatch(number) is not None
    return label[:1].isupper() and label.rstrip(".").casefold() in _LABELS and is_number and not rest


def is_caption(text: str) -> bool:
    """Return True if a line begins like a caption, and not like a sentence about one (“Figure 2 shows”)."""
    label, number, rest = (*text.split(maxsplit=2), "", "", "")[:3]
    if label.rstrip(".").casefold() not in _LABELS or not label[0].isupper():
        return _CJK_CAPTION.match(text) is not None
    found = _NUMBER.fullmatch(number)
    return found is not None and (bool(found["mark"]) or not rest[:1].islower())
