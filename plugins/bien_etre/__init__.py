"""« Bien-être » : the emergency fund. A request decided in hours, without knowing who she is."""
