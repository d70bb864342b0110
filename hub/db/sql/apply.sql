-- Statements of the apply step: raw entries and watermarks of a shard. Role comanda_ingest.

-- name: incarnation
select shard_incarnation()

-- The organisations that live here under the epoch that the writer knows; locked for share, so that none moves away before the commit.
-- name: lock_placements
select p.org_id::text
from placements p join unnest($1::uuid[], $2::bigint[]) as known (org_id, epoch) on known.org_id = p.org_id and known.epoch = p.epoch
order by p.org_id
for share of p

-- In key order, so that two owners of a lane queue up and never wait for one another in a circle.
-- name: lock_watermarks
select w.org_id::text, w.site_id::text, w.epoch, w.sequence, w.hash
from watermarks w join unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id) on wanted.org_id = w.org_id and wanted.site_id = w.site_id
order by w.org_id, w.site_id
for update of w

-- A site that is heard of for the first time begins before its first entry.
-- name: begin_watermarks
insert into watermarks (org_id, site_id, epoch, sequence, hash)
select org_id, site_id, 0, 0, decode(repeat('00', 32), 'hex') from unnest($1::uuid[], $2::uuid[]) as new (org_id, site_id)
order by org_id, site_id
on conflict do nothing

-- The hash held at one sequence. Acts for the organisation.
-- name: stored_hash
select hash from journal where org_id = $1::uuid and site_id = $2::uuid and sequence = $3

-- Rows of one organisation. Acts for it.
-- name: append
insert into journal (org_id, site_id, sequence, received_on, epoch, hash, entry)
select $1::uuid, site_id, sequence, (now() at time zone 'UTC')::date, epoch, hash, entry
from unnest($2::uuid[], $3::bigint[], $4::integer[], $5::bytea[], $6::bytea[]) as new (site_id, sequence, epoch, hash, entry)

-- name: advance
update watermarks w
set epoch = new.epoch, sequence = new.sequence, hash = new.hash, received_at = now()
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::bytea[]) as new (org_id, site_id, epoch, sequence, hash)
where w.org_id = new.org_id and w.site_id = new.site_id

-- Projectors of this shard look for work when they hear it, after the commit.
-- name: notify
select pg_notify('journal', '')

-- A frame that contradicts the journal is kept once, however often it is sent. Acts for the organisation.
-- name: keep_fork
insert into forks (org_id, site_id, first_sequence, after_hash, last_sequence, epoch, kind, frame)
values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8)
on conflict do nothing

-- name: contacts
insert into contacts (org_id, site_id, box_epoch, head_epoch, head_sequence, figures)
select org_id, site_id, box_epoch, head_epoch, head_sequence, figures
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::bigint[], $6::bytea[])
     as new (org_id, site_id, box_epoch, head_epoch, head_sequence, figures)
order by org_id, site_id
on conflict (org_id, site_id) do update
set contact_at = now(), box_epoch = excluded.box_epoch, head_epoch = excluded.head_epoch, head_sequence = excluded.head_sequence,
    figures = excluded.figures

-- name: watermarks
select w.org_id::text, w.site_id::text, w.epoch, w.sequence, w.hash
from watermarks w join unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id) on wanted.org_id = w.org_id and wanted.site_id = w.site_id
