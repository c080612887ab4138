"""How people and programs write numbers, dates, truth values, and nothing at all."""
