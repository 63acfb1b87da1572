-- What reading a document found out, for staff: why a version has no text to search.

-- +goose Up
alter table document_versions add column text_reason text not null default '' check (length(text_reason) <= 40);
comment on column document_versions.text_reason is 'Why there is no text to search, as packages/knowledge names it; empty if there is, or if nobody looked yet.';
grant update (text_reason) on document_versions to openhouse_worker;

-- +goose Down
revoke update (text_reason) on document_versions from openhouse_worker;
alter table document_versions drop column text_reason;
