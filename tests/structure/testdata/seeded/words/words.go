// Package words holds sentences that stand in code, and what looks like one.
package words

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const busy = "Many people are here. Try again later." // want "a sentence for people"

func answers(name string) {
	_ = &web.Error{Code: "odd", Public: text.M("Something odd has happened.")}            // want "is no key"
	_ = &web.Error{Code: "odd", Public: text.M("Odd")}                                    // want "is no key"
	_ = &web.Error{Code: "busy", Public: text.M(busy)}                                    // want "is no key"
	_ = &web.Error{Code: "odd", Public: text.M(name)}                                     // want "where it is used"
	_ = web.Invalid(map[string]text.Message{"name": text.M("Fill in " + name)})           // want "is no key"
	_ = web.BadRequest("odd", text.M(fmt.Sprintf("answer.%s", name)), nil)                // want "where it is used"
	_ = web.Conflict("taken", text.M("answer.conflict"), errors.New("the row is locked")) // a key, and a cause for the log
	_ = web.Invalid(map[string]text.Message{"name": text.M("invalid." + name)})           // declared where it stands
}

func pages(ctx context.Context, w http.ResponseWriter, form *web.Form, word string) {
	http.Error(w, "This took too long. Try again later.", http.StatusGatewayTimeout) // want "a sentence for people"
	form.Fail("name", text.M("input."+word+".missing"))
	_ = ui.AlertProps{Text: "Nothing was saved here!"} // want "a sentence for people"
	_ = text.T(ctx, "Nothing was saved.")              // want "is no key"
	_ = text.T(ctx, word)                              // want "where it is used"
	_ = text.T(ctx, "answer."+word)
	panic("words: this is for whoever reads the log")
}
