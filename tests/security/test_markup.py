"""What people type is never markup: sixty payloads through the story's text fields, on every page that shows them."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from core.consent.rules import Attestation
from core.testing.network import Visitor
from tests.support.held import ADMIN, OFFICER, POLICE, RECEIVER, THIRD
from tests.support.markup import PAYLOADS, packed, read

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
AT_ONCE = 10


class Story:
    """The story with payloads for words. Every answer is read; `shown` gathers what the pages held as text."""

    def __init__(self, visitor: Visitor, payloads: tuple[str, ...], short: str) -> None:
        self.visitor, self.payloads, self.short = visitor, payloads, short
        self.key = str(uuid4())
        self.shown = ""
        self.pages = 0
        self.code = ""

    def long(self, longest: int, turn: int = 0) -> str:
        turned = (*self.payloads[turn:], *self.payloads[:turn])
        return packed(turned, longest)

    def read(self, answer: Any) -> Any:
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = read(answer.text)
            assert page.wrong == [], (str(answer.url), page.wrong)
            self.shown += page.text
            self.pages += 1
        return answer

    def get(self, path: str, **options: Any) -> Any:
        return self.read(self.visitor.get(path, **options))

    def post(self, path: str, data: dict[str, Any], *status: int) -> Any:
        answer = self.read(self.visitor.post(path, data))
        assert answer.status_code in (status or (303,)), (path, answer.status_code, answer.text[:3000])
        return answer

    def held(self, *texts: str) -> None:
        """What was typed is on a page, letter for letter, and as text."""
        plain = " ".join(self.shown.split())
        for text in texts:
            assert " ".join(text.split()) in plain, text

    def send(self) -> None:
        draft = f"/references/brouillons/{self.key}"
        note, judicial, someone = self.long(1000), self.long(500, 3), self.long(300, 6)
        situation = {"municipality": "Repentigny", "age_band": "18_24", "needs": ["legal"], "note": note}
        self.visitor.become(POLICE)
        self.post(f"{draft}/situation", {**situation, "municipality": self.long(80)}, 422)
        self.post(f"{draft}/situation", {**situation, "judicial": judicial})
        self.get(f"{draft}/situation")
        page = self.get(f"{draft}/contact").text
        told = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("shown", "wording")}
        contact = {
            **{name: found.group(1) for name, found in told.items() if found},
            "first_name": self.short,
            "phone": "450 555-0143",
            "times": ["evening"],
            "if_someone_else": someone,
            "blocks": ["contact", "safety", "identity", "situation", "judicial"],
            "attestation": [item.value for item in Attestation],
            "word": self.short + "abcd",
        }
        self.post(f"{draft}/contact", {**contact, "phone": self.short, "trusted": self.long(200)}, 422)
        self.post(f"{draft}/contact", contact)
        seen = re.search(r'name="seen" value="(\d+)"', self.get(f"{draft}/verifier").text)
        assert seen
        self.held(note, judicial, someone, self.short)
        sent = self.post(f"{draft}/envoyer", {"seen": seen.group(1)})
        self.code = sent.headers["location"].split("/")[2]
        self.get(sent.headers["location"])
        self.held(self.short + "abcd")

    def ask_and_answer(self) -> None:
        page = f"/references/{self.code}"
        question, answer = self.long(4000, 1), self.long(4000, 2)
        self.visitor.become(RECEIVER)
        self.post(f"{page}/question", {"question": self.short, "text": question}, 422)
        self.post(f"{page}/question", {"question": "other", "text": question})
        self.get(page)
        self.visitor.become(POLICE)
        self.shown = ""
        self.get(page)
        self.held(question)
        self.post(f"{page}/reponse", {"text": answer})
        self.visitor.become(RECEIVER)
        self.shown = ""
        self.get(page)
        self.held(answer)

    def accept_and_amend(self) -> None:
        page = f"/references/{self.code}"
        self.post(f"{page}/accepter", {})
        self.shown = ""
        self.get(page)
        self.get(page, headers={"X-Fragment": "1"})
        self.held(self.long(1000), self.long(500, 3), self.long(300, 6), self.short)
        self.read(self.visitor.post(f"{page}/copier", {}))
        amended = self.long(1000, 4)
        self.post(f"{page}/modifier/situation", {"reason": self.short, "note": amended}, 422)
        self.post(f"{page}/modifier/situation", {"reason": "correction", "note": amended})
        self.post(f"{page}/modifier/prenom", {"reason": "correction", "first_name": "a" + self.short[:39]})
        for path in ("", "/modifier", "/modifier/situation", "/modifier/prenom", "/consentement", "/transferer"):
            self.get(page + path)
        self.held(amended)
        self.get("/demandes")

    def herself(self) -> None:
        self.visitor.become(None)
        trusted = self.long(200, 5)
        mine = {"code": self.code, "word": self.short + "abcd"}
        self.post("/suivre", {"code": self.short, "word": self.long(80)}, 422)
        self.post("/suivre", mine, 200)
        self.post("/suivre/contact", {**mine, "way": "phone", "phone": self.short}, 422)
        self.post("/suivre/contact", {**mine, "way": "trusted_person", "trusted": trusted}, 200)
        self.visitor.become(RECEIVER)
        self.shown = ""
        self.get(f"/references/{self.code}")
        self.held(trusted)
        self.visitor.become(OFFICER)
        self.get(f"/references/{self.code}/journal")
        self.get("/journal")

    def directory(self) -> None:
        home = "/annuaire/organismes/calacs-la-chrysalide"
        said = self.long(1000)
        self.visitor.become(THIRD)
        self.post(f"{home}/proposer", {"field": self.short, "value": said}, 422)
        self.post(f"{home}/proposer", {"field": "website", "value": self.short}, 422)
        self.post(f"{home}/proposer", {"field": "description", "value": said})
        self.visitor.become(ADMIN)
        self.shown = ""
        proposal = re.search(r'action="(/organisation/propositions/[^"]+)"', self.get("/organisation").text)
        assert proposal
        self.held(said)
        self.post(proposal.group(1), {"decision": "accept"})
        own = self.long(120, 2)
        self.post("/organisation/champs/territory", {"field": "territory", "value": own})
        self.post("/organisation/champs/city", {"field": "city", "value": own}, 303, 422)
        self.post("/organisation/champs/hours", {"field": "hours", "value": self.long(400)}, 404, 422)
        self.post(
            "/organisation/champs/website", {"field": "website", "value": f"https://x.invalid/{self.short}"}, 303, 422
        )
        self.visitor.become(None)
        self.shown = ""
        self.get(home)
        self.held(said, own)
        self.get("/annuaire", params={"q": "Chrysalide"})

    def echoes(self) -> None:
        """Pages that show again what an address or a refused form held."""
        self.visitor.become(None)
        for payload in (self.short, self.long(200)):
            self.get("/annuaire", params={"q": payload, "lieu": payload, "besoin": payload, "page": payload})
        self.get("/" + self.short.replace("/", "%2F"))
        self.post("/connexion", {"email": self.long(254), "password": self.short}, 422, 429)
        self.visitor.become(THIRD)
        self.post("/references/retrait", {"code": self.short[:20]}, 422, 429)
        self.visitor.become(RECEIVER)
        refused = {"channel": self.short, "partner": self.long(120), "note": self.long(1000), "first_name": self.short}
        self.post("/demandes/saisir", {"_key": str(uuid4()), "municipality": self.long(80), **refused}, 422)

    def tell(self) -> None:
        self.send()
        self.ask_and_answer()
        self.accept_and_amend()
        self.herself()
        self.directory()
        self.echoes()


@ONE_ENGINE
@pytest.mark.parametrize("turn", range(len(PAYLOADS) // AT_ONCE))
def test_what_is_typed_is_shown_as_typed_and_never_becomes_markup(visitor: Visitor, turn: int) -> None:
    payloads = PAYLOADS[turn * AT_ONCE : (turn + 1) * AT_ONCE]
    short = min((one for one in payloads if len(one) <= 34), key=len)
    story = Story(visitor, payloads, short)
    story.tell()
    assert story.pages >= 40


def test_the_reader_sees_each_of_them() -> None:
    """The control: written raw, where text stands and inside an attribute, each payload that can work is noticed."""
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 60
    pages = ("<p>{}</p>", '<input value="{}">', "<input value='{}'>", "<a href={}>x</a>", "<textarea>{}</textarea>")
    harmless = {one for one in PAYLOADS if one.startswith(("&", "%3C", "\\u", "{{", "${", "<scr<"))}
    for payload in PAYLOADS:
        if payload not in harmless:
            assert any(read(page.format(payload)).wrong for page in pages), payload
    assert read("<p>50337</p>").wrong
    assert not read(
        '<p class="x">Bonjour <a href="/annuaire">ici</a></p><script src="/static/js/main.js"></script>'
    ).wrong
