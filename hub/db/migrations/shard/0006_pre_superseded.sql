-- A replacement that could not reach this hub began its epoch below what the hub held: what the hub holds beyond is a branch (Law 6).
--
-- The release before goes on running beside this: its ingest never calls the function, and its projectors make a site anew as after an
-- update of the read models.

-- Moves the entries of a site after a position, which its journal holds or which is its beginning, to the branch of the epoch that its watermark is of, and sets the
-- watermark to the position. False, and nothing is changed, where it is not held, where these are more than `most`, where a hole lies among them, or where that
-- branch parted elsewhere than at the watermark. Acts for the organisation of the transaction.
--
-- Lane owners may not delete from the journal, nor touch cursors and backups: this is all that they can do to them.
create function supersede_journal(of_site uuid, to_epoch integer, to_sequence bigint, to_hash bytea, most bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    of_org uuid := app_org();
    mark watermarks;
    branch orphan_branches;
begin
    select * into mark from watermarks where org_id = of_org and site_id = of_site for update;
    if not found or mark.sequence <= to_sequence or mark.sequence - to_sequence > most then
        return false;
    end if;
    if to_sequence > 0 and not exists (
        select 1 from journal
        where org_id = of_org and site_id = of_site and sequence = to_sequence and epoch = to_epoch and hash = to_hash
    ) then
        return false;
    end if;
    if mark.sequence - to_sequence <> (
        select count(*) from journal where org_id = of_org and site_id = of_site and sequence > to_sequence and sequence <= mark.sequence
    ) then
        return false;
    end if;
    select * into branch from orphan_branches where org_id = of_org and site_id = of_site and epoch = mark.epoch for update;
    if found and (branch.parted_sequence, branch.parted_hash) is distinct from (mark.sequence, mark.hash) then
        return false;
    end if;

    -- First of all: whoever projects the site is done then, and begins anew when it comes back, as after an update of the read models.
    update cursors set format = 0 where org_id = of_org and site_id = of_site;

    -- What was corrected for the read models was said of an entry that stands there no more; who said why goes along with it.
    insert into orphans (org_id, site_id, epoch, sequence, entry_epoch, hash, entry, reason)
    select j.org_id, j.site_id, mark.epoch, j.sequence, j.epoch, j.hash, j.entry,
           coalesce('corrected in the read models by ' || c.decided_by || ': ' || c.reason, '')
    from journal j left join corrections c on c.org_id = j.org_id and c.site_id = j.site_id and c.sequence = j.sequence
    where j.org_id = of_org and j.site_id = of_site and j.sequence > to_sequence;
    delete from corrections where org_id = of_org and site_id = of_site and sequence > to_sequence;
    delete from journal where org_id = of_org and site_id = of_site and sequence > to_sequence;

    -- The box that wrote them, when it comes back, goes on behind them. No branch shares more with the journal than there is now.
    insert into orphan_branches (
        org_id, site_id, epoch, parted_epoch, parted_sequence, parted_hash, kept_epoch, kept_sequence, kept_hash
    )
    values (of_org, of_site, mark.epoch, to_epoch, to_sequence, to_hash, mark.epoch, mark.sequence, mark.hash)
    on conflict (org_id, site_id, epoch) do nothing;
    update orphan_branches set parted_epoch = to_epoch, parted_sequence = to_sequence, parted_hash = to_hash
    where org_id = of_org and site_id = of_site and parted_sequence > to_sequence;

    -- What was found in the journal of commands on branches is looked for again.
    update orphans o set state = 'held', decided_by = '', decided_at = null
    from orphan_comparisons c
    where c.org_id = of_org and c.site_id = of_site and c.journal_sequence > to_sequence
          and o.org_id = of_org and o.site_id = of_site and o.epoch = c.epoch and o.state in ('adopted', 'in_effect');
    delete from orphan_comparisons where org_id = of_org and site_id = of_site and journal_sequence > to_sequence;

    -- What will stand behind the position is in no backup yet, and the box must not let go of it.
    update backup_positions set sequence = to_sequence where org_id = of_org and site_id = of_site and sequence > to_sequence;
    update watermarks
    set epoch = to_epoch, sequence = to_sequence, hash = to_hash, received_at = now(), backed_up = least(backed_up, to_sequence)
    where org_id = of_org and site_id = of_site;
    perform pg_notify('journal', '');
    return true;
end $$;
revoke execute on function supersede_journal(uuid, integer, bigint, bytea, bigint) from public;
grant execute on function supersede_journal(uuid, integer, bigint, bytea, bigint) to comanda_ingest;
