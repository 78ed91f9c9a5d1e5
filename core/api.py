"""The only module of Arrimage that a plugin may import. What is here is kept stable; what isn't may change any day.

- Hooks and contributions: `hookimpl`, `Manifest`, `Card`, … (docs/hooks.md).
- Database: `Base` and the column classes; a plugin's tables are named `<plugin>_…`, and every column says whether it is
  `public()`, `internal()` or `sealed()` (personal, always ciphertext). Nobody commits.
- Access: `Viewer`, `Role`, `can(viewer, action, facts)` for one thing, `visible(viewer, action)` for a list.
- Web: `get()`, `post()`, the values a handler returns, and forms.
- Events, jobs, e-mail, time, words.
- Committees: `committee_by_slug`, `seats_of`, `is_member`; votes: `open_vote`, `cast_ballot`, `recuse`, `close_vote`,
  `vote_view`, then subscribe to `VOTE_CLOSED`, whose reference is the vote's code (docs/committees.md).
- A person's consent to a plugin's own purpose, by a referral's code: `purpose_wording`, `grant_for_referral`, then
  `consent_stands` at every step, and a subscriber of `REFERRAL_WITHDRAWN` with `mark_of_referral`.
- References begun elsewhere: `open_prefilled` with one `Prefill`, or several (twins): drafts to fill with her, each
  with a recipient and an agreement of its own.
- What a plugin follows beside a referral, by its code: `hold_alongside` (in whose hands, whose consent to the plugin's
  purpose shows what to whom), `tell_alongside`, `note_alongside`, `end_purpose`, and `case_is_over` for a subscriber of
  `REFERRAL_CLOSED` and `REFERRAL_WITHDRAWN`.
- Files, cleaned then encrypted: `clean_file` (in a `Compute`), `store_file`, `read_file`, `shred_file`; tables:
  `write_csv`, `write_xlsx`, where nothing is a formula; `bar_chart`, to stand beside a table that says the same.
- Short texts of a plugin's `sealed()` columns: `seal_text`, `open_text` (a rotation of the master key takes them over).
- Free texts that may name nobody: `check_texts` with `looks_like_a_person`, or `singles_out` where an exact day, age or
  place would tell too; `NamesSomebody` goes back to the form, `macros/guard.html` shows what was found.
- Sheets of the directory: `directory_sheets`; what an organisation does to its own, `change_own`, `confirm_exact`,
  `take_back_confirmation`; to another’s, `propose_edit` (`EDIT_DECIDED` tells that it was answered, `edit_states` how);
  all by a `DirectoryTarget`.
- Hours given to committees: `enter_hours(session, viewer, HoursGiven(…), key=…)`, the same key once; each organisation
  approves its own. Charts: `shares`. Attempts counted: `too_many` with `Window`s. Printed figures: `printed_rows`.
- Journal: `record()` in the same transaction as what it says; codes only, after `lock_case()` when it is about a case;
  `lock_chains()` before the first line of an act that writes in several chains; `record_each()` for one act that
  several organisations see.
"""

from __future__ import annotations

from core.offers import access, accounts, base, committees, consent, directory, hooks, journal, referrals, reports, web
from core.offers.access import *
from core.offers.accounts import *
from core.offers.base import *
from core.offers.committees import *
from core.offers.consent import *
from core.offers.directory import *
from core.offers.hooks import *
from core.offers.journal import *
from core.offers.referrals import *
from core.offers.reports import *
from core.offers.web import *

__all__: list[str] = []
__all__ += access.__all__
__all__ += accounts.__all__
__all__ += base.__all__
__all__ += committees.__all__
__all__ += consent.__all__
__all__ += directory.__all__
__all__ += hooks.__all__
__all__ += journal.__all__
__all__ += referrals.__all__
__all__ += reports.__all__
__all__ += web.__all__
