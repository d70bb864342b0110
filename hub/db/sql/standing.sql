-- How all sites of a shard stand, for metrics. Role comanda_platform: positions of all, and counts of what waits for a person.

-- name: sites
select w.epoch, w.sequence, w.hash, w.received_at, c.contact_at, c.head_sequence, c.figures, coalesce(p.sequence, 0) as projected_sequence,
       now() as as_of
from contacts c
     left join watermarks w on w.org_id = c.org_id and w.site_id = c.site_id
     left join cursors p on p.org_id = c.org_id and p.site_id = c.site_id

-- name: waiting
select (select count(*) from (select distinct org_id, site_id, sequence from quarantine) as q) as quarantined,
       (select count(*) from orphans where state = 'held') as orphans_held,
       (select count(*) from holes where filled_at is null) as holes_open
