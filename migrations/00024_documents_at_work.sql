-- Staff can have a version of a document read again, after it could not be read or its scope has changed.

-- +goose Up
grant update (text_state) on document_versions to openhouse_staff;

-- +goose Down
revoke update (text_state) on document_versions from openhouse_staff;
