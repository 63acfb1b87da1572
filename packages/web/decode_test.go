package web_test

import (
	"net/http"
	"strings"
	"testing"

	"openhouse.example/packages/web"
)

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/api/units", func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Name     string   `json:"name"`
			Bedrooms int      `json:"bedrooms"`
			Tags     []string `json:"tags"`
			Show     bool     `json:"show"`
			Address  struct {
				Area float64 `json:"area"`
			} `json:"address"`
		}
		if err := web.DecodeJSON(r, &in); err != nil {
			return err
		}
		return web.JSON(w, http.StatusOK, in)
	})
	for name, c := range map[string]struct {
		body, kind string
		want       int
		says       string
	}{
		"good":             {`{"name":"14","bedrooms":3}`, "application/json; charset=utf-8", 200, `"bedrooms":3`},
		"blanks around":    {" {\"name\":\"14\"}\n", "application/json", 200, `"name":"14"`},
		"no type":          {`{}`, "", 415, "not_json"},
		"a form's type":    {`{}`, "application/x-www-form-urlencoded", 415, "not_json"},
		"empty":            {``, "application/json", 400, "The body is empty"},
		"not JSON":         {`{"name":nope}`, "application/json", 400, "look at character 10"},
		"cut":              {`{"name":"14"`, "application/json", 400, "can’t be read"},
		"two values":       {`{}{}`, "application/json", 400, "nothing after it"},
		"rubbish behind":   {`{}!`, "application/json", 400, "look at character"},
		"unknown field":    {`{"colour":"red"}`, "application/json", 422, `"fields":{"colour":"There is no such field here."}`},
		"text for number":  {`{"bedrooms":"three"}`, "application/json", 422, `"bedrooms":"This must be a whole number."`},
		"part of a number": {`{"bedrooms":2.5}`, "application/json", 422, `"bedrooms":"This must be a whole number."`},
		"number for text":  {`{"name":14}`, "application/json", 422, `"name":"This must be a text."`},
		"text for list":    {`{"tags":"a"}`, "application/json", 422, `"tags":"This must be a list."`},
		"text for switch":  {`{"show":"yes"}`, "application/json", 422, `"show":"This must be true or false."`},
		"nested":           {`{"address":{"area":"big"}}`, "application/json", 422, `"address.area":"This must be a number."`},
		"list for object":  {`{"address":[]}`, "application/json", 422, `"address":"This must be an object."`},
		"not an object":    {`[]`, "application/json", 400, "can’t be read"},
		"too large":        {`{"name":"` + strings.Repeat("a", 1<<20) + `"}`, "application/json", 413, "at most 1 MB"},
	} {
		r := request(http.MethodPost, "/api/units", c.body, "Content-Type", c.kind)
		r.ContentLength = -1 // so that the limit is met while reading
		w := s.do(r)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %.300s; want %d with %q", name, w.Code, w.Body, c.want, c.says)
		}
	}
}
