"""For the demo: an invented trajectory over the demo's directory, marked as an example. One version replaced, one in
force, one draft. The network's own trajectory is the committee's to write: these words are nobody's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import Seeder, new_id, service_ids, services_shown

from .models import VersionRow
from .queries.trajectory import next_number
from .rules.conditions import Condition
from .rules.graph import DRAFT, MOMENT, PUBLISHED, RETIRED, STEP, Answer, Edge, Node, Role, Trajectory
from .services.content import write_content
from .services.drafts import emptied, label

MINOR, ADULT, DANGER = Condition("minor", "yes"), Condition("minor", "no"), Condition("danger", "yes")
NORTH, SOUTH = ("mrc-520", "mrc-610", "mrc-620", "mrc-630", "nord"), ("mrc-600", "mrc-630", "mrc-640")


@dataclass(frozen=True)
class Step:
    """A step of the example. `answers`: (role, service's slug, areas)."""

    key: str
    title: str
    english: str
    summary: str
    needs: tuple[str, ...]
    answers: tuple[tuple[Role, str, tuple[str, ...]], ...]
    hours: int | None = None
    conditions: tuple[Condition, ...] = ()


#: (key, title, English, summary, steps), in order.
MOMENTS: tuple[tuple[str, str, str, str, tuple[Step, ...]], ...] = (
    ("premier-contact", "Premier contact", "First contact", "Elle vient d’être vue par un partenaire.", (
        Step("ecouter", "Écouter et vérifier sa sécurité", "Listen and check that she is safe",
             "Ce qu’elle veut, ce qui presse, qui peut la joindre sans risque.", ("support", "information"),
             (("lead", "cc-ecoute", NORTH), ("lead", "lc-accueil", SOUTH), ("support", "cavac-aide", ()),
              ("support", "cps-prevention", ())), 24),
        Step("danger", "Agir devant un danger immédiat", "Act on immediate danger",
             "Les numéros d’urgence d’abord, puis une rencontre rapide.", ("emergency_meeting",),
             (("lead", "sq-plainte", ()), ("lead", "spvr-plainte", ("mrc-600",)), ("lead", "spm-plainte", ("mrc-640",)),
              ("support", "cc-urgence", NORTH), ("support", "lc-accueil", SOUTH)), 24, (DANGER,)),
        Step("protection", "Penser à la protection de la jeunesse", "Think of youth protection",
             "Elle a moins de 18 ans : qui doit savoir, et qui ne doit pas.", ("information",),
             (("lead", "cisss-dpj", ()), ("support", "aire-jeunesse", ())), 24, (MINOR,)),
    )),
    ("securite", "Sécurité et besoins de base", "Safety and basic needs", "Dormir, manger, se déplacer sans risque.", (
        Step("abri", "Trouver un lieu sûr", "Find a safe place",
             "Un hébergement, avec ou sans enfants.", ("housing",),
             (("lead", "escale-hebergement", ()), ("support", "defis-logis-logement", ())), 24, (ADULT,)),
        Step("abri-jeune", "Trouver un lieu sûr pour une adolescente", "Find a safe place for a girl",
             "Avec elle, et avec qui en répond.", ("housing",),
             (("lead", "cisss-dpj", ()), ("support", "ajrj-rue", ())), 24, (MINOR,)),
        Step("depannage", "Répondre aux besoins de base", "Meet basic needs",
             "Nourriture, transport, première dépense.", ("basic_needs", "money"),
             (("lead", "cc-depannage", NORTH), ("support", "lafu-urgence", ())), 48),
    )),
    ("sante", "Santé", "Health", "Le corps, le sommeil, la consommation.", (
        Step("centre-designe", "Passer au Centre désigné", "Go to the Designated centre",
             "Examen et trousse, avec ou sans plainte.", ("health",),
             (("lead", "cd-trousse", ()), ("support", "cc-medico-legal", NORTH)), 48),
        Step("soins", "Recevoir des soins", "Receive care",
             "Dépistage, médecin, suivi de santé.", ("health", "substance_use"),
             (("lead", "cisss-clsc", ()), ("support", "sidepe-depistage", ()), ("support", "aire-jeunesse", ()))),
    )),
    ("suivi", "Suivi et accompagnement", "Follow-up and accompaniment", "Une personne qui reste son contact.", (
        Step("suivi-exploitation", "Commencer un suivi", "Begin a follow-up",
             "Un suivi en exploitation sexuelle, à son rythme.", ("follow_up", "exploitation_support"),
             (("lead", "cc-exploitation", NORTH), ("lead", "lc-accueil", SOUTH), ("support", "cc-suivi", NORTH)), 120),
        Step("paires", "Rencontrer d’autres femmes", "Meet other women",
             "Cafés-rencontres, femme au vécu semblable.", ("group",),
             (("lead", "cc-cafes", NORTH), ("lead", "lc-cafes", SOUTH), ("support", "cc-survivantes", NORTH)),
             None, (ADULT,)),
        Step("proches", "Soutenir ses proches", "Support her relatives",
             "Pour qui l’entoure, si elle le veut.", ("relative_support",),
             (("lead", "cc-entourage", NORTH), ("support", "parents-soutien", ()))),
    )),
    ("droits", "Démarches et droits", "Steps and rights", "Rien ne s’y fait sans elle.", (
        Step("plainte", "Décider d’une plainte", "Decide about a complaint",
             "Informer sans pousser, accompagner si elle veut.", ("legal", "accompaniment"),
             (("lead", "cavac-judiciaire", ()), ("support", "cc-judiciaire", NORTH), ("information", "sq-plainte", ()),
              ("information", "dpcp-poursuites", ()))),
        Step("indemnisation", "Demander une indemnisation", "Claim compensation",
             "Formulaire, révision.", ("legal", "money"),
             (("lead", "ivac-indemnisation", ()), ("support", "cc-ivac", NORTH), ("support", "cavac-aide", ()))),
    )),
    ("projet", "Projet de vie", "Life project", "Tenir dans la durée.", (
        Step("emploi", "Reprendre un emploi ou des études", "Return to work or studies",
             "Un pas à la fois.", ("work_school",),
             (("lead", "clef-emploi", ()), ("support", "cje-emploi", ())), None, (ADULT,)),
        Step("jeunesse", "Garder un milieu de vie", "Keep a place to live one’s youth",
             "École, maison des jeunes, travail de rue.", ("work_school",),
             (("lead", "trajet-jeunesse", ()), ("support", "mdj-joliette-milieu", ("mrc-610",))), None, (MINOR,)),
        Step("sortie", "Maintenir la sortie", "Stay out",
             "Des organismes qui ne font que cela.", ("exploitation_support", "group"),
             (("lead", "cles-sortie", ()), ("support", "marthe-sortie", ()), ("support", "lc-survivantes", SOUTH)),
             None, (ADULT,)),
    )),
)  # fmt: skip
EDGES: tuple[tuple[str, str, tuple[Condition, ...]], ...] = (
    ("ecouter", "danger", (DANGER,)),
    ("ecouter", "protection", (MINOR,)),
    ("premier-contact", "securite", ()),
    ("premier-contact", "sante", (Condition("need", "health"), Condition("need", "substance_use"))),
    ("premier-contact", "suivi", ()),
    ("securite", "suivi", ()),
    ("sante", "suivi", ()),
    ("centre-designe", "soins", ()),
    ("suivi", "droits", (Condition("need", "legal"), Condition("need", "accompaniment"))),
    ("suivi", "projet", ()),
    ("droits", "projet", ()),
)
TITLE = "Trajectoire régionale (exemple)"


def seed_trajectory(session: Session, seeder: Seeder) -> None:
    """Version 1 replaced, version 2 in force, version 3 a draft with things to mend. Once."""
    if session.scalar(select(VersionRow.id).limit(1)) is not None:
        return
    slugs = [slug for _k, _t, _e, _s, steps in MOMENTS for step in steps for _role, slug, _areas in step.answers]
    whole = example(service_ids(session, [*slugs, "mdj-crabtree-milieu"]))
    first = without(whole, ("droits", "proches"))
    now = seeder.now
    install(session, seeder, first, RETIRED, now - timedelta(days=420), ended=now - timedelta(days=150))
    install(session, seeder, whole, PUBLISHED, now - timedelta(days=150), based_on=1)
    number = install(session, seeder, _draft(session, whole), DRAFT, now - timedelta(days=6), based_on=2)
    assert number == 3


def example(services: dict[str, UUID]) -> Trajectory:
    """The example, whole. A slug the directory lacks leaves its answer out."""
    nodes: list[Node] = []
    answers: list[Answer] = []
    for position, (key, title, english, summary, steps) in enumerate(MOMENTS, 1):
        nodes.append(Node(key, MOMENT, None, title, english, f"Exemple : {summary}", position))
        for place, step in enumerate(steps, 1):
            said = f"Exemple : {step.summary}"
            texts = (step.key, STEP, key, step.title, step.english, said)
            nodes.append(Node(*texts, place, step.needs, step.hours, step.conditions))
            answers += [
                Answer(step.key, services[slug], role, areas) for role, slug, areas in step.answers if slug in services
            ]
    edges = tuple(
        Edge(source, target, number, conditions) for number, (source, target, conditions) in enumerate(EDGES, 1)
    )
    return Trajectory(0, DRAFT, TITLE, None, tuple(nodes), edges, tuple(answers))


def without(content: Trajectory, gone: Collection[str | None]) -> Trajectory:
    """The same without these nodes, their steps and what hangs on them."""
    out = {one.key for one in content.nodes if one.key in gone or one.moment in gone}
    return replace(
        content,
        nodes=tuple(one for one in content.nodes if one.key not in out),
        edges=tuple(one for one in content.edges if one.source not in out and one.target not in out),
        answers=tuple(one for one in content.answers if one.node not in out),
    )


def _draft(session: Session, whole: Trajectory) -> Trajectory:
    """A step that nobody answers yet, and a service for younger people than its step's."""
    housing = Node(
        "logement", STEP, "projet", "Trouver un logement à soi", "Find a home of her own",
        "Exemple : bail, premier mois, voisinage.", 4, ("housing",),
    )  # fmt: skip
    young = service_ids(session, ["mdj-crabtree-milieu"])
    added = tuple(Answer("emploi", one, "information") for one in young.values())
    return replace(whole, nodes=(*whole.nodes, housing), answers=(*whole.answers, *added))


def install(
    session: Session,
    seeder: Seeder,
    content: Trajectory,
    state: str,
    at: datetime,
    *,
    based_on: int | None = None,
    ended: datetime | None = None,
) -> int:
    """Put a version in place as it would stand had people made it; its number."""
    viewer = seeder.viewer("orres-comite")
    decided = at if state in (PUBLISHED, RETIRED) else None
    row = VersionRow(
        id=new_id(),
        number=next_number(session),
        state=state,
        title=content.title,
        note="Exemple de démonstration",
        based_on=based_on,
        created_by=viewer.user_id,
        created_at=at,
        proposed_at=decided,
        adopted_at=decided,
        published_at=decided,
        retired_at=ended,
    )
    session.add(row)
    session.flush()
    shown = services_shown(session, viewer, {one.service_id for one in content.answers}, seeder.now)
    labels = {one.id: label(one.name, one.organisation) for one in shown.values()}
    write_content(session, row.id, emptied(content), content, labels)
    return row.number
