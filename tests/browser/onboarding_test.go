package browser

import (
	"path"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/uitest"
)

// furnishOnboarding puts known codes on cards: of no. 14 of Longview Park, of a neighbour, and on one that was replaced.
func (w *world) furnishOnboarding() {
	w.t.Helper()
	w.cards = map[string]string{}
	for name, where := range map[string]string{
		"own":       `i.revoked_at is null and i.unit_id = $2`,
		"neighbour": `i.revoked_at is null and i.unit_id <> $2 and i.development_id = (select development_id from units where id = $2)`,
		"replaced":  `i.revoked_at is not null and $2::uuid is not null`,
	} {
		code, hash := platform.NewInviteCode()
		w.DB.Exec(`update unit_invites set token_hash = $1 where id = (select i.id from unit_invites i where `+where+` order by i.id limit 1)`, hash, path.Base(w.home))
		w.cards[name] = "/onboarding/" + code
	}
	w.cards["unknown"] = "/onboarding/K7QF2M9DX3TB"
}

func (w *world) onboardingScenes() []scene {
	t := w.Tenant.URL
	const send = "main form button[type=submit]"
	return []scene{
		{name: "onboarding-type", portal: t, path: "/onboarding", says: "Enter the code from your card"},
		{name: "onboarding-type-wrong", portal: t, path: "/onboarding", status: 422, says: "There is a problem", act: func(p *uitest.Page) {
			p.Fill("[name=code]", "K7QF-2M9D")
			p.Submit(send)
		}},
		{name: "onboarding-typed", portal: t, path: "/onboarding", says: "Longview Park", act: func(p *uitest.Page) {
			p.Fill("[name=code]", path.Base(w.cards["neighbour"]))
			p.Submit(send)
		}},
		{name: "onboarding-card", portal: t, path: w.cards["neighbour"], says: "Is this your home?"},
		{name: "onboarding-card-wrong", portal: t, path: w.cards["neighbour"], status: 422, says: "There are 2 problems", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "una.gale")
			p.Submit(send)
		}},
		{name: "onboarding-sent", portal: t, path: w.cards["neighbour"], says: "otherwise they have been asked", act: func(p *uitest.Page) {
			p.Fill("[name=fullName]", "Una Gale")
			p.Fill("[name=email]", "una.gale@example.org")
			p.Submit(send)
		}},
		{name: "onboarding-own-home", portal: t, path: w.cards["own"], cookies: w.homeCookies, says: "This is your home"},
		{name: "link-used-signed-in", portal: t, path: w.links["used"], cookies: w.homeCookies, status: 410, says: "signed in on this device"},
		{name: "onboarding-replaced", portal: t, path: w.cards["replaced"], status: 410, says: "Ask your company for a new sheet"},
		{name: "onboarding-unknown", portal: t, path: w.cards["unknown"], status: 404, says: "We don’t know this code"},
	}
}
