-- What waits for a person. Role comanda_tenant on behalf of an organisation where contents are seen, comanda_platform on behalf of the
-- operator for counts, holes and backups.

-- --- quarantine --------------------------------------------------------------------------------------

-- How much of each site is in quarantine, and since when.
-- name: quarantine_counts
select org_id::text, site_id::text, count(distinct sequence) as entries, min(quarantined_at) as since
from quarantine
group by org_id, site_id
order by org_id, site_id
limit $1

-- An entry with what it holds back, and what stands in its place.
-- name: quarantined_entry
select j.sequence, j.epoch, j.received_at, j.entry, c.entry as correction, c.reason, c.decided_by, c.decided_at,
       (select coalesce(json_agg(h order by h.kind, h.id), '[]')::text
        from (select q.sequence, q.kind, q.id, q.code, q.detail, q.quarantined_at from quarantine q
              where q.org_id = j.org_id and q.site_id = j.site_id and q.sequence = j.sequence) as h) as held
from journal j left join corrections c on c.org_id = j.org_id and c.site_id = j.site_id and c.sequence = j.sequence
where j.org_id = $1::uuid and j.site_id = $2::uuid and j.sequence = $3

-- What is held back because an entry is.
-- name: quarantine_following
select distinct on (f.sequence) f.sequence, f.kind, f.id, f.code, f.detail, f.quarantined_at
from quarantine q join quarantine f on f.org_id = q.org_id and f.site_id = q.site_id and f.kind = q.kind and f.id = q.id
where q.org_id = $1::uuid and q.site_id = $2::uuid and q.sequence = $3 and f.sequence > $3
order by f.sequence
limit $4

-- --- orphans -----------------------------------------------------------------------------------------

-- name: branched_sites
select distinct org_id::text, site_id::text from orphan_branches order by org_id::text, site_id::text

-- name: branches
select b.epoch, b.parted_epoch, b.parted_sequence, b.parted_hash, b.kept_epoch, b.kept_sequence, b.kept_hash, b.begun_at, b.received_at,
       coalesce(c.kept_sequence, 0) as compared_kept, coalesce(c.journal_sequence, 0) as compared_journal
from orphan_branches b left join orphan_comparisons c on c.org_id = b.org_id and c.site_id = b.site_id and c.epoch = b.epoch
where b.org_id = $1::uuid and b.site_id = $2::uuid
order by b.epoch

-- name: orphans
select sequence, entry_epoch, hash, entry, state, reason, decided_by, decided_at
from orphans
where org_id = $1::uuid and site_id = $2::uuid and epoch = $3 and sequence > $4
order by sequence
limit $5

-- name: journal_after
select sequence, entry from journal where org_id = $1::uuid and site_id = $2::uuid and sequence > $3 order by sequence limit $4

-- A decision is made once.
-- name: decide
update orphans set state = $5, reason = $6, decided_by = $7, decided_at = now()
where org_id = $1::uuid and site_id = $2::uuid and epoch = $3 and sequence = any($4::bigint[]) and state = 'held'

-- name: compared
insert into orphan_comparisons (org_id, site_id, epoch, kept_sequence, journal_sequence) values ($1::uuid, $2::uuid, $3, $4, $5)
on conflict (org_id, site_id, epoch) do update set kept_sequence = excluded.kept_sequence, journal_sequence = excluded.journal_sequence

-- One that has run out of time may have been taken all the same, by a box that has been off the line since: it has expired for sure only
-- where the site has not said hello since it was asked for, or has done so after its time and all that it said to hold then is here.
-- name: sent_commands
select s.command_id, s.state, s.result, s.asked_by, s.asked_at,
       s.expires_at <= now() and not exists (
           select 1
           from contacts c join watermarks w on w.org_id = c.org_id and w.site_id = c.site_id
           where c.org_id = s.org_id and c.site_id = s.site_id and c.contact_at >= s.asked_at
                 and (c.contact_at <= s.expires_at or w.sequence < c.head_sequence)
       ) as is_expired
from site_commands s
where s.org_id = $1::uuid and s.site_id = $2::uuid and s.command_id = any($3::text[])

-- One that waits, or is done, stays as it is.
-- name: send_command
insert into site_commands (org_id, site_id, command_id, command, expires_at, asked_by)
values ($1::uuid, $2::uuid, $3, $4, now() + make_interval(secs => $5), $6)
on conflict (org_id, site_id, command_id) do update
set command = excluded.command, expires_at = excluded.expires_at, asked_by = excluded.asked_by, asked_at = now(), state = 'open', result = '',
    closed_at = null
where site_commands.state = 'refused' or (site_commands.state = 'open' and site_commands.expires_at <= now())

-- --- holes -------------------------------------------------------------------------------------------

-- name: holes
select org_id::text, site_id::text, first_sequence, before_epoch, before_hash, last_epoch, last_sequence, last_hash, declared_at, filled_at
from holes
order by filled_at is not null, org_id, site_id, first_sequence

-- --- backups -----------------------------------------------------------------------------------------

-- name: begin_backup
insert into backups (backup_id) values ($1) on conflict do nothing

-- name: backup_positions
insert into backup_positions (org_id, site_id, backup_id, sequence)
select org_id, site_id, $1, sequence from watermarks where sequence > 0

-- name: lock_backup
select done_at from backups where backup_id = $1 for update

-- name: finish_backup
update backups set done_at = now() where backup_id = $1

-- Backups may be done in another order than they were begun in: what is backed up never goes back. Nor beyond a watermark: a shard
-- that was restored meanwhile does not hold what it held when the backup began. Nor beyond a hole that was open then: a replacement that
-- was restored from a mirror may hold what lies in it, and has to keep that.
-- name: backed_up
update watermarks w
set backed_up = least(p.sequence, w.sequence)
from (
    select p.org_id, p.site_id, least(p.sequence, (
        select min(h.first_sequence) - 1 from holes h
        where h.org_id = p.org_id and h.site_id = p.site_id and (h.filled_at is null or h.filled_at > b.begun_at)
    )) as sequence
    from backup_positions p join backups b using (backup_id)
    where p.backup_id = $1
) p
where p.org_id = w.org_id and p.site_id = w.site_id and least(p.sequence, w.sequence) > w.backed_up

-- name: backups
select b.backup_id, b.begun_at, b.done_at, count(p.*) as sites
from backups b left join backup_positions p using (backup_id)
group by b.backup_id
order by b.begun_at desc
limit $1

-- The sender of every site notices, and sends again from the watermark.
-- name: restored
update identity set incarnation = gen_random_uuid() returning incarnation::text
