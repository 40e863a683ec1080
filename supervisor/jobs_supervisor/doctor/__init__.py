"""`jobs-supervisor doctor`: facts are collected, and pure rules say what is wrong with them."""
