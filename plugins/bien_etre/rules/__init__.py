"""Pure rules of the fund: the standard library only; time and figures are passed in."""
