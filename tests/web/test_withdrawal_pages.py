"""*Elle retire son accord*: any partner with her, one button, the same answer whatever the code."""

from __future__ import annotations

from core.referrals.codes import new_code
from core.referrals.pages import routes
from tests.support.held import NAME, OFFICER, POLICE, RECEIVER, THIRD, hold, journaled, row, send

DONE = "/references/retrait/fait"


def test_the_fixed_addresses_come_before_the_codes():
    paths = [route.path for route in routes if route.method == "GET"]
    for fixed in ("/references/retrait", "/references/nouvelle", "/references/retrait/fait"):
        assert paths.index(fixed) < paths.index("/references/{code}")


def test_a_partner_who_is_party_to_nothing_withdraws_with_her(visitor, network):
    code = hold(network)
    page = visitor.become(THIRD).get("/references/retrait")
    assert page.status_code == 200
    assert 'name="reason"' not in page.text
    answer = visitor.post("/references/retrait", {"code": code.lower().replace("-", " ")})
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    assert row(network, code).state == "withdrawn"
    assert "referral.withdraw" in journaled(network, code)
    done = visitor.get(DONE)
    assert "C’est fait." in done.text
    assert code not in done.text
    gone = visitor.become(RECEIVER).get(f"/references/{code}")
    assert gone.status_code == 404
    assert NAME not in gone.text


def test_the_answer_is_the_same_for_a_code_that_does_not_exist(visitor, network):
    real, invented = send(network), new_code()
    visitor.become(THIRD)
    answers = [visitor.post("/references/retrait", {"code": code}) for code in (real, invented)]
    again = visitor.post("/references/retrait", {"code": real})
    seen = [(one.status_code, one.headers["location"], one.text) for one in (*answers, again)]
    assert seen[0] == seen[1] == seen[2]
    shown = [visitor.get(f"/references/{code}/retrait").text.replace(code, "…") for code in (real, invented)]
    mask = [text.split("<main")[1].split("</main>")[0].split('name="_csrf"')[0] for text in shown]
    assert mask[0] == mask[1]


def test_a_misread_code_is_told_without_looking_it_up(visitor, network):
    code = send(network)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    answer = visitor.become(THIRD).post("/references/retrait", {"code": wrong})
    assert answer.status_code == 422
    assert "mal lu" in answer.text
    assert wrong in answer.text
    assert row(network, code).state == "submitted"
    assert visitor.post("/references/retrait", {}).status_code == 422


def test_nothing_else_in_the_form_can_block_it(visitor, network):
    code = hold(network)
    answer = visitor.become(POLICE).post("/references/retrait", {"code": code, "raison": "x" * 9000, "version": "0"})
    assert answer.status_code == 303
    assert row(network, code).state == "withdrawn"


def test_trying_codes_is_slowed_and_the_form_kept(visitor, network):
    visitor.become(THIRD)
    answers = [visitor.post("/references/retrait", {"code": new_code()}).status_code for _ in range(20)]
    assert set(answers) == {303}
    code = send(network)
    answer = visitor.post("/references/retrait", {"code": code})
    assert answer.status_code == 429
    assert code in answer.text
    assert row(network, code).state == "submitted"
    # Another person, behind the same address, is not kept from doing it.
    assert visitor.become(RECEIVER).post("/references/retrait", {"code": code}).status_code == 303
    assert row(network, code).state == "withdrawn"


def test_only_front_line_staff_have_the_page(visitor, network):
    code = send(network)
    for persona in (OFFICER, "coordination-cresl", "operateur", "bien-etre-1"):
        visitor.become(persona)
        assert visitor.get("/references/retrait").status_code == 403, persona
        assert visitor.post("/references/retrait", {"code": code}).status_code == 403, persona
        assert row(network, code).state == "submitted", persona
