"""What training tells: a kind and a code, nothing else."""

from __future__ import annotations

#: The reference is a session's code.
SESSION_CHANGED = "ficesl.session_changed"
LIST_CHANGED = "ficesl.registrations_changed"
PROMOTED = "ficesl.seat_given"
REMINDED = "ficesl.session_reminder"
#: The reference is a course's code.
COURSE_CHANGED = "ficesl.course_changed"
#: The reference is the list's identifier.
PEOPLE_LIST = "ficesl.people_list"
#: The reference is a series' code.
SERIES_CHANGED = "ficesl.series_changed"
