"""Reports in words, for whoever has to decide by them: one content for the terminal, the page and the print-out."""
