-- Read models from raw entries. Role comanda_project: positions of all, contents only of the organisation it acts for.

-- Sites whose journal is ahead of their read models, or whose read models are of an older format ($2 is ours), the longest
-- untouched first. Those of a newer one are left to the release that made them.
-- name: sites_with_work
select w.org_id::text, w.site_id::text
from watermarks w left join cursors c on c.org_id = w.org_id and c.site_id = w.site_id
where (c.sequence is null and w.sequence > 0) or (c.format <= $2 and (w.sequence > c.sequence or c.format < $2))
order by c.projected_at nulls first, w.org_id, w.site_id
limit $1

-- What the transaction writes: cursors of a newer format cannot be locked by it (policy `format_is_ours`).
-- name: write_format
select set_config('app.format', $1, true)

-- name: begin_cursor
insert into cursors (org_id, site_id, projected_at, format) values ($1::uuid, $2::uuid, '-infinity', $3) on conflict do nothing

-- Held until the commit; a projector that finds it held goes to another site.
-- name: lock_cursor
select c.sequence, c.format
from cursors c
where c.org_id = $1::uuid and c.site_id = $2::uuid
for update skip locked

-- No tenant is projected where it does not live, and none moves away in the middle.
-- name: lock_placement
select epoch from placements where org_id = $1::uuid for share

-- Each with what a person has put in its place. The page is cut first: else a planner might join a whole backlog to read a page of it.
-- name: entries
select j.sequence, j.epoch, j.entry, c.entry as correction, c.sequence is not null and c.entry is null as is_left_out
from (
    select sequence, epoch, entry
    from journal
    where org_id = $1::uuid and site_id = $2::uuid and sequence > $3
    order by sequence
    limit $4
) as j left join corrections c on c.org_id = $1::uuid and c.site_id = $2::uuid and c.sequence = j.sequence
order by j.sequence

-- name: entries_at
select j.sequence, j.epoch, j.entry, c.entry as correction, c.sequence is not null and c.entry is null as is_left_out
from journal j left join corrections c on c.org_id = j.org_id and c.site_id = j.site_id and c.sequence = j.sequence
where j.org_id = $1::uuid and j.site_id = $2::uuid and j.sequence = any($3::bigint[])
order by j.sequence

-- `offset 0` keeps the planner from joining the two: it would read the whole of a site to find a few (measured).
-- name: aggregates
select found.kind, found.id, found.state::text as state
from unnest($3::text[], $4::text[]) as wanted (kind, id),
     lateral (
         select a.kind, a.id, a.state
         from aggregates a
         where a.org_id = $1::uuid and a.site_id = $2::uuid and a.kind = wanted.kind and a.id = wanted.id
         offset 0
     ) as found

-- name: quarantined
select distinct q.kind, q.id
from quarantine q join unnest($3::text[], $4::text[]) as wanted (kind, id) on wanted.kind = q.kind and wanted.id = q.id
where q.org_id = $1::uuid and q.site_id = $2::uuid

-- name: put_aggregates
insert into aggregates (org_id, site_id, kind, id, state)
select $1::uuid, $2::uuid, kind, id, state::jsonb from unnest($3::text[], $4::text[], $5::text[]) as new (kind, id, state)
on conflict (org_id, site_id, kind, id) do update set state = excluded.state

-- name: hold
insert into quarantine (org_id, site_id, sequence, kind, id, code, detail)
select $1::uuid, $2::uuid, sequence, kind, id, code, detail
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) as new (sequence, kind, id, code, detail)
on conflict do nothing

-- name: advance_cursor
update cursors set sequence = $3, unknown_events = unknown_events + $4, projected_at = now()
where org_id = $1::uuid and site_id = $2::uuid

-- name: format
select format from cursors where org_id = $1::uuid and site_id = $2::uuid

-- Everything that is projected of a site; the projectors begin anew. Waits for one that is at it.
-- name: lock_cursor_waiting
select sequence from cursors where org_id = $1::uuid and site_id = $2::uuid for update

-- name: forget_aggregates
delete from aggregates where org_id = $1::uuid and site_id = $2::uuid

-- name: forget_quarantine
delete from quarantine where org_id = $1::uuid and site_id = $2::uuid

-- name: reset_cursor
update cursors set sequence = 0, unknown_events = 0, format = $3 where org_id = $1::uuid and site_id = $2::uuid

-- Everything that is in quarantine, and what is held back with it.
-- name: held
select sequence, kind, id from quarantine where org_id = $1::uuid and site_id = $2::uuid order by sequence, kind, id

-- name: release
delete from quarantine q
using unnest($3::text[], $4::text[]) as freed (kind, id)
where q.org_id = $1::uuid and q.site_id = $2::uuid and q.kind = freed.kind and q.id = freed.id

-- Null for `entry`: it is passed over. Whoever decides again decides for good.
-- name: correct
insert into corrections (org_id, site_id, sequence, entry, reason, decided_by) values ($1::uuid, $2::uuid, $3, $4, $5, $6)
on conflict (org_id, site_id, sequence) do update
set entry = excluded.entry, reason = excluded.reason, decided_by = excluded.decided_by, decided_at = now()

-- name: lock_cursor_of_format
select sequence, format from cursors where org_id = $1::uuid and site_id = $2::uuid for update
