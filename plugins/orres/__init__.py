"""ORRES: the regional trajectory as versioned data that prints, guides and drives references."""
