-- Putting aside what a replacement began below. Role comanda_ingest, acting for the organisation.

-- name: supersede
select supersede_journal($1::uuid, $2, $3, $4, $5)
