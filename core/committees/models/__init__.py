"""Tables of committees."""
