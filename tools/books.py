"""Generated books: PDFs of made-up prose with exactly known sentences, to test how sentences are found.

A book's text is grown from `VOCABULARY` and typeset here, line by line, so that sentences cross lines, columns and
pages as they do in print. The same seed and options give the same bytes every time.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas


# What a rule, `{key}`, may become. `//` stands between two sentences, `{n}` is a number, `{year}` is a year.
VOCABULARY = {
    "en": """
chapter: Chapter
preface: Preface
title: {thing} and {other} | {thing} without {other} | A Letter to Dr. Penhale | What Did Mrs. Quick See?
thing: The Lamp | The Harbour | A Winter | The Keeper | The Long Silence | An Inheritance | The Signal | The Map
other: the Sea | the Inspector | the Northern Wind | Two Letters | the Clock | a Stranger | the Tide | the Bell
who: Mr. Harrow | Mrs. Quick | Dr. Penhale | J. R. Hartley | Capt. Osborne | the old pilot | Tobias | Prof. E. M. Lowe
who: the magistrate’s clerk | the widow | Lt. Garrick | his half-brother
verb: counted | examined | described | remembered | repaired | abandoned | rediscovered | photographed | misunderstood
object: the well-known signal lamps | the harbour accounts | every remaining barrel of oil | several unanswered letters
object: the north-east staircase | the instruments of the observatory | a considerable quantity of rope | the catalogue
where: behind the customs house | in the upper gallery | beside the lime-kiln | at the foot of the lighthouse
where: under the watchmaker’s window | near the northern breakwater | on the road to St. Brannock | aboard the steamer
when: towards evening | at 6 a.m., | on the 3rd of May | after an uncomfortable silence | in the winter of {year}
plain: {who} {verb} {object} {where}. | {when} {who} {verb} {object}. | {where} {who} {verb} {object}. | Nobody came.
plain: Was it {who} who {verb} {object}? | What a night that was! | (Nobody had mentioned {object}.) | It rained.
plain: {who} waited… and nothing came. | Perhaps {who} had forgotten {object}… | It was over—or so it seemed—by {year}.
long: {when} {who} {verb} {object}, and {who}, who {verb} {object} {where}, never spoke of it again.
long: When {who} {verb} {object} {where}, {who} {verb} {object}; nobody asked why, although {who} {verb} {object}.
abbr: The U.S. Navy sent 1,200 tons of coal, i.e. more than the harbour could hold. | The rope measured 3.14 fathoms.
abbr: Some things, e.g. {object}, were never found. | Lamp No. 7 burned until 9 p.m. and was then put out by {who}.
abbr: According to p. {n} of the register (vol. 2, No. 7), {who} {verb} {object}. | The office sold lamps, ropes, etc.
abbr: The log (see pp. 3-5) agrees with {who}. | Hartley & Co. lent {object} to St. Mary’s Hospital.
quote: “No!” he said. | {who} said: “The tide waits for nobody.” | “We found nothing,” said {who}, “except {object}.”
quote: “Leave at once! // The lamp is out,” cried {who}. | “It is late. // You must go.” | “Wait… please,” she said.
quote: He called it “a regrettable incident” and went home. | {who} asked: “Why?” | “Is it far?” asked {who}.
talk: “Are you coming?” asked {who}. | “Not before Dr. Penhale returns,” she said. // Nobody moved. | “Never!”
talk: “Who {verb} {object}?” he asked. | “I did,” said {who}. // “It was an accident.” | “Hush!” whispered {who}.
note: See the report of {year}, p. {n}. | J. R. Hartley, Coastal Lights, vol. 2, pp. 3-5. | Ibid., p. {n}.
note: Letter to Mrs. Quick, {year}, No. {n}. // The second edition omits this passage entirely.
""",
    "fr": """
chapter: Chapitre
preface: Préface
title: {thing} et {other} | {thing} sans {other} | Une lettre à Mme Vasseur | Où était M. Delorme ? | La Saint-Jean
thing: Le Phare | La Maison | Un hiver | Le Cœur | La Promenade | L’Héritage | Le Signal | La Carte
other: la Mer | l’Inspecteur | le Vent du nord | deux lettres | l’Horloge | un inconnu | la Marée | la Cloche
who: M. Delorme | Mme Vasseur | Mlle Aubry | le Dr Perrin | J.-P. Durand | Me Garnier | le vieux pilote | l’abbé
who: la gouvernante | sa belle-sœur | M. de Brécourt | le sous-préfet
verb: examina | décrivit | retrouva | abandonna | répara | oublia | photographia | reconnut | dissimula | contempla
object: les comptes du port | une œuvre inachevée | plusieurs lettres sans réponse | l’escalier du nord-est | le tableau
object: les instruments de l’observatoire | une quantité considérable de cordages | l’arc-en-ciel | la vieille lanterne
where: derrière la douane | dans la galerie supérieure | près du moulin abandonné | au pied du phare | à St-Malo
where: sous la fenêtre de l’horloger | sur la route départementale | là-bas, vers la jetée septentrionale
when: vers le soir, | à 6 h 30, | le 3 mai {year}, | après un silence embarrassé, | peut-être par habitude,
plain: {who} {verb} {object} {where}. | {when} {who} {verb} {object}. | {where}, {who} {verb} {object}. | Il pleuvait.
plain: Était-ce {who} qui {verb} {object} ? | Quelle nuit ce fut ! | (Personne n’avait encore remarqué {object}.)
plain: {who} attendit… et rien ne vint. | Peut-être {who} savait tout… | C’était fini ; nul ne s’en étonna.
long: {when} {who} {verb} {object}, et {who}, qui {verb} {object} {where}, n’en parla plus jamais.
long: Quand {who} {verb} {object} {where}, {who} {verb} {object} : c’était l’usage, disait-on, depuis {year}.
abbr: MM. Collin et Faure visitèrent la salle (voir p. {n}, art. 3). | La corde mesurait 3,14 m de longueur.
abbr: On y vendait des lampes, des cordes, etc. | Le n° 7, c.-à-d. {object}, ne fut jamais retrouvé.
abbr: Selon l’art. 3 du règlement (t. 2, p. {n}), {who} {verb} {object}. | À St-Malo, S. Exc. le consul pleura.
quote: « Non ! » dit-il. | {who} dit : « La marée n’attend personne. » | « Venez-vous ? » demanda {who}.
quote: « Partez ! // Il est tard. » | « Nous n’avons rien vu, dit {who}, sauf {object}. » | « Attendez… », dit-elle.
quote: Il appela cela « un incident regrettable » et rentra. | « C’est vrai, dit-il. // Mais {who} {verb} {object}. »
talk: — Vous venez ? demanda {who}. | — Non ! répondit-elle. // Il est trop tard. | — M. Durand est sorti, dit {who}.
talk: — Et pourtant… // Personne ne répondit. | — Qui donc {verb} {object} ? | — Mon Dieu ! s’écria {who}, encore lui !
note: Voir le rapport de {year}, p. {n}. | J.-P. Durand, Les Phares, t. 2, art. 3. | Ibid., p. {n}.
note: Lettre à Mme Vasseur, n° {n}. // La seconde édition supprime ce passage.
""",
    "de": """
chapter: Kapitel
preface: Vorwort
title: {thing} und {other} | {thing} ohne {other} | Ein Brief an Dr. Voss | Wo war Frau Keller? | St. Peter im Winter
thing: Die Lampe | Der Hafen | Ein Winter | Der Wärter | Das lange Schweigen | Die Erbschaft | Das Zeichen | Die Karte
other: das Meer | den Nordwind | zwei Briefe | die Glocke | einen Fremden | die Flut | das Gewissen | die Uhr
who: Dr. Voss | Prof. Lindner | Frau Keller | der alte Lotse | J. F. Amberg | Hr. Brandt | die Witwe | Tobias
who: der Schreiber des Amtmanns | Frau Dr. Meißner | sein Schwager
verb: zählte | untersuchte | beschrieb | vergaß | reparierte | fotografierte | bewunderte | verwechselte | ordnete
object: die Hafenrechnungen | jede Petroleumlampe | mehrere unbeantwortete Briefe | die Nord-Ost-Treppe | den Katalog
object: die Messgeräte der Sternwarte | eine beträchtliche Menge Tauwerk | die schwarz-weiße Flagge | das Logbuch
where: hinter dem Zollhaus | auf der oberen Galerie | neben dem Kalkofen | am Fuß des Leuchtturms | im 2. Stock
where: unter dem Fenster des Uhrmachers | an der nördlichen Mole | auf der Straße nach St. Peter
when: gegen Abend | am 3. Mai {year} | nach verlegenem Schweigen | um 6 Uhr | im Winter | in der Nacht zum 12. Oktober
plain: {who} {verb} {object} {where}. | {when} {verb} {who} {object}. | {where} {verb} {who} {object}. | Es regnete.
plain: War es {who}? | Was für eine Nacht! | (Niemand hatte bisher {object} erwähnt.) | Niemand antwortete.
plain: {who} wartete… und nichts geschah. | Vielleicht wusste {who} davon… | Es war vorbei – so schien es – seit Tagen.
long: {when} {verb} {who} {object}, und obwohl {who} {where} {object} {verb}, sprach niemand je wieder davon.
long: Als {who} {where} {object} {verb}, {verb} {who} {object}; keiner fragte, warum {who} {object} {verb}.
abbr: Man fand manches, z. B. {object}, erst später. | Die Lampe Nr. 7 brannte ca. 3,14 Stunden. | Es gab Seile usw.
abbr: Laut S. 12 des Berichts (Bd. 2, Nr. 7) {verb} {who} {object}. | Vieles, z.B. {object}, ging verloren.
abbr: Der Hafen, d. h. die alte Mole, lag still. | Das Amt bzw. {who} {verb} {object}. | Man zahlte 1.200 Mark.
quote: „Nein!“, rief {who}. | {who} sagte: „Die Flut wartet nicht.“ | „Wir fanden nichts“, sagte {who}, „nur {object}.“
quote: „Gehen Sie! // Es ist spät“, rief {who}. | „Es ist spät. // Sie müssen gehen.“ | „Warten Sie… bitte“, sagte sie.
quote: Er nannte es „einen bedauerlichen Vorfall“ und ging. | „Ist es weit?“, fragte {who}. | {who} fragte: „Warum?“
talk: „Kommen Sie mit?“, fragte {who}. | „Nicht ohne Dr. Voss“, sagte sie. // Niemand rührte sich. | „Niemals!“
talk: „Wer {verb} {object}?“, fragte er. | – Kommen Sie? – fragte {who}. | „Ich“, sagte {who}. // „Es war ein Versehen.“
note: Vgl. S. {n} des Berichts. | J. F. Amberg, Leuchtfeuer, Bd. 2, S. {n} ff., mit Karte. | Ebd., S. {n} oben.
note: Brief an Frau Keller, Nr. {n} der Sammlung. // Die zweite Auflage lässt diese Stelle weg.
""",
    "es": """
chapter: Capítulo
preface: Prólogo
title: {thing} y {other} | {thing} sin {other} | Una carta al Dr. Molina | ¿Dónde estaba la Sra. Ortega?
thing: La lámpara | El puerto | Un invierno | El guardián | El largo silencio | La herencia | La señal | El mapa
other: el mar | el inspector | el viento del norte | dos cartas | la campana | un extraño | la marea | el reloj
who: el Sr. Ruiz | la Sra. Ortega | el Dr. Molina | D. Julián Prado | J. M. Salas | el viejo práctico | la maestra
who: el escribano | la viuda | el ex-alcalde | Dña. Carmen
verb: examinó | describió | recordó | reparó | abandonó | fotografió | encontró | olvidó | contempló | desordenó
object: las cuentas del puerto | varias cartas sin respuesta | la escalera del nor-oeste | los barriles de aceite
object: los instrumentos del observatorio | una cantidad considerable de cuerda | el catálogo | la señal rojo-blanca
where: detrás de la aduana | en la galería superior | junto al molino abandonado | al pie del faro | en la cubierta
where: bajo la ventana del relojero | cerca del rompeolas | en el camino de Sta. Clara
when: hacia la noche | a las 6 a. m., | el 3 de mayo de {year} | tras un silencio incómodo | en invierno
plain: {who} {verb} {object} {where}. | {when} {who} {verb} {object}. | {where} {who} {verb} {object}. | Llovía.
plain: ¿Fue {who} quien {verb} {object}? | ¡Qué noche aquella! | (Nadie había mencionado {object}.) | Nadie respondió.
plain: {who} esperó… y nada ocurrió. | Quizá {who} lo sabía… | Todo había terminado; nadie se sorprendió.
long: {when} {who} {verb} {object}, y {who}, que {verb} {object} {where}, no volvió a hablar de ello.
long: Cuando {who} {verb} {object} {where}, {who} {verb} {object}; nadie preguntó por qué {who} {verb} {object}.
abbr: La marina de los EE. UU. envió 1.200 toneladas. | Según la pág. {n} (núm. 7, vol. 2), {who} {verb} {object}.
abbr: Vendían lámparas, cuerdas, etc. | La cuerda medía 3,14 metros. | Algunas cosas, p. ej. {object}, se perdieron.
abbr: Si Ud. lee las págs. 3-5, verá que {who} {verb} {object}. | El art. 3 menciona {object}. | Y Ud., ¿qué sabe?
quote: «¡No!», dijo {who}. | {who} dijo: «La marea no espera a nadie». | «No hay nada», dijo {who}, «salvo {object}».
quote: «¡Váyase! // Es tarde», gritó {who}. | «Es tarde. // Debe marcharse.» | «Espere… por favor», susurró ella.
quote: Lo llamó «un incidente lamentable» y se fue. | «¿Está lejos?», preguntó {who}. | {who} preguntó: «¿Por qué?».
talk: —¿Viene Ud. mañana? —preguntó {who}. | —¡No! —dijo {who}—. // Ya es tarde. | —¡Nunca!
talk: —¿Quién {verb} {object}? | —Fui yo —dijo {who}—. // Fue un accidente. | —El Dr. Molina no está —dijo {who}.
note: Véase el informe de {year}, pág. {n}. | J. M. Salas, Los faros, vol. 2, págs. 3-5. | Ibíd., pág. {n}.
note: Carta a la Sra. Ortega, núm. {n}. // La segunda edición omite este pasaje.
""",
    "it": """
chapter: Capitolo
preface: Prefazione
title: {thing} e {other} | {thing} senza {other} | Una lettera al dott. Ferri | Dov’era la sig.ra Bellini?
thing: La lampada | Il porto | Un inverno | Il guardiano | Il lungo silenzio | L’eredità | Il segnale | La mappa
other: il mare | l’ispettore | il vento del nord | due lettere | la campana | uno straniero | la marea | l’orologio
who: il sig. Conti | la sig.ra Bellini | il dott. Ferri | G. B. Moretti | l’ing. Marchi | il vecchio pilota | la maestra
who: lo scrivano | la vedova | il vice-sindaco | l’avv. Rinaldi
verb: esaminò | descrisse | ricordò | riparò | abbandonò | fotografò | ritrovò | dimenticò | contemplò | confuse
object: i conti del porto | parecchie lettere senza risposta | la scala di nord-est | i barili d’olio | il catalogo
object: gli strumenti dell’osservatorio | una quantità considerevole di corda | la bandiera bianco-rossa
where: dietro la dogana | nella galleria superiore | accanto al mulino abbandonato | ai piedi del faro | sul piroscafo
where: sotto la finestra dell’orologiaio | presso la diga settentrionale | nella chiesa di S. Pietro
when: verso sera | alle 6 del mattino | il 3 maggio {year} | dopo un silenzio imbarazzato | d’inverno
plain: {who} {verb} {object} {where}. | {when} {who} {verb} {object}. | {where} {who} {verb} {object}. | Pioveva.
plain: Fu forse {who}? | Che notte fu quella! | (Nessuno aveva mai nominato {object}.) | Nessuno rispose.
plain: {who} aspettò… e non accadde nulla. | Forse {who} lo sapeva… | Tutto era finito; nessuno si stupì.
long: {when} {who} {verb} {object}, e {who}, che {verb} {object} {where}, non ne parlò mai più.
long: Quando {who} {verb} {object} {where}, {who} {verb} {object}; nessuno chiese perché {who} {verb} {object}.
abbr: Secondo pag. {n} del registro (vol. 2, n. 7), {who} {verb} {object}. | Vendevano lampade, corde, ecc.
abbr: L’art. 3 nomina {object}. | La corda misurava 3,14 metri. | La lampada n. 7 bruciò 1.200 litri d’olio.
abbr: Alcune cose, ad es. {object}, andarono perdute. | Si vedano le pagg. 3-5, dove {who} {verb} {object}.
quote: «No!» disse {who}. | {who} disse: «La marea non aspetta nessuno». | «È lontano?» chiese {who}.
quote: «Parta! // È tardi» gridò {who}. | «È tardi. // Deve andare.» | «Aspetti… la prego» sussurrò lei.
quote: Lo chiamò «un incidente deplorevole» e uscì. | «Non c’era nulla», disse {who}, «tranne {object}».
talk: — Viene anche Lei? — chiese {who}. | — No! — disse {who}. // — È troppo tardi. | «Mai!»
talk: — Chi {verb} {object}? | «Sono stato io» disse {who}. // Nessuno si mosse. | — Il dott. Ferri è via — disse {who}.
note: Si veda la relazione del {year}, pag. {n}. | G. B. Moretti, I fari, vol. 2, pagg. 3-5. | Ibid., pag. {n}.
note: Lettera alla sig.ra Bellini, n. {n}. // La seconda edizione omette questo passo.
""",
}
LANGUAGES = tuple(VOCABULARY)

_NBSP = "\N{NO-BREAK SPACE}"
_VOWEL = "[aeiouyàâäáéèêëíìîïóòôöúùûüœæ]"
_LONG_WORD = re.compile(r"(?:[^-]*[^\w-])?([^\W\d_]{6,})[^\w-]*")
_SYLLABLE = re.compile(rf"(?<={_VOWEL})(?=[^aeiouy]{_VOWEL})|(?<={_VOWEL}[lmnrst])(?=[^aeiouyh]{_VOWEL})")
_COMPOUND = re.compile(r"(?<=[^\W\d_]{2}-)(?=[^\W\d_]{2})")


@dataclass(frozen=True)
class Sentence:
    """A sentence as the text layer has it, with its pages, 1-based."""

    text: str
    first_page: int
    last_page: int


@dataclass(frozen=True)
class Book:
    """A written book; of the sentences that begin on a page, those of notes come last."""

    path: Path
    pages: int
    language: str
    sentences: list[Sentence]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a book is set: the options of `write`."""

    columns: int = 1
    by_rows: bool = False  # drawn row by row across the columns
    headers: bool = True
    numbers: Literal["foot", "head", "none"] = "foot"  # those in the head need headers
    front_pages: int = 0  # a preface with roman page numbers
    footnotes: bool = False  # at the foot of the column
    hyphens: bool = True
    hyphen: str = "-"  # or a soft hyphen
    compounds_break: bool = False  # at their own hyphen
    dialogue: bool = False
    justified: bool = True
    indent: bool = True  # paragraphs begin with an indent, otherwise after a blank space
    rotated: bool = False  # some pages have /Rotate 90, and look like the others
    interruptions: bool = False  # some pages are blank or hold a picture only, in the midst of sentences too
    font: str = "Times-Roman"
    size: float = 10.5
    page_size: tuple[float, float] | None = None  # A5, or A4 with several columns


@dataclass
class _Draft:
    note: bool
    text: str = ""
    first: int = 0
    last: int = 0


class _Word(NamedTuple):
    text: str
    draft: _Draft
    mark: str = ""
    note: tuple["_Line", ...] = ()


class _Line(NamedTuple):
    words: list[_Word]
    font: str
    size: float
    leading: float
    indent: float = 0
    before: float = 0
    stretch: float = 0
    note: tuple["_Line", ...] = ()


_Place = tuple[float, float, _Line]


def write(path: Path, *, seed: int, language: str = "en", pages: int = 40, **layout: Any) -> Book:
    """Write a book of about this many pages; the other options are those of `Layout`."""
    press = _Press(path, Random(seed), language, Layout(**layout))  # noqa: S311 (prose, not secrets)
    press.print_book(pages)
    drafts = sorted(press.drafts, key=lambda draft: (draft.first, draft.note))
    return Book(path, press.page, language, [Sentence(draft.text, draft.first, draft.last) for draft in drafts])


class _Press:
    """Writes and prints one book."""

    def __init__(self, path: Path, random: Random, language: str, layout: Layout) -> None:
        self.random, self.layout = random, layout
        self.rules: dict[str, list[str]] = {}
        for line in VOCABULARY[language].strip().splitlines():
            key, _, choices = line.partition(": ")
            self.rules.setdefault(key, []).extend(choices.split(" | "))
        size = layout.page_size or (A5 if layout.columns == 1 else A4)
        self.width, self.height = float(size[0]), float(size[1])
        self.top, self.bottom, self.margin, gap = self.height - 56, 52.0, 0.12 * self.width, 18
        self.column_width = (self.width - 2 * self.margin - (layout.columns - 1) * gap) / layout.columns
        self.column_step = self.column_width + gap
        self.heading_font = random.choice((layout.font, "Helvetica-Bold"))
        self.header_font = random.choice((layout.font, "Times-Italic"))
        self.capitals, self.centred = random.random() < 0.3, random.random() < 0.5
        self.canvas = Canvas(str(path), (self.width, self.height), invariant=True, pageCompression=1)
        self.page, self.mark = 0, 0
        self.drafts: list[_Draft] = []

    # Text

    def _grow(self, rule: str) -> str:
        if rule == "n":
            return str(self.random.randint(2, 99))
        if rule == "year":
            return str(self.random.randint(1801, 1899))
        return re.sub(r"\{(\w+)\}", lambda match: self._grow(match[1]), self.random.choice(self.rules[rule]))

    def _sentences(self, rule: str) -> list[str]:
        text = self._grow(rule)
        text = re.sub(r"(?<=«) | (?=[»!?:;])", _NBSP, text[0].upper() + text[1:])  # only French has such spaces
        return text.split(" // ")

    def _words(self, sentence: str, *, note: bool = False, may_have_note: bool = False) -> list[_Word]:
        """The words of a new sentence, sometimes with a footnote."""
        draft = _Draft(note)
        self.drafts.append(draft)
        words = [_Word(text.replace(_NBSP, " "), draft) for text in sentence.split(" ")]
        if may_have_note and self.random.random() < 0.1:
            # After a word in the sentence or at its end, but not where the mark would look like more of a number.
            inner = [at for at, word in enumerate(words) if re.fullmatch("[a-zß-ÿœ]{4,}", word.text)]
            final = [] if re.search(r"\d", words[-1].text) else [len(words) - 1]
            if places := self.random.choice((inner, final)) or inner or final:
                at = self.random.choice(places)
                self.mark += 1
                words[at] = _Word(words[at].text, draft, str(self.mark), tuple(self._set_note()))
        draft.text = " ".join(word.text + word.mark for word in words)
        return words

    # Lines

    def _set_paragraph(self) -> Iterator[_Line]:
        if self.layout.dialogue and self.random.random() < 0.6:
            sentences = self._sentences("talk")
        else:
            rules = self.random.choices(("plain", "long", "abbr", "quote"), (5, 3, 3, 2), k=self.random.randint(1, 6))
            sentences = [sentence for rule in rules for sentence in self._sentences(rule)]
        words = [word for text in sentences for word in self._words(text, may_have_note=self.layout.footnotes)]
        size = self.layout.size
        return self._lines(words, size, (1.5 * size, 0) if self.layout.indent else (0, 0.8 * size))

    def _set_note(self) -> Iterator[_Line]:
        first, *others = self._sentences("note")
        words = [word for text in (f"{self.mark} {first}", *others) for word in self._words(text, note=True)]
        return self._lines(words, 0.8 * self.layout.size)

    def _set_heading(self, *texts: str) -> Iterator[_Line]:
        for number, text in enumerate(texts):
            natural = stringWidth(text, self.heading_font, 1)
            size = min((1.4 + 0.4 * number) * self.layout.size, self.column_width / natural)
            indent = (self.column_width - size * natural) / 2 if self.centred else 0
            before = 0 if number else 2 * self.layout.size
            yield _Line(self._words(text), self.heading_font, size, 1.6 * size, indent, before)

    def _lines(self, words: list[_Word], size: float, start: tuple[float, float] = (0, 0)) -> Iterator[_Line]:
        """Break the words into lines, of which the first starts with an indent or after a space."""
        queue, space = deque(words), self._width(" ", size)
        indent, before = start
        while queue:
            line: list[_Word] = []
            room = self.column_width - indent + space
            while queue and (width := space + self._width(queue[0], size)) <= room:
                line.append(queue.popleft())
                room -= width
            if queue and (parts := self._split(queue[0], room - space, size)):
                line.append(parts[0])
                queue[0] = parts[1]
                room -= space + self._width(parts[0], size)
            elif not line:  # a word longer than a line sticks out
                line.append(queue.popleft())
            spaces = " ".join(word.text for word in line).count(" ")
            stretch = max(room, 0) / spaces if self.layout.justified and spaces and queue else 0
            notes = tuple(note for word in line for note in word.note)
            yield _Line(line, self.layout.font, size, 1.28 * size, indent, before, stretch, notes)
            indent = before = 0

    def _width(self, word: _Word | str, size: float) -> float:
        if isinstance(word, str):
            return float(stringWidth(word, self.layout.font, size))
        return self._width(word.text, size) + self._width(word.mark, 0.65 * size)

    def _split(self, word: _Word, room: float, size: float) -> list[_Word]:
        """The word in two, of which the first fits; or nothing."""
        cuts: list[tuple[int, str]] = []
        if self.layout.hyphens and (match := _LONG_WORD.fullmatch(word.text)):
            places = (found.start() for found in _SYLLABLE.finditer(word.text))
            cuts = [(at, self.layout.hyphen) for at in places if match.start(1) + 3 <= at <= match.end(1) - 3]
        if self.layout.compounds_break:
            cuts += [(found.start(), "") for found in _COMPOUND.finditer(word.text)]
        for at, hyphen in reversed(cuts):
            if self._width(head := word.text[:at] + hyphen, size) <= room:
                return [_Word(head, word.draft), word._replace(text=word.text[at:])]
        return []

    # Pages

    def print_book(self, pages: int) -> None:
        """Print a preface and chapters of 5 to 12 pages."""
        [title] = self._sentences("title")
        if self.layout.front_pages:
            preface = self.rules["preface"][0]
            self._print_chapter(self.layout.front_pages, 0, (title, preface), preface)
        front, number, chapter = self.page, 0, title
        while (left := pages - self.page) > 0:
            if self.layout.interruptions and number and left > 1 and self.random.random() < 0.5:
                self._finish_page()
                left -= 1
            number += 1
            previous = chapter
            while chapter == previous:
                [chapter] = self._sentences("title")
            length = left if left <= 12 else self.random.randint(5, min(12, left - 5))
            self._print_chapter(length, front, (title, chapter), f"{self.rules['chapter'][0]} {number}", chapter)
        self.canvas.save()

    def _print_chapter(self, length: int, front: int, titles: tuple[str, str], *headings: str) -> None:
        """Print a chapter; on the last page the text ends about half-way."""
        self.mark = 0
        start, end = self.page, self.page + length
        queue = deque(self._set_heading(*headings))
        first, *others = self._set_paragraph()
        queue += [first._replace(before=2 * self.layout.size), *others]
        full = self.layout.columns * (self.top - self.bottom) / (1.28 * self.layout.size)
        while self.page < end or queue:
            wanted = full * self.random.uniform(0.3, 0.5) if self.page + 1 >= end else full
            folio = self.page + 1 - front
            numeral = str(folio) if front or not self.layout.front_pages else _roman(folio)
            header = titles[folio % 2] if self.layout.headers and self.page > start else ""
            self._print_page(queue, wanted, folio, numeral, header)
            in_sentence = queue and queue[0].words[0].draft.first
            if self.layout.interruptions and in_sentence and end - self.page > 1 and self.random.random() < 0.4:
                if self.random.random() < 0.7:
                    self.canvas.setFillGray(0.6)
                    self.canvas.rect(self.margin, self.height / 3, self.width / 2, self.height / 3, fill=1)
                self._finish_page()

    def _print_page(self, queue: deque[_Line], wanted: float, folio: int, numeral: str, header: str) -> None:
        """Print a page of the queue's lines, and of new ones while it has fewer than wanted."""
        rotation = 90 if self.layout.rotated and self.random.random() < 0.3 else 0
        if rotation:
            self.canvas.transform(0, 1, -1, 0, self.height, 0)
        left = self.margin + (6 if folio % 2 else -6)
        right = left + self.width - 2 * self.margin
        if header:
            self.canvas.setFont(self.header_font, 9)
            shown = header.upper() if self.capitals else header
            self.canvas.drawCentredString((left + right) / 2, self.height - 36, shown)
            if self.layout.numbers == "head" and folio % 2:
                self.canvas.drawRightString(right, self.height - 36, numeral)
            elif self.layout.numbers == "head":
                self.canvas.drawString(left, self.height - 36, numeral)
        placed: list[_Place] = []
        for column in range(self.layout.columns):
            placed += self._fill_column(queue, wanted - len(placed), left + column * self.column_step)
        if self.layout.by_rows:
            placed.sort(key=lambda place: -place[1])
        for x, y, line in placed:
            self._draw(x, y, line)
        if self.layout.numbers == "foot":
            self.canvas.setFont(self.layout.font, 9)
            self.canvas.drawCentredString((left + right) / 2, 26, numeral)
        self._finish_page(rotation)

    def _fill_column(self, queue: deque[_Line], wanted: float, x: float) -> list[_Place]:
        """Where lines go, and at the column's foot the notes they call for."""
        y, foot = self.top, self.bottom
        body: list[_Place] = []
        notes: list[_Line] = []
        while True:
            if not queue and len(body) < wanted:
                queue.extend(self._set_paragraph())
            if not queue:
                break
            line = queue[0]
            below = y - line.leading - (line.before if body or line.size > self.layout.size else 0)
            raised = foot + sum(note.leading for note in line.note) + (12 if line.note and not notes else 0)
            if below < raised:
                break
            body.append((x, below, queue.popleft()))
            notes += line.note
            y, foot = below, raised
        if notes:
            self.canvas.line(x, foot - 5, x + 60, foot - 5)
        y = foot - 12
        return body + [(x, y := y - note.leading, note) for note in notes]

    def _draw(self, x: float, y: float, line: _Line) -> None:
        text = self.canvas.beginText(x + line.indent, y)
        text.setFont(line.font, line.size)
        text.setWordSpace(line.stretch)
        run = ""
        for number, word in enumerate(line.words):
            run += " " * (number > 0) + word.text
            if word.mark:
                text.textOut(run)
                text.setFont(line.font, 0.65 * line.size)
                text.setRise(0.35 * line.size)
                text.textOut(word.mark)
                text.setFont(line.font, line.size)
                text.setRise(0)
                run = ""
            word.draft.first = word.draft.first or self.page + 1
            word.draft.last = self.page + 1
        text.textOut(run)
        self.canvas.drawText(text)

    def _finish_page(self, rotation: int = 0) -> None:
        self.canvas.setPageRotation(rotation)  # this turns the page's size, too
        self.canvas.showPage()
        self.page += 1


def _roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    return "x" * tens + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[ones]
