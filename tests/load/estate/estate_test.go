package estate

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAHomeIsTakenOnce: two runs never scan the same code.
func TestAHomeIsTakenOnce(t *testing.T) {
	t.Parallel()
	c := Company{Homes: []Home{{Code: "A"}, {Code: "B"}, {Code: "C"}}}
	first, err := c.Take(2)
	if err != nil || len(first) != 2 || first[0].Code != "A" {
		t.Fatalf("%v, %v", first, err)
	}
	if _, err := c.Take(2); err == nil || !strings.Contains(err.Error(), "--homes 1") || c.Used != 2 {
		t.Errorf("%v, used %d", err, c.Used)
	}
	if last, err := c.Take(1); err != nil || last[0].Code != "C" {
		t.Errorf("%v, %v", last, err)
	}
}

// TestTheLinkStaysSecret: it opens the company, so no error may repeat it.
func TestTheLinkStaysSecret(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for origin, says := range map[string]string{refuses.URL: "answers 404", gone.URL: "no answer from the developer portal at " + gone.URL} {
		_, err := Open(t.Context(), origin, origin, "https://staff.example.org/password/s3cret")
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v, want %s", err, says)
		}
	}
	for _, link := range []string{"", "s3cret", "https://staff.example.org/link/s3cret", "https://staff.example.org/password/%zz"} {
		if _, err := Open(t.Context(), refuses.URL, refuses.URL, link); err == nil || !strings.Contains(err.Error(), "not the link") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", link, err)
		}
	}
}

func TestTheManifest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string
		want map[string]string
		says string
	}{
		"as it is printed":    {"\uFEFFFile,Home,Link,Code\r\na.png,1,https://homes.example.org/onboarding/K7QF,K7-QF\r\nb.png,12,https://homes.example.org/onboarding/ZZ99,ZZ-99\r\n", map[string]string{"1": "K7QF", "12": "ZZ99"}, ""},
		"in another language": {"Datei,Haus,Link\n", nil, "Home and Link are wanted"},
		"empty":               {"", nil, "no rows"},
	} {
		var archive bytes.Buffer
		z := zip.NewWriter(&archive)
		file, err := z.Create("manifest.csv")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.Write([]byte(c.list))
		_ = z.Close()
		got, err := readManifest(archive.Bytes())
		if !maps.Equal(got, c.want) || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := readManifest([]byte("no archive")); err == nil {
		t.Error("anything is taken for an archive")
	}
}

func TestTheSpreadsheet(t *testing.T) {
	t.Parallel()
	file := homesFile("Load test", 3, func(n int) string { return strings.Repeat("x", n) + "@example.org" })
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil || len(rows) != 4 || rows[3][0] != "3" || rows[3][6] != "xxx@example.org" {
		t.Errorf("%q, %v", rows, err)
	}
}
