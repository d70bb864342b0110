-- What the API and the command line read from a shard, and the placement of a new tenant. Role comanda_tenant on behalf of an
-- organisation, comanda_platform on behalf of the operator (positions only).

-- Role comanda_platform. A placement that is there stays as it is: only a move raises its epoch.
-- name: place
insert into placements (org_id, epoch) values ($1::uuid, $2) on conflict do nothing

-- Sites that were never heard of have neither watermark nor contact.
-- name: positions
select wanted.site_id::text, w.epoch, w.sequence, w.hash, w.received_at, c.contact_at, c.head_sequence, c.figures,
       coalesce(p.sequence, 0) as projected_sequence
from unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id)
     left join watermarks w on w.org_id = wanted.org_id and w.site_id = wanted.site_id
     left join contacts c on c.org_id = wanted.org_id and c.site_id = wanted.site_id
     left join cursors p on p.org_id = wanted.org_id and p.site_id = wanted.site_id
where w.org_id is not null or c.org_id is not null

-- Role comanda_tenant.
-- name: sales
select business_date::text, orders, lines, gross_minor, net_minor, tax_minor
from daily_sales
where org_id = $1::uuid and site_id = $2::uuid and currency = $3 and business_date between $4::text::date and $5::text::date
order by business_date

-- Role comanda_tenant.
-- name: quarantine
select sequence, kind, id, code, detail, quarantined_at
from quarantine
where org_id = $1::uuid and site_id = $2::uuid
order by sequence
limit $3
