"""*Connexion par notre fournisseur d'identité*: the organisation's own settings, and a check of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts.forms.provider import ProviderForm
from core.accounts.pages.provider_words import REMEDIES
from core.accounts.queries.providers import ProviderView, backchannel_uri, provider_of, redirect_uri
from core.accounts.rules.providers import JOINING_ROLES, listed
from core.accounts.services.providers import ProviderSettings, SettingRefused, note_verified, set_provider
from core.directory.queries import organisation
from core.kernel.i18n import N_
from core.kernel.oidc import PROVIDERS, Client, Provider, Refused
from core.kernel.oidc.code_flow import SCOPE
from core.kernel.oidc.tokens import ALGORITHMS
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Assurance, Compute, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = "/organisation/connexion"
SAVED = N_("Réglage enregistré. Vérifiez-le, puis connectez-vous dans un autre navigateur avant de fermer celui-ci.")


@dataclass(frozen=True)
class Check:
    """One line of a verification. `kind`: done, wait (to look at) or urgent (does not work)."""

    label: str
    kind: str
    detail: str = ""


def show_settings(session: Session, request: PageRequest) -> Answer:
    """The organisation's provider as it is set, or a blank form."""
    provider = _own(session, request)
    return _page(session, request, provider, filled(_typed(provider)) if provider else None)


def save_settings(session: Session, request: PageRequest) -> Answer:
    """Write the settings, journaled; what was typed is kept on a refusal, but the secret."""
    parsed = parse(ProviderForm, request.form)
    provider = _own(session, request)
    if parsed.value is None:
        return _page(session, request, provider, parsed, 422)
    typed = parsed.value
    settings = ProviderSettings(
        issuer=typed.issuer,
        client_id=typed.client_id,
        secret=typed.client_secret or None,
        auth_method=typed.auth_method,
        subject_claim=typed.subject_claim,
        email_claim=typed.email_claim,
        verified_claim=typed.verified_claim,
        name_claim=typed.name_claim,
        required_acr=listed(typed.required_acr),
        required_amr=listed(typed.required_amr),
        allowed_domains=tuple(one.casefold().removeprefix("@") for one in listed(typed.allowed_domains)),
        joining_roles=tuple(typed.joining_roles),
        enabled=typed.enabled,
    )
    viewer, house = request.viewer, request.house
    loopback = house.settings.mode != "production"
    try:
        with session.begin_nested():
            set_provider(
                session, house.keyring, viewer, viewer.organisation_id, settings, request.now, loopback=loopback
            )
    except SettingRefused as refused:
        shown = _page(session, request, provider, parsed.with_error(refused.field, refused.message), 422)
        raise refused.showing(shown) from None
    return Redirect(PATH, notice=SAVED)


def verify_settings(session: Session, request: PageRequest) -> Answer:
    """Ask the provider for its document and its keys, and say what would work and what would not."""
    provider = _own(session, request)
    if provider is None:
        return not_found()
    settings = request.house.settings
    client = provider.client(settings.public_url, loopback=settings.mode != "production")

    def ask() -> tuple[Check, ...]:
        return verified(client, provider)

    def then(later: Session, checks: Any) -> Page:
        if all(check.kind != "urgent" for check in checks):
            note_verified(later, provider.id, request.now)
        return _page(later, request, _own(later, request), filled(_typed(provider)), checks=checks)

    return Compute(ask, then)


def verified(client: Client, provider: ProviderView) -> tuple[Check, ...]:
    """What the provider publishes, against what is set. Speaks to the network."""
    try:
        found = PROVIDERS.provider(client.issuer, client.reach, afresh=True)
    except Refused as refused:
        return (Check(N_("Document du fournisseur"), "urgent", REMEDIES.get(refused.reason, refused.reason)),)
    checks = [Check(N_("Document du fournisseur"), "done")]
    try:
        PROVIDERS.keys(client.issuer, client.reach, afresh=True)
        checks.append(Check(N_("Clés de signature"), "done"))
    except Refused as refused:
        checks.append(Check(N_("Clés de signature"), "urgent", REMEDIES.get(refused.reason, refused.reason)))
    return (*checks, *_published(found, provider))


def _published(found: Provider, provider: ProviderView) -> tuple[Check, ...]:
    """Where the provider's document says nothing, nothing is held against it but what is worth looking at."""

    def among(label: str, wanted: set[str], given: tuple[str, ...], problem: str) -> Check:
        return Check(label, "done") if not given or wanted & set(given) else Check(label, "urgent", problem)

    checks = [
        among(
            N_("Algorithme de signature"),
            set(ALGORITHMS),
            found.algorithms,
            N_("Le jeton n’est pas signé avec RS, PS ou ES : choisissez un de ces algorithmes."),
        ),
        among(
            N_("Façon de nous reconnaître"),
            {provider.auth_method},
            found.auth_methods,
            N_("Le fournisseur n’offre pas cette façon d’envoyer le secret : choisissez l’autre."),
        ),
        among(
            N_("PKCE"),
            {"S256"},
            found.challenge_methods,
            N_("Le fournisseur n’annonce pas S256 : la connexion pourrait ne pas aboutir."),
        ),
    ]
    if not provider.proves_second_factor:
        checks.append(
            Check(
                N_("Seconde preuve"),
                "wait",
                N_("Aucune valeur exigée : Arrimage demandera lui-même une seconde preuve à chaque personne."),
            )
        )
    elif provider.required_acr:
        checks.append(
            among(
                N_("Seconde preuve"),
                set(provider.required_acr),
                found.acr_values,
                N_("Le fournisseur n’annonce aucune des valeurs « acr » que vous exigez."),
            )
        )
    if not found.backchannel_logout:
        checks.append(
            Check(
                N_("Fermeture à distance"),
                "wait",
                N_("Le fournisseur ne l’annonce pas : fermer un compte chez vous ne fermera pas la session ici."),
            )
        )
    return tuple(checks)


def _own(session: Session, request: PageRequest) -> ProviderView | None:
    return provider_of(session, request.house.keyring, request.viewer.organisation_id)


def _typed(provider: ProviderView) -> dict[str, Any]:
    """The settings as the form holds them; never the secret."""
    return {
        "enabled": "true" if provider.enabled else None,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "auth_method": provider.auth_method,
        "allowed_domains": "\n".join(provider.allowed_domains),
        "joining_roles": provider.joining_roles,
        "required_acr": "\n".join(provider.required_acr),
        "required_amr": "\n".join(provider.required_amr),
        "subject_claim": provider.subject_claim,
        "email_claim": provider.email_claim,
        "verified_claim": provider.verified_claim,
        "name_claim": provider.name_claim,
    }


def _page(
    session: Session,
    request: PageRequest,
    provider: ProviderView | None,
    form: Parsed[Any] | None,
    status: int = 200,
    checks: tuple[Check, ...] = (),
) -> Page:
    own = organisation(session, request.viewer.organisation_id)
    public_url = request.house.settings.public_url
    context = {
        "provider": provider,
        "form": form,
        "checks": checks,
        "roles": JOINING_ROLES,
        "redirect_uri": redirect_uri(public_url, own.slug) if own else "",
        "backchannel_uri": backchannel_uri(public_url),
        "scope": SCOPE,
        "remedy": REMEDIES.get(provider.last_refusal or "", "") if provider else "",
    }
    return Page("accounts/provider_settings.html", context, status)


_MANAGE = Permission.ORGANISATION_MANAGE
routes: tuple[Route, ...] = (
    get(PATH, show_settings, permission=_MANAGE, name="accounts.provider_settings", assurance=Assurance.STEP_UP),
    post(PATH, save_settings, permission=_MANAGE, name="accounts.provider_settings_save", assurance=Assurance.STEP_UP),
    post(
        f"{PATH}/verifier",
        verify_settings,
        permission=_MANAGE,
        name="accounts.provider_settings_verify",
        assurance=Assurance.STEP_UP,
    ),
)
