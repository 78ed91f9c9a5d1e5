"""Pure rules of referrals: standard library and consent's rules only, time is passed in.

`workflow` (state table), `visibility` (what each side may learn), `priority`, `clocks`, `routing`, `vocabulary` (codes).
"""
