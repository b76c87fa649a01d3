"""The words and phrases that the sentences of synthetic books are made of, by language."""

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
figure: Figure
table: Table
intro: The following were found {where}: | {who} asked for these: | {who} made a list:
phrase: {object} | {object} {where} | {object}, which {who} {verb} {where}
caption: {thing} and {other} | {thing} in {year}
columns: Item // Year // Paid // Lost
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
figure: Figure
table: Tableau
intro: On trouva ceci {where} : | {who} demanda ce qui suit : | {who} dressa une liste :
phrase: {object} | {object} {where} | {object}, que {who} {verb} {where}
caption: {thing} et {other} | {thing} en {year}
columns: Objet // Année // Payés // Perdus
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
figure: Abbildung
table: Tabelle
intro: Man fand {where} Folgendes: | {who} verlangte dies: | {who} schrieb eine Liste:
phrase: {object} | {object} {where} | {object}, von denen {who} {where} sprach
caption: {thing} und {other} | {thing} im Jahr {year}
columns: Gegenstand // Jahr // Preis // Fort
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
figure: Figura
table: Tabla
intro: Se encontró esto {where}: | {who} pidió lo siguiente: | {who} hizo una lista:
phrase: {object} | {object} {where} | {object}, que {who} {verb} {where}
caption: {thing} y {other} | {thing} en {year}
columns: Objeto // Año // Pagos // Fuera
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
figure: Figura
table: Tabella
intro: Si trovò questo {where}: | {who} chiese quanto segue: | {who} fece una lista:
phrase: {object} | {object} {where} | {object}, che {who} {verb} {where}
caption: {thing} e {other} | {thing} nel {year}
columns: Oggetto // Anno // Pagati // Persi
""",
}
LANGUAGES = tuple(VOCABULARY)
