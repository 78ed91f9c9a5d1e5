"""Writing the search documents of services, for each tier that may find them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, insert, literal_column, select, text
from sqlalchemy.orm import Session

from core.directory.models import (
    EligibilityRule,
    Language,
    Organisation,
    SearchDocument,
    SearchState,
    SearchWord,
    Service,
    ServiceArea,
    ServiceTerm,
    TaxonomyTerm,
)
from core.directory.queries.addresses import address_is_confidential
from core.directory.rules.scope import area_token, audience_token, language_token, need_token, tier_token
from core.directory.rules.text import fold, stems, words
from core.directory.rules.words import AreaKind, Tier
from core.kernel.db import dialect_name, new_id

#: Words people use for an audience, beside its own name. They only help to find; admissibility is judged apart.
AUDIENCE_WORDS = {
    "women": "femme femmes woman women",
    "girls": "adolescente adolescentes fille filles ado mineure girl girls teen",
    "trans_women": "femme trans women",
    "men": "homme hommes man men",
    "boys": "garçon garçons adolescent boy boys",
    "children": "enfant enfants child children",
    "relatives": "proche proches entourage parent relative family",
    "workers": "intervenante intervenant partenaire worker",
    "everyone": "tout le monde everyone",
}


@dataclass
class _Words:
    title: list[str]
    terms: list[str]
    body: list[str]
    scope: list[str]


def reindex(session: Session, service_ids: frozenset[UUID] | None = None) -> int:
    """Rebuild the documents of these services (all when None); returns how many documents were written. Flushes."""
    session.flush()
    _forget(session, service_ids)
    documents = _documents(session, service_ids)
    sqlite = dialect_name(session) == "sqlite"
    vocabulary: dict[str, set[str]] = {}
    for service_id, tier, text_words in documents:
        raw = " ".join((*text_words.title, *text_words.terms, *text_words.body))
        vocabulary.setdefault(tier, set()).update(word[:60] for word in words(raw) if len(word) > 2)
        if sqlite:
            row = session.execute(
                insert(SearchDocument).values(service_id=service_id, tier=tier).returning(SearchDocument.id)
            )
            session.execute(
                text(
                    "INSERT INTO directory_search (rowid, title, terms, body, scope) "
                    "VALUES (:rowid, :title, :terms, :body, :scope)"
                ),
                {
                    "rowid": row.scalar_one(),
                    "title": _stemmed(text_words.title),
                    "terms": _stemmed(text_words.terms),
                    "body": _stemmed(text_words.body),
                    "scope": " ".join(text_words.scope),
                },
            )
        else:
            session.execute(
                insert(SearchDocument).values(service_id=service_id, tier=tier, document=_tsvector(text_words))
            )
    _remember(session, vocabulary, whole=service_ids is None)
    return len(documents)


def _stemmed(pieces: list[str]) -> str:
    return " ".join(stems(" ".join(pieces)))


def _tsvector(found: _Words) -> ColumnElement[Any]:
    def weighted(content: str, weight: str) -> ColumnElement[Any]:
        return func.setweight(func.to_tsvector("simple", content), literal_column(f"'{weight}'::\"char\""))

    return (
        weighted(_stemmed(found.title), "A")
        .op("||")(weighted(_stemmed(found.terms), "B"))
        .op("||")(weighted(_stemmed(found.body), "C"))
        .op("||")(weighted(" ".join(found.scope), "D"))
    )


def _forget(session: Session, service_ids: frozenset[UUID] | None) -> None:
    chosen = select(SearchDocument.id)
    if service_ids is not None:
        chosen = chosen.where(SearchDocument.service_id.in_(service_ids))
    if dialect_name(session) == "sqlite":
        numbers = session.scalars(chosen).all()
        if service_ids is None:
            session.execute(text("DELETE FROM directory_search"))
        for number in numbers if service_ids is not None else ():
            session.execute(text("DELETE FROM directory_search WHERE rowid = :number"), {"number": number})
    session.execute(delete(SearchDocument).where(SearchDocument.id.in_(chosen)))


def _remember(session: Session, vocabulary: dict[str, set[str]], *, whole: bool) -> None:
    """A partial indexing only adds words; the next whole one drops those nobody uses any more."""
    if whole:
        session.execute(delete(SearchWord))
    known = {(word.tier, word.word) for word in session.execute(select(SearchWord.tier, SearchWord.word))}
    fresh = [
        {"tier": tier, "word": word}
        for tier, found in sorted(vocabulary.items())
        for word in sorted(found)
        if (tier, word) not in known
    ]
    if fresh:
        session.execute(insert(SearchWord), fresh)
    session.execute(delete(SearchState))
    session.execute(insert(SearchState).values(id=1, version=new_id().hex))


def _documents(session: Session, service_ids: frozenset[UUID] | None) -> list[tuple[UUID, str, _Words]]:
    statement = (
        select(
            Service.id,
            Service.organisation_id,
            Service.name,
            Service.name_en,
            Service.summary,
            Service.summary_en,
            Service.visibility,
            Organisation.name.label("organisation"),
            Organisation.name_en.label("organisation_en"),
            Organisation.acronym,
            case((~address_is_confidential(Organisation.id), Organisation.city)).label("city"),
            Organisation.description,
            Organisation.visibility.label("organisation_visibility"),
            Organisation.region,
        )
        .join(Organisation, Organisation.id == Service.organisation_id)
        .where(Service.visibility != Tier.CONFIDENTIAL.value, Organisation.visibility != Tier.CONFIDENTIAL.value)
    )
    if service_ids is not None:
        statement = statement.where(Service.id.in_(service_ids))
    details = _Details(session)
    found: list[tuple[UUID, str, _Words]] = []
    for row in session.execute(statement):
        pieces = _Words(
            [row.name, row.name_en or "", row.organisation, row.organisation_en or "", row.acronym or ""],
            details.terms_of(row.id),
            [row.summary or "", row.summary_en or "", row.city or "", row.description or "", details.wider_of(row.id)],
            details.scope_of(row.id, row.organisation_id),
        )
        pieces.body.extend(AUDIENCE_WORDS[audience] for audience in details.audiences.get(row.id, ()))
        public = row.visibility == row.organisation_visibility == Tier.PUBLIC.value
        for tier in (Tier.PUBLIC, Tier.PARTNERS) if public else (Tier.PARTNERS,):
            scope = [*pieces.scope, tier_token(tier)]
            found.append((row.id, tier.value, _Words(pieces.title, pieces.terms, pieces.body, scope)))
    return found


class _Details:
    """Terms, areas, audiences and languages of every service, read once in six statements."""

    def __init__(self, session: Session) -> None:
        self.terms = {term.code: term for term in session.scalars(select(TaxonomyTerm))}
        self.service_terms = _grouped(session, select(ServiceTerm.service_id, ServiceTerm.term_code))
        self.audiences = _grouped(session, select(EligibilityRule.service_id, EligibilityRule.audience))
        columns = (ServiceArea.organisation_id, ServiceArea.service_id, ServiceArea.kind, ServiceArea.code)
        self.areas: dict[tuple[UUID, UUID | None], list[tuple[str, str]]] = {}
        for organisation_id, service_id, kind, code in session.execute(select(*columns)):
            self.areas.setdefault((organisation_id, service_id), []).append((kind, code))
        self.languages: dict[tuple[UUID, UUID | None], list[str]] = {}
        languages = select(Language.organisation_id, Language.service_id, Language.code)
        for organisation_id, service_id, code in session.execute(languages):
            self.languages.setdefault((organisation_id, service_id), []).append(code)

    def terms_of(self, service_id: UUID) -> list[str]:
        return [self._words(code) for code in self.service_terms.get(service_id, ())]

    def wider_of(self, service_id: UUID) -> str:
        """The names of parent terms: a wide word finds, after the precise ones."""
        parents = {self.terms[code].parent_code for code in self.service_terms.get(service_id, ())}
        return " ".join(f"{self.terms[p].name} {self.terms[p].name_en}" for p in sorted(filter(None, parents)))

    def scope_of(self, service_id: UUID, organisation_id: UUID) -> list[str]:
        codes = self.service_terms.get(service_id, [])
        parents = {self.terms[code].parent_code for code in codes}
        areas = self.areas.get((organisation_id, service_id)) or self.areas.get((organisation_id, None)) or []
        languages = self.languages.get((organisation_id, service_id)) or self.languages.get((organisation_id, None))
        return [
            *(need_token(code) for code in sorted({*codes, *filter(None, parents)})),
            *(area_token(AreaKind(kind), code) for kind, code in areas),
            *(() if areas else (area_token(None, ""),)),
            *(audience_token(audience) for audience in sorted(set(self.audiences.get(service_id, ()) or ("unknown",)))),
            *(language_token(code) for code in languages or ("unknown",)),
        ]

    def _words(self, code: str) -> str:
        term = self.terms[code]
        return " ".join((term.name, term.name_en, fold(term.synonyms), fold(term.synonyms_en)))


def _grouped(session: Session, statement: Select[UUID, str]) -> dict[UUID, list[str]]:
    grouped: dict[UUID, list[str]] = {}
    for owner, value in session.execute(statement):
        grouped.setdefault(owner, []).append(value)
    return grouped
