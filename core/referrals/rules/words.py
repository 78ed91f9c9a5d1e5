"""Neutral words proposed to her for following her request: easy to say and to write, saying nothing about anything."""

from __future__ import annotations

FOLLOW_WORDS: tuple[str, ...] = (
    "abeille", "abricot", "agrume", "aiguille", "alouette", "amande", "ancre", "anneau", "arbuste", "ardoise",
    "argile", "atelier", "aubier", "aurore", "automne", "avoine", "balcon", "bambou", "banane", "banjo", "barque",
    "bassin", "bateau", "beurre", "biscuit", "bleuet", "bocal", "bouleau", "boussole", "bouton", "branche",
    "brioche", "brique", "brise", "brouette", "cabane", "cadran", "cahier", "caillou", "canard", "canot", "carafe",
    "carotte", "carreau", "carton", "casserole", "castor", "cerise", "chaloupe", "chandelle", "chapeau", "chardon",
    "chemin", "cigale", "citron", "citrouille", "clairon", "cloche", "clocher", "coquille", "corbeille", "cornet",
    "coton", "coussin", "crayon", "cuivre", "cymbale", "domino", "dragon", "drapeau", "enclume", "encrier",
    "escargot", "estrade", "fanfare", "farine", "fauteuil", "fenouil", "figuier", "flocon", "fontaine", "fougère",
    "framboise", "galet", "gazelle", "gingembre", "girafe", "glacier", "goéland", "grelot", "grenier", "guitare",
    "hamac", "hameau", "harmonie", "hibou", "horloge", "huître", "igloo", "jardin", "jonquille", "juillet", "kiwi",
    "laitue", "lanterne", "laurier", "lavande", "levain", "lilas", "limonade", "lucarne", "lundi", "lynx",
    "magnolia", "maïs", "mandarine", "marelle", "marmite", "mésange", "meuble", "miel", "moineau", "montagne",
    "moulin", "muguet", "myrtille", "navet", "neige", "noisette", "nuage", "ocarina", "olive", "ombrelle", "orange",
    "orchidée", "ourson", "oursin", "panier", "papier", "pastèque", "pédale", "pélican", "pelote", "perdrix",
    "persil", "piano", "pigeon", "pinson", "pivoine", "planche", "pluie", "poivron", "pollen", "pomme", "pommier",
    "potager", "prairie", "prune", "quenouille", "racine", "radis", "raisin", "rameau", "rivage", "rivière",
    "roseau", "ruban", "sablier", "safran", "sapin", "sarcelle", "sardine", "savane", "semoule", "sentier", "sirop",
    "soleil", "sorbet", "spirale", "sureau", "tambour", "tartine", "théière", "tilleul", "tisane", "toboggan",
    "tomate", "topaze", "tortue", "toupie", "tournesol", "tulipe", "vagabond", "vanille", "verger", "violette",
    "violon", "voilier", "volcan", "wagon", "yogourt", "zéphyr", "zinnia",
)  # fmt: skip
