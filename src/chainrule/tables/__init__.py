"""How tables come in: frames and files, kinds of columns, and their encoding as numbers."""
