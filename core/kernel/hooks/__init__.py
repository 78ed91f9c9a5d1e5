"""The plugin host: specifications, contributions, loader and the typed manager nobody goes around."""
