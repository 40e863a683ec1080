"""A price list, and the imports that change it."""
