package idtoken

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestKeysOfOtherKindsArePassedOver(t *testing.T) {
	t.Parallel()
	r, e, d := newSigner(t, "rsa", RS256), newSigner(t, "ec", ES256), newSigner(t, "ed", EdDSA)
	list := []object{
		r.jwk(), e.jwk(), d.jwk(),
		with(d.jwk(), "kid", nil),
		with(d.jwk(), "kid", strings.Repeat("k", mostKidBytes+1)),
		with(with(d.jwk(), "kid", "encryption"), "use", "enc"),
		with(with(d.jwk(), "kid", "signing only"), "key_ops", []string{"sign"}),
		with(with(d.jwk(), "kid", "no use at all"), "key_ops", []string{}),
		with(with(d.jwk(), "kid", "another algorithm"), "alg", "ES256"),
		with(with(r.jwk(), "kid", "PS256"), "alg", "PS256"),
		with(with(r.jwk(), "kid", "small"), "n", segment([]byte(strings.Repeat("\xff", 128)))),
		with(with(r.jwk(), "kid", "huge"), "n", segment([]byte(strings.Repeat("\xff", 2000)))),
		with(with(r.jwk(), "kid", "even modulus"), "n", segment([]byte(strings.Repeat("\xfe", 256)))),
		with(with(r.jwk(), "kid", "exponent 1"), "e", "AQ"),
		with(with(r.jwk(), "kid", "exponent even"), "e", "AQAA"),
		with(with(r.jwk(), "kid", "exponent huge"), "e", "AQAAAAAAAAAB"),
		with(with(e.jwk(), "kid", "not on the curve"), "x", segment(make([]byte, 32))),
		with(with(e.jwk(), "kid", "short"), "x", "AQAB"),
		with(with(e.jwk(), "kid", "another curve"), "crv", "P-384"),
		with(with(d.jwk(), "kid", "short ed"), "x", "AQAB"),
		with(with(d.jwk(), "kid", "not base64"), "x", "!!!"),
		with(with(d.jwk(), "kid", "X25519"), "crv", "X25519"),
		{"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
		{"kty": 7, "kid": "number"},
		with(newSigner(t, "ed", EdDSA).jwk(), "kid", "rsa"), // a second one under a name that is taken
	}
	set, err := parseSet(encode(object{"keys": list}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for kid, k := range set {
		got = append(got, kid+" "+k.algorithm)
	}
	slices.Sort(got)
	if want := "[ec ES256 ed EdDSA rsa RS256]"; fmt.Sprint(got) != want {
		t.Errorf("taken: %v, want %s", got, want)
	}
	for name, text := range map[string]string{
		"not JSON": "<html>", "nothing": "", "null": "null", "a list": "[]", "no keys": `{"keys":[]}`, "keys of no use": `{"keys":[{"kty":"oct","kid":"a"}, 5, null]}`,
		"a crowd": `{"keys":[` + strings.Repeat("{},", mostKeys) + "{}]}",
	} {
		if set, err := parseSet([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, set)
		}
	}
}

// FuzzParseSet: whatever a provider publishes, it is a set of sound keys or an error.
func FuzzParseSet(f *testing.F) {
	for _, algorithm := range Algorithms() {
		f.Add(string(encode(object{"keys": []object{newSigner(f, "k", algorithm).jwk()}})))
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := parseSet([]byte(text))
		if (err == nil) != (len(set) > 0) {
			t.Fatalf("%d keys and %v", len(set), err)
		}
		for kid, k := range set {
			if kid == "" || k.public == nil || !slices.Contains(Algorithms(), k.algorithm) {
				t.Fatalf("key %q: %+v", kid, k)
			}
		}
	})
}
