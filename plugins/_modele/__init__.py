"""« Babillard » : a committee's note board, and the model that `arrimage plugin new` copies."""
