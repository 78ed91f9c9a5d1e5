"""Pure rules of the trajectory: time and figures are passed in."""
