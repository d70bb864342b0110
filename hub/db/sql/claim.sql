-- What a shard knows of claims. Role comanda_platform.

-- The highest epoch that the shard has seen of a site: in its journal, or granted while it was here.
-- name: epoch_seen
select greatest(epoch, granted) from watermarks where org_id = $1::uuid and site_id = $2::uuid

-- From the commit on, what boxes of lower epochs send is kept apart: whoever appends has locked this row, and sees it. Of a site
-- that was never heard of there is no such box.
-- name: grant
update watermarks set granted = greatest(granted, $3) where org_id = $1::uuid and site_id = $2::uuid
