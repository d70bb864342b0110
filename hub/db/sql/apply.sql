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
select w.org_id::text, w.site_id::text, w.epoch, w.sequence, w.hash, w.open_commands, w.granted
from watermarks w join unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id) on wanted.org_id = w.org_id and wanted.site_id = w.site_id
order by w.org_id, w.site_id
for update of w

-- A site that is heard of for the first time begins before its first entry.
-- name: begin_watermarks
insert into watermarks (org_id, site_id, epoch, sequence, hash)
select org_id, site_id, 0, 0, decode(repeat('00', 32), 'hex') from unnest($1::uuid[], $2::uuid[]) as new (org_id, site_id)
order by org_id, site_id
on conflict do nothing

-- In key order, as all who lock them.
-- name: note_claims
insert into watermarks as w (org_id, site_id, epoch, sequence, hash, granted)
select org_id, site_id, 0, 0, decode(repeat('00', 32), 'hex'), epoch from unnest($1::uuid[], $2::uuid[], $3::integer[]) as new (org_id, site_id, epoch)
order by org_id, site_id
on conflict (org_id, site_id) do update set granted = greatest(w.granted, excluded.granted)

-- The hash held at one sequence. Acts for the organisation.
-- name: stored_hash
select hash from journal where org_id = $1::uuid and site_id = $2::uuid and sequence = $3

-- Rows of one organisation, the watermarks of its sites, and word to the projectors of this shard, which they hear after the commit: in one
-- statement, since each is a round trip. Acts for the organisation itself: the policy of `journal` looks at a row once it has been made,
-- and none is made before `acting` has been read.
-- name: append
with acting as materialized (
    select set_config('app.org_id', $1::uuid::text, true), (now() at time zone 'UTC')::date as today
),
added as (
    insert into journal (org_id, site_id, sequence, received_on, epoch, hash, entry)
    select
        $1::uuid, ($2::uuid[])[new.site], new.sequence, acting.today, new.epoch,
        substr($3::bytea, 32 * (new.place - 1)::integer + 1, 32), substr($4::bytea, new.begins, new.size)
    from acting,
        unnest($5::text::integer[], $6::text::bigint[], $7::text::integer[], $8::text::integer[], $9::text::integer[]) with ordinality
            as new (site, sequence, epoch, begins, size, place)
),
moved as (
    update watermarks w
    set epoch = new.epoch, sequence = new.sequence, hash = new.hash, received_at = now()
    from unnest($2::uuid[], $10::integer[], $11::bigint[], $12::bytea[]) as new (site_id, epoch, sequence, hash)
    where w.org_id = $1::uuid and w.site_id = new.site_id
)
select pg_notify('journal', '')

-- The same for sites of one organisation, as a transaction of its own, if all is as the writer believes: one row then, none otherwise. Locks what
-- is looked at, in the order in which the statements above do.
-- name: append_if
with placed as materialized (
    select from placements where org_id = $1::uuid and epoch = $13::bigint for share
),
standing as materialized (
    select w.site_id
    from watermarks w
    join unnest($2::uuid[], $14::integer[], $15::bigint[], $16::bytea[], $17::integer[]) as believed (site_id, epoch, sequence, hash, box_epoch)
        on believed.site_id = w.site_id and believed.epoch = w.epoch and believed.sequence = w.sequence and believed.hash = w.hash
        and believed.box_epoch >= w.granted
    where w.org_id = $1::uuid and w.open_commands = 0
    order by w.site_id
    for update of w
),
acting as materialized (
    select set_config('app.org_id', $1::uuid::text, true), (now() at time zone 'UTC')::date as today
    where exists (select from placed) and (select count(*) from standing) = cardinality($2::uuid[])
),
added as (
    insert into journal (org_id, site_id, sequence, received_on, epoch, hash, entry)
    select
        $1::uuid, ($2::uuid[])[new.site], new.sequence, acting.today, new.epoch,
        substr($3::bytea, 32 * (new.place - 1)::integer + 1, 32), substr($4::bytea, new.begins, new.size)
    from acting,
        unnest($5::text::integer[], $6::text::bigint[], $7::text::integer[], $8::text::integer[], $9::text::integer[]) with ordinality
            as new (site, sequence, epoch, begins, size, place)
),
moved as (
    update watermarks w
    set epoch = new.epoch, sequence = new.sequence, hash = new.hash, received_at = now()
    from acting, unnest($2::uuid[], $10::integer[], $11::bigint[], $12::bytea[]) as new (site_id, epoch, sequence, hash)
    where w.org_id = $1::uuid and w.site_id = new.site_id
)
select pg_notify('journal', '') from acting

-- Watermarks that move without rows.
-- name: advance
with moved as (
    update watermarks w
    set epoch = new.epoch, sequence = new.sequence, hash = new.hash, received_at = now()
    from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::bytea[]) as new (org_id, site_id, epoch, sequence, hash)
    where w.org_id = new.org_id and w.site_id = new.site_id
)
select pg_notify('journal', '')

-- A frame that contradicts the journal is kept once, however often it is sent. Acts for the organisation.
-- name: keep_fork
insert into forks (org_id, site_id, first_sequence, after_hash, last_sequence, epoch, kind, frame)
values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8)
on conflict do nothing

-- What a box says that was replaced is not what the site says. A box always has a list of devices: one that names no document has not been
-- asked for them yet, such as a link beside a box whose disk has just died, and a replacement needs what was named before.
-- name: contacts
insert into contacts (org_id, site_id, box_epoch, head_epoch, head_sequence, figures, keepsakes)
select org_id, site_id, box_epoch, head_epoch, head_sequence, figures, keepsakes
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::bigint[], $6::bytea[], $7::bytea[])
     as new (org_id, site_id, box_epoch, head_epoch, head_sequence, figures, keepsakes)
order by org_id, site_id
on conflict (org_id, site_id) do update
set contact_at = now(), box_epoch = excluded.box_epoch, head_epoch = excluded.head_epoch, head_sequence = excluded.head_sequence,
    figures = excluded.figures,
    keepsakes = case when excluded.keepsakes = '[]'::bytea then contacts.keepsakes else excluded.keepsakes end
where contacts.box_epoch <= excluded.box_epoch

-- name: watermarks
select w.org_id::text, w.site_id::text, w.epoch, w.sequence, w.hash, w.backed_up, w.open_commands, w.granted
from watermarks w join unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id) on wanted.org_id = w.org_id and wanted.site_id = w.site_id

-- --- branches of replaced boxes -----------------------------------------------------------------------

-- name: branch
select parted_epoch, parted_sequence, parted_hash, kept_epoch, kept_sequence, kept_hash
from orphan_branches
where org_id = $1::uuid and site_id = $2::uuid and epoch = $3

-- The last entry up to a sequence. Acts for the organisation.
-- name: entry_up_to
select epoch, sequence, hash
from journal
where org_id = $1::uuid and site_id = $2::uuid and sequence <= $3
order by sequence desc
limit 1

-- The last entry of a hole, of an epoch up to this.
-- name: hole_up_to
select last_epoch as epoch, last_sequence as sequence, last_hash as hash
from holes
where org_id = $1::uuid and site_id = $2::uuid and last_epoch <= $3
order by last_sequence desc
limit 1

-- Acts for the organisation, as do the next two.
-- name: orphan_hash
select hash from orphans where org_id = $1::uuid and site_id = $2::uuid and epoch = $3 and sequence = $4

-- name: keep_orphans
insert into orphans (org_id, site_id, epoch, sequence, entry_epoch, hash, entry)
select $1::uuid, $2::uuid, $3, sequence, entry_epoch, hash, entry
from unnest($4::bigint[], $5::integer[], $6::bytea[], $7::bytea[]) as new (sequence, entry_epoch, hash, entry)

-- name: keep_branch
insert into orphan_branches (
    org_id, site_id, epoch, parted_epoch, parted_sequence, parted_hash, kept_epoch, kept_sequence, kept_hash
)
values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8, $9)
on conflict (org_id, site_id, epoch) do update
set kept_epoch = excluded.kept_epoch, kept_sequence = excluded.kept_sequence, kept_hash = excluded.kept_hash, received_at = now()

-- --- holes ----------------------------------------------------------------------------------------------

-- The same hole may be torn again, by another restore.
-- name: declare_hole
insert into holes (org_id, site_id, first_sequence, last_sequence, before_epoch, before_hash, last_epoch, last_hash)
values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8)
on conflict (org_id, site_id, first_sequence, last_sequence) do update set declared_at = now(), filled_at = null

-- --- documents of boxes ---------------------------------------------------------------------------------

-- name: keepsakes
select k.org_id::text, k.site_id::text, k.version
from keepsakes k join unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id) on wanted.org_id = k.org_id and wanted.site_id = k.site_id

-- Acts for the organisation, as do all that follow.
-- name: keep_part
insert into keepsake_parts (org_id, site_id, version, part_index, part_count, data)
values ($1::uuid, $2::uuid, $3, $4, $5, $6)
on conflict do nothing

-- All parts of a document, once there are as many as each of them says.
-- name: whole_parts
select data
from keepsake_parts
where org_id = $1::uuid and site_id = $2::uuid and version = $3
      and $4::integer = (
          select count(*) from keepsake_parts where org_id = $1::uuid and site_id = $2::uuid and version = $3 and part_count = $4::integer
      )
order by part_index

-- name: forget_parts
delete from keepsake_parts where org_id = $1::uuid and site_id = $2::uuid and version = $3

-- name: forget_old_parts
delete from keepsake_parts
where org_id = $1::uuid and site_id = $2::uuid and version not in (
    select version
    from keepsake_parts
    where org_id = $1::uuid and site_id = $2::uuid
    group by version
    order by min(received_at) desc, version
    limit $3
)

-- name: keep_document
insert into keepsakes (org_id, site_id, version, kind, document) values ($1::uuid, $2::uuid, $3, $4, $5) on conflict do nothing

-- name: forget_old_documents
delete from keepsakes
where org_id = $1::uuid and site_id = $2::uuid and version not in (
    select version from keepsakes where org_id = $1::uuid and site_id = $2::uuid order by received_at desc, version limit $3
)

-- --- commands for sites -----------------------------------------------------------------------------------

-- name: open_commands
select command_id, command, (extract(epoch from expires_at) * 1000)::bigint as expires_at_ms
from site_commands
where org_id = $1::uuid and site_id = $2::uuid and state = 'open' and expires_at > now()
order by asked_at, command_id
limit $3

-- name: waiting_ids
select command_id from site_commands where org_id = $1::uuid and site_id = $2::uuid and state = 'open'

-- name: commands_done
update site_commands set state = 'done', closed_at = now()
where org_id = $1::uuid and site_id = $2::uuid and command_id = any($3::text[]) and state = 'open'

-- name: commands_refused
update site_commands c set state = 'refused', result = refused.code, closed_at = now()
from unnest($3::text[], $4::text[]) as refused (command_id, code)
where c.org_id = $1::uuid and c.site_id = $2::uuid and c.command_id = refused.command_id and c.state = 'open'
