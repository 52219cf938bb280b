"""The engine: sorted rows and a linear policy part in, the best open columns and a proven bound out."""
