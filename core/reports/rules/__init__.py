"""Pure rules of the reports: periods, what a fact keeps, figures, suppression of small counts."""
