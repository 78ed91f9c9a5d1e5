"""Pure rules of training: time and figures are passed in."""
