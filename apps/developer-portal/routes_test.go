package main

import (
	"testing"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

func TestRoutesAndTheirGuards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	list := webtest.Routes(t, s.routes)
	webtest.Golden(t, "testdata/routes.golden", webtest.Text(list))
	webtest.Guards(t, s.routes, list, s.keys)
	webtest.Actions(t, list, s.keys.Name, auth.SeeBuyers, auth.SeePeople)
}
