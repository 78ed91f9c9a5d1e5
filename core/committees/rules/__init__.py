"""Pure rules of committees: terms of seats, who takes part in a vote, what ballots decide, deadlines."""
