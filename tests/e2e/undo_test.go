package e2e

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/samples"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// contents is a digest of everything that is stored about a development's homes and house types, apart from what no
// two imports can share: ids and moments.
func contents(t testing.TB, s *stack.Stack, development string) string {
	t.Helper()
	return lookUp[string](t, s.DB, `select
		(select count(*) || ' homes ' || md5(coalesce(string_agg((to_jsonb(u) - '{id,house_type_id,created_at,updated_at}'::text[] || jsonb_build_object('type', t.code))::text, '' order by u.block, u.unit_number), ''))
		 from units u join house_types t on t.tenant_id = u.tenant_id and t.id = u.house_type_id where u.development_id = $1::uuid)
		|| ', ' ||
		(select count(*) || ' types ' || md5(coalesce(string_agg((to_jsonb(t) - '{id,created_at,updated_at}'::text[])::text, '' order by t.code), ''))
		 from house_types t where t.development_id = $1::uuid)`, path.Base(development))
}

// undo follows the way from the import's page: the link, the question, the button.
func undo(v *visit.Visitor, address string, says ...string) *visit.Answer {
	question := v.Get(v.Get(address).Want(200).LinkTo("/undo")).Want(200).Says(append(says, "Undo this import?")...)
	return v.Form(question, "/undo").Send()
}

// TestUndoEverySample brings every sample in, takes it back, and brings it in again: as if it were the first time.
func TestUndoEverySample(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	for _, sample := range samples.All {
		t.Run(sample.Name, func(t *testing.T) {
			t.Parallel()
			v := signIn(t, s, company.Email)
			development := createDevelopment(t, v, "Development of "+sample.Name)
			empty := contents(t, s, development)
			homes := len(sample.Homes(t))

			address, before := preview(t, v, development, sample.Name, sample.Bytes(t))
			commit(t, v, address)
			first := contents(t, s, development)

			page := undo(v, address, "homes that it made are removed").Want(200).Says("The import was undone.", "This import was undone")
			if page.URL.Path != address {
				t.Errorf("afterwards the page is %s", page.URL)
			}
			if now := contents(t, s, development); now != empty {
				t.Fatalf("after the undo there are %s, before the import %s", now, empty)
			}
			if n := homesIn(t, v, development); n != 0 {
				t.Errorf("%d homes are listed", n)
			}
			v.Get(development + "/import").Want(200).Says("Undone")

			again, i := preview(t, v, development, sample.Name, sample.Bytes(t))
			if got, want := i.counts(), before.counts(); got != want {
				t.Errorf("the second time the preview is %s, the first time %s", got, want)
			}
			if i = commit(t, v, again); i.New != homes {
				t.Errorf("%d homes were made, want %d", i.New, homes)
			}
			if now := contents(t, s, development); now != first {
				t.Errorf("the second time there are %s, the first time %s", now, first)
			}
		})
	}
}

// TestUndoIsRefusedOnceSomebodyLivesThere: the resident of one home of the import uses the link, at the other portal.
func TestUndoIsRefusedOnceSomebodyLivesThere(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	v := signIn(t, s, company.Email)
	development := createDevelopment(t, v, "Longview Park")
	sample := samples.Named(t, "longview-park-20.csv")
	address, _ := preview(t, v, development, sample.Name, sample.Bytes(t))
	commit(t, v, address)
	row := sample.Homes(t)[0]
	ids, _ := homesOf(t, v, development)
	v.Form(v.Get("/homes/"+ids[row.Number]).Want(200), "/link").Send().Want(200)
	openLink(t, s, linkInOutbox(t, v, row.BuyerEmail))
	before := contents(t, s, development)

	question := v.Get(address+"/undo").Want(200).Says("This import can’t be undone", "1 of its homes stands in the way", "Somebody lives here, or has lived here")
	if strings.Contains(string(question.Body), `action="`+address+`/undo"`) {
		t.Error("what can't be undone has a button to undo it")
	}
	program := program(t, s, company)
	var told problem
	program.JSON(http.MethodPost, "/api"+address+"/undo", map[string]string{}).Want(http.StatusConflict).Decode(&told)
	if told.Error.Code != "homes_in_the_way" {
		t.Errorf("a program is told %+v", told)
	}
	if now := contents(t, s, development); now != before {
		t.Errorf("there are %s, before %s", now, before)
	}
	viewer := visit.New(t, s.Developer.URL)
	viewer.Token = s.TokenFor(t, company, s.NewStaff(company, auth.RoleViewer))
	viewer.JSON(http.MethodGet, "/api"+address+"/undo", nil).Want(http.StatusForbidden)
	stranger := visit.New(t, s.Developer.URL)
	stranger.Token = s.Token(t, s.NewCompany("Mill Homes"))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		stranger.JSON(method, "/api"+address+"/undo", map[string]string{}).Want(http.StatusNotFound)
	}
}

// TestUndoOfChanges brings a file in twice, the second time with other streets and one home more, and takes both back,
// the last first.
func TestUndoOfChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := signIn(t, s, s.NewCompany("Harbour Homes").Email)
	development := createDevelopment(t, v, "Longview Park")
	sample := samples.Named(t, "longview-park-20.csv")
	empty := contents(t, s, development)
	first, _ := preview(t, v, development, sample.Name, sample.Bytes(t))
	commit(t, v, first)
	before := contents(t, s, development)
	changed := strings.ReplaceAll(string(sample.Bytes(t)), "Longview Park", "Longview Avenue")
	second, i := preview(t, v, development, "avenue.csv", []byte(changed))
	if i.Changed != len(sample.Homes(t)) {
		t.Fatalf("the second import is %s", i.counts())
	}
	commit(t, v, second)
	v.Get(first + "/undo").Want(200).Says("Homes were imported into this development after it")
	undo(v, second, fmt.Sprintf("%d homes that it changed are again as they were before", len(sample.Homes(t)))).Want(200)
	if now := contents(t, s, development); now != before {
		t.Errorf("after undoing the second there are %s, before it %s", now, before)
	}
	undo(v, first).Want(200)
	if now := contents(t, s, development); now != empty {
		t.Errorf("after undoing both there are %s, at first %s", now, empty)
	}
}
