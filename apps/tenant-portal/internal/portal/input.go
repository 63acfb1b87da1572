package portal

import (
	"mime"
	"net/http"
	"net/url"
	"slices"

	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// readInput reads what was sent under names, as a form or as a JSON object of texts with the same names; another name
// in JSON is refused.
func readInput(r *http.Request, names ...string) (*web.Form, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return web.ReadForm(r)
	}
	var object map[string]string
	if err := web.DecodeJSON(r, &object); err != nil {
		return nil, err
	}
	sent, wrong := url.Values{}, map[string]text.Message{}
	for name, value := range object {
		if !slices.Contains(names, name) {
			wrong[name] = web.MsgUnknown
		}
		sent.Set(name, value)
	}
	if len(wrong) > 0 {
		return nil, web.Invalid(wrong)
	}
	r.PostForm = sent // ReadForm takes a form that is there for one that was read
	return web.ReadForm(r)
}
