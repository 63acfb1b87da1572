package demo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform/files"
)

func TestDemoDocumentsAreStoredAndWaitToBeRead(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	kept := files.NewFolder(t.TempDir())
	o.Files = kept
	load(t, db, o)
	load(t, db, o) // what is there stays
	got := rows(t, db, `select concat_ws(' ', d.title, d.scope, h.code, u.unit_number, v.text_state) from documents d
		join document_versions v on v.id = d.current_version_id left join house_types h on h.id = d.house_type_id left join units u on u.id = d.unit_id order by 1`)
	want := []string{
		"Alarm letter unit 14 queued", "House manual development queued", "In case of fire development queued", "Type A floor plan house_type A queued",
		"Type B floor plan house_type B queued",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if got := rows(t, db, `select count(*)::text from jobs where kind = 'read_document'`); got[0] != "5" {
		t.Errorf("%s jobs", got[0])
	}
	kinds := 0
	for _, company := range pgtest.Value[[]uuid.UUID](db, `select array_agg(tenant_id) from document_versions`) {
		for _, sum := range pgtest.Value[[][]byte](db, `select array_agg(sha256) from document_versions where tenant_id = $1`, company) {
			if there, err := kept.Exists(t.Context(), company, files.Hash(sum)); err != nil || !there {
				t.Errorf("a file is not there: %v", err)
			}
			kinds++
		}
	}
	if kinds == 0 {
		t.Error("no files")
	}
}
