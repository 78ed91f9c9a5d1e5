"""Pure rules of committees: seats and votes, hours and how they are written."""
