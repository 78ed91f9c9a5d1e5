"""Pure rules of referrals: standard library and consent's rules only, time is passed in.

`workflow` is the state table, `visibility` what each side may learn, `vocabulary` the closed codes; `priority`,
`clocks` and `routing` give their explanation with their answer.
"""
