"""« Babillard » : a committee's notice board."""
