"""Jobs kept in the tables of a Node pg-boss, shared with its own workers."""
