"""jobs-runtime, as its peers are: a description and an application."""
