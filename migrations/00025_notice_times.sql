-- The times of a notice are somebody's local times, and a notice can be ended early and shown again.

-- +goose Up
alter table notices
    add column time_zone text not null default 'UTC' check (time_zone <> ''),
    add column ended_at timestamptz;
comment on column notices.time_zone is 'The zone whose clock start and end were given by, and are shown by: a name like Europe/Dublin. It decides nothing; starts_at and ends_at are moments.';
comment on column notices.ended_at is 'When staff ended it before its end. Beside ends_at, so that showing it again loses nothing.';
grant update (time_zone, ended_at) on notices to openhouse_staff;

drop policy resident_select on notices;
-- +goose StatementBegin
do $$
begin
    perform policy_resident('notices', 'select', 'published_at is not null and ended_at is null and starts_at <= now() and (ends_at is null or ends_at > now())'
        || ' and (scope = ''company'' or development_id = {development} and (house_type_id is null or house_type_id = {house_type}))');
end
$$;
-- +goose StatementEnd

-- +goose Down
drop policy resident_select on notices;
-- +goose StatementBegin
do $$
begin
    perform policy_resident('notices', 'select', 'published_at is not null and starts_at <= now() and (ends_at is null or ends_at > now())'
        || ' and (scope = ''company'' or development_id = {development} and (house_type_id is null or house_type_id = {house_type}))');
end
$$;
-- +goose StatementEnd
alter table notices drop column ended_at, drop column time_zone;
