-- A claim may be asked to lie above an epoch that a mirror or a tablet knows and no database remembers: when a hub was restored more than
-- once, what is left out after each restore begins at the same place again (Law 6).
alter table claims add column above integer not null default 0 check (above >= 0);
