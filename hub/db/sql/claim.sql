-- What a shard knows of claims. Role comanda_platform.

-- The highest epoch that the shard has seen of a site: in its journal, or granted while it was here.
-- name: epoch_seen
select greatest(epoch, granted) from watermarks where org_id = $1::uuid and site_id = $2::uuid

-- From the commit on, what boxes of lower epochs send is kept apart: whoever appends has locked this row, and sees it. A site of
-- which nothing has arrived yet begins before its first entry.
-- name: grant
insert into watermarks as w (org_id, site_id, epoch, sequence, hash, granted)
values ($1::uuid, $2::uuid, 0, 0, decode(repeat('00', 32), 'hex'), $3)
on conflict (org_id, site_id) do update set granted = greatest(w.granted, excluded.granted)
