-- Read models from raw entries. Role comanda_project: positions of all, contents only of the organisation it acts for.

-- Sites whose journal is ahead of their read models, the longest untouched first.
-- name: sites_with_work
select w.org_id::text, w.site_id::text
from watermarks w left join cursors c on c.org_id = w.org_id and c.site_id = w.site_id
where w.sequence > coalesce(c.sequence, 0)
order by c.projected_at nulls first, w.org_id, w.site_id
limit $1

-- name: begin_cursor
insert into cursors (org_id, site_id, projected_at) values ($1::uuid, $2::uuid, '-infinity') on conflict do nothing

-- Held until the commit; a projector that finds it held goes to another site.
-- name: lock_cursor
select c.sequence
from cursors c
where c.org_id = $1::uuid and c.site_id = $2::uuid
for update skip locked

-- No tenant is projected where it does not live, and none moves away in the middle.
-- name: lock_placement
select epoch from placements where org_id = $1::uuid for share

-- name: entries
select sequence, epoch, entry
from journal
where org_id = $1::uuid and site_id = $2::uuid and sequence > $3
order by sequence
limit $4

-- name: aggregates
select a.kind, a.id, a.state::text as state
from aggregates a join unnest($3::text[], $4::text[]) as wanted (kind, id) on wanted.kind = a.kind and wanted.id = a.id
where a.org_id = $1::uuid and a.site_id = $2::uuid

-- name: quarantined
select distinct q.kind, q.id
from quarantine q join unnest($3::text[], $4::text[]) as wanted (kind, id) on wanted.kind = q.kind and wanted.id = q.id
where q.org_id = $1::uuid and q.site_id = $2::uuid

-- name: put_aggregates
insert into aggregates (org_id, site_id, kind, id, state)
select $1::uuid, $2::uuid, kind, id, state::jsonb from unnest($3::text[], $4::text[], $5::text[]) as new (kind, id, state)
on conflict (org_id, site_id, kind, id) do update set state = excluded.state

-- name: put_checks
insert into checks (org_id, site_id, check_id, business_date, number, epoch, status, currency, table_id, covers, opened_at, closed_at,
                    gross_minor, net_minor, tax_minor, total_minor, paid_minor)
select $1::uuid, $2::uuid, check_id, business_date::date, number, epoch, status, currency, table_id, covers, opened_at, closed_at,
       gross_minor, net_minor, tax_minor, total_minor, paid_minor
from unnest($3::uuid[], $4::text[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::integer[],
            $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
     as new (check_id, business_date, number, epoch, status, currency, table_id, covers, opened_at, closed_at,
             gross_minor, net_minor, tax_minor, total_minor, paid_minor)
on conflict (org_id, site_id, check_id) do update
set business_date = excluded.business_date, number = excluded.number, epoch = excluded.epoch, status = excluded.status,
    currency = excluded.currency, table_id = excluded.table_id, covers = excluded.covers, opened_at = excluded.opened_at,
    closed_at = excluded.closed_at, gross_minor = excluded.gross_minor, net_minor = excluded.net_minor, tax_minor = excluded.tax_minor,
    total_minor = excluded.total_minor, paid_minor = excluded.paid_minor

-- name: add_sales
insert into daily_sales as d (org_id, site_id, business_date, currency, orders, lines, gross_minor, net_minor, tax_minor)
select $1::uuid, $2::uuid, business_date::date, currency, orders, lines, gross_minor, net_minor, tax_minor
from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
     as new (business_date, currency, orders, lines, gross_minor, net_minor, tax_minor)
on conflict (org_id, site_id, business_date, currency) do update
set orders = d.orders + excluded.orders, lines = d.lines + excluded.lines, gross_minor = d.gross_minor + excluded.gross_minor,
    net_minor = d.net_minor + excluded.net_minor, tax_minor = d.tax_minor + excluded.tax_minor

-- name: hold
insert into quarantine (org_id, site_id, sequence, kind, id, code, detail)
select $1::uuid, $2::uuid, sequence, kind, id, code, detail
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) as new (sequence, kind, id, code, detail)
on conflict do nothing

-- name: advance_cursor
update cursors set sequence = $3, unknown_events = unknown_events + $4, projected_at = now()
where org_id = $1::uuid and site_id = $2::uuid

-- Everything that is projected of a site; the projectors begin anew. Waits for one that is at it.
-- name: lock_cursor_waiting
select sequence from cursors where org_id = $1::uuid and site_id = $2::uuid for update

-- name: forget_aggregates
delete from aggregates where org_id = $1::uuid and site_id = $2::uuid

-- name: forget_checks
delete from checks where org_id = $1::uuid and site_id = $2::uuid

-- name: forget_sales
delete from daily_sales where org_id = $1::uuid and site_id = $2::uuid

-- name: forget_quarantine
delete from quarantine where org_id = $1::uuid and site_id = $2::uuid

-- name: reset_cursor
update cursors set sequence = 0, unknown_events = 0 where org_id = $1::uuid and site_id = $2::uuid
