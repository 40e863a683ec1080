"""What is done to the tables of a Node pg-boss from the command line."""
