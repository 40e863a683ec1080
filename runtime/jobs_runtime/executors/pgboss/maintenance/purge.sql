-- Deletes from the archive what has been there long enough. Index: archive_archivedon_idx.
WITH gone AS (
    DELETE FROM {schema}.archive
    WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM {schema}.archive
        WHERE archivedon < now() - %(archived)s::float8 * interval '1 second'
        ORDER BY archivedon
        LIMIT %(limit)s
    ))
    RETURNING 1
)
SELECT count(*) FROM gone
