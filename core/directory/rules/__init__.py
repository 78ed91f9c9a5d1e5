"""Pure rules of the directory: standard library only, time passed in."""
