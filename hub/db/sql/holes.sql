-- Filling holes. Role comanda_ingest, acting for the organisation.

-- No lane owner appends meanwhile.
-- name: lock_watermark
select sequence from watermarks where org_id = $1::uuid and site_id = $2::uuid for update

-- name: open
select first_sequence from holes
where org_id = $1::uuid and site_id = $2::uuid and first_sequence = $3 and last_sequence = $4 and filled_at is null

-- Once the site is sure to be projected anew.
-- name: close
update holes set filled_at = now()
where org_id = $1::uuid and site_id = $2::uuid and first_sequence = $3 and last_sequence = $4 and filled_at is null

-- What came late all the same.
-- name: held
select sequence from journal where org_id = $1::uuid and site_id = $2::uuid and sequence between $3 and $4

-- name: fill
insert into journal (org_id, site_id, sequence, received_on, epoch, hash, entry)
select $1::uuid, $2::uuid, sequence, (now() at time zone 'UTC')::date, epoch, hash, entry
from unnest($3::bigint[], $4::integer[], $5::bytea[], $6::bytea[]) as new (sequence, epoch, hash, entry)
