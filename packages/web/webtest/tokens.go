package webtest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

var b64 = base64.RawURLEncoding

// Token is a session token taken apart, to be put together again in other ways.
type Token struct {
	Header, Claims map[string]any
	Signature      string
	Key            ed25519.PrivateKey // what it is signed with when put together again
}

// TakeApart reads a token that key has signed.
func TakeApart(t testing.TB, whole string, key auth.Key) Token {
	t.Helper()
	parts := strings.Split(whole, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	out := Token{Signature: parts[2], Key: key.Private}
	for i, into := range []*map[string]any{&out.Header, &out.Claims} {
		raw, err := b64.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// With changes a copy of header and claims, and leaves the signature.
func (k Token) With(change func(header, claims map[string]any)) Token {
	k.Header, k.Claims = maps.Clone(k.Header), maps.Clone(k.Claims)
	change(k.Header, k.Claims)
	return k
}

// Claim sets one claim; nil takes it away.
func (k Token) Claim(name string, value any) Token {
	return k.With(func(_, claims map[string]any) { put(claims, name, value) })
}

// Head sets one member of the header; nil takes it away.
func (k Token) Head(name string, value any) Token {
	return k.With(func(header, _ map[string]any) { put(header, name, value) })
}

func put(object map[string]any, name string, value any) {
	if object[name] = value; value == nil {
		delete(object, name)
	}
}

// Stale has the signature of the token that was taken apart.
func (k Token) Stale() string { return k.body() + "." + k.Signature }

// Signed is signed anew.
func (k Token) Signed() string { return k.sign(k.body()) }

// SignedRaw is signed anew, with claims that may be no JSON.
func (k Token) SignedRaw(claims string) string {
	return k.sign(b64.EncodeToString(jsonOf(k.Header)) + "." + b64.EncodeToString([]byte(claims)))
}

func (k Token) body() string {
	return b64.EncodeToString(jsonOf(k.Header)) + "." + b64.EncodeToString(jsonOf(k.Claims))
}

func (k Token) sign(body string) string {
	return body + "." + b64.EncodeToString(ed25519.Sign(k.Key, []byte(body)))
}

func jsonOf(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of plain values
	}
	return raw
}

// HostileTokens are those that a portal may not take for a session, whatever stands in its database: each by what is
// wrong with it. They are made of a good token of that portal and a key that is not one of its.
func HostileTokens(t testing.TB, good Token, foreign auth.Key) map[string]string {
	t.Helper()
	other := good
	other.Key = foreign.Private
	list := map[string]string{}
	for _, some := range []map[string]string{
		unsigned(good), confused(t, good), misled(good, other, foreign), late(good), misdirected(good), misspelt(good), otherThings(good),
	} {
		for name, token := range some {
			if list[name] != "" {
				t.Fatalf("two tokens are called %q", name)
			}
			list[name] = token
		}
	}
	return list
}

// unsigned have no signature, or one of something else.
func unsigned(good Token) map[string]string {
	whole := good.Signed()
	signature := whole[strings.LastIndexByte(whole, '.')+1:]
	flipped := []byte(whole)
	flipped[len(flipped)-10] ^= 1
	role := "admin"
	if good.Claims["role"] == role {
		role = "developer"
	}
	return map[string]string{
		"alg none":                     good.Head("alg", "none").body() + ".",
		"alg None":                     good.Head("alg", "None").body() + ".",
		"alg nOnE":                     good.Head("alg", "nOnE").body() + ".",
		"alg none with the signature":  good.Head("alg", "none").body() + "." + signature,
		"no signature":                 good.body() + ".",
		"no signature and no dot":      good.body(),
		"a bit of the signature":       string(flipped),
		"half the signature":           whole[:len(whole)-len(signature)/2],
		"another company, not signed":  good.Claim("tenant_id", uuid.NewString()).Stale(),
		"another person, not signed":   good.Claim("sub", uuid.NewString()).Stale(),
		"another session, not signed":  good.Claim("sid", uuid.NewString()).Stale(),
		"another role, not signed":     good.Claim("role", role).Stale(),
		"a longer life, not signed":    good.Claim("exp", time.Now().Add(20*time.Hour).Unix()).Stale(),
		"the signature of another one": good.body() + "." + strings.Split(good.Claim("sid", uuid.NewString()).Signed(), ".")[2],
	}
}

// confused are signed by another algorithm, or claim to be.
func confused(t testing.TB, good Token) map[string]string {
	t.Helper()
	public, _ := good.Key.Public().(ed25519.PublicKey)
	mac := func(alg string, secret []byte) string {
		k := good.Head("alg", alg)
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(k.body()))
		return k.body() + "." + b64.EncodeToString(h.Sum(nil))
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rs := good.Head("alg", "RS256")
	sum := sha256.Sum256([]byte(rs.body()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"HS256 with the public key":   mac("HS256", public),
		"HS256 with its name":         mac("HS256", []byte(fmt.Sprint(good.Header["kid"]))),
		"HS256 with nothing":          mac("HS256", nil),
		"HS512 with the public key":   mac("HS512", public),
		"RS256 with a key of its own": rs.body() + "." + b64.EncodeToString(signature),
		"ES256 over our signature":    good.Head("alg", "ES256").Signed(),
		"EdDSA in small letters":      good.Head("alg", "eddsa").Signed(),
		"alg empty":                   good.Head("alg", "").Signed(),
		"alg missing":                 good.Head("alg", nil).Signed(),
		"alg a list":                  good.Head("alg", []string{"EdDSA"}).Signed(),
	}
}

// misled say in their header which key to take, or more than a header may say.
func misled(good, other Token, foreign auth.Key) map[string]string {
	public, _ := foreign.Private.Public().(ed25519.PublicKey)
	jwk := map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64.EncodeToString(public)}
	return map[string]string{
		"somebody else's key":            other.Signed(),
		"somebody else's key and name":   other.Head("kid", foreign.ID).Signed(),
		"another key's name":             good.Head("kid", foreign.ID).Signed(),
		"a role above, by another key":   other.Claim("role", "admin").Signed(),
		"no key's name":                  good.Head("kid", nil).Signed(),
		"an empty key's name":            good.Head("kid", "").Signed(),
		"a number as the key's name":     good.Head("kid", 7).Signed(),
		"a list of names":                good.Head("kid", []any{good.Header["kid"]}).Signed(),
		"a path as the key's name":       good.Head("kid", "../../../../dev/null").Signed(),
		"SQL as the key's name":          good.Head("kid", "x' or '1'='1").Signed(),
		"65 bytes as the key's name":     good.Head("kid", strings.Repeat("k", 65)).Signed(),
		"5 KB as the key's name":         good.Head("kid", strings.Repeat("k", 5<<10)).Signed(),
		"a key in the header (jwk)":      other.Head("jwk", jwk).Signed(),
		"an address of keys (jku)":       other.Head("jku", "https://evil.example.org/keys").Signed(),
		"an address of a chain (x5u)":    other.Head("x5u", "https://evil.example.org/chain").Signed(),
		"a chain in the header (x5c)":    other.Head("x5c", []string{"MIIB"}).Signed(),
		"an address beside our key":      good.Head("jku", "https://evil.example.org/keys").Signed(),
		"crit":                           good.Head("crit", []string{"exp"}).Signed(),
		"no type":                        good.Head("typ", nil).Signed(),
		"the type JWT":                   good.Head("typ", "JWT").Signed(),
		"the type of a link":             good.Head("typ", "link+jwt").Signed(),
		"the type of a preview":          good.Head("typ", "preview+jwt").Signed(),
		"a header that is a list":        good.sign(b64.EncodeToString([]byte(`["EdDSA"]`)) + "." + b64.EncodeToString(jsonOf(good.Claims))),
		"a header that names alg twice":  good.sign(b64.EncodeToString(fmt.Appendf(nil, `{"alg":"EdDSA","alg":"none","typ":"session+jwt","kid":%q}`, good.Header["kid"])) + "." + b64.EncodeToString(jsonOf(good.Claims))),
		"a header that is not base64url": "!" + good.Signed(),
	}
}

// late are signed by the right key at the wrong time.
func late(good Token) map[string]string {
	now := time.Now().Unix()
	times := func(iat, exp any) string {
		return good.With(func(_, claims map[string]any) { claims["iat"], claims["exp"] = iat, exp }).Signed()
	}
	end := fmt.Sprint(good.Claims["exp"])
	return map[string]string{
		"expired a minute ago":          times(now-7200, now-60),
		"expired long ago":              times(1, 2),
		"no end":                        good.Claim("exp", nil).Signed(),
		"the end is 0":                  good.Claim("exp", 0).Signed(),
		"the end is -1":                 good.Claim("exp", -1).Signed(),
		"the end is null":               good.SignedRaw(strings.Replace(string(jsonOf(good.Claims)), end, "null", 1)),
		"the end is 1e308":              good.SignedRaw(strings.Replace(string(jsonOf(good.Claims)), end, "1e308", 1)),
		"the end is beyond all numbers": good.SignedRaw(strings.Replace(string(jsonOf(good.Claims)), end, strings.Repeat("9", 400), 1)),
		"the end in a text":             good.Claim("exp", "9999999999").Signed(),
		"the end with a fraction":       good.Claim("exp", float64(now+600)+0.5).Signed(),
		"lives a week":                  good.Claim("exp", now+7*24*3600).Signed(),
		"ends before it begins":         times(now+20, now+10),
		"from the future":               times(now+600, now+1200),
		"issued long ago":               good.Claim("iat", now-30*24*3600).Signed(),
		"no beginning":                  good.Claim("iat", nil).Signed(),
		"not yet":                       good.Claim("nbf", now+600).Signed(),
		"not before a text":             good.Claim("nbf", "now").Signed(),
	}
}

// misdirected are for somebody else, or about somebody who can't be.
func misdirected(good Token) map[string]string {
	return map[string]string{
		"no audience":            good.Claim("aud", nil).Signed(),
		"an empty audience":      good.Claim("aud", "").Signed(),
		"both audiences":         good.Claim("aud", []string{auth.PortalDeveloper, auth.PortalTenant}).Signed(),
		"the audience in a list": good.Claim("aud", []any{good.Claims["aud"]}).Signed(),
		"another audience":       good.Claim("aud", "payroll").Signed(),
		"no issuer":              good.Claim("iss", nil).Signed(),
		"another issuer":         good.Claim("iss", "https://evil.example.org").Signed(),
		"the issuer with /":      good.Claim("iss", fmt.Sprint(good.Claims["iss"])+"/").Signed(),
		"nobody":                 good.Claim("sub", nil).Signed(),
		"the nil person":         good.Claim("sub", uuid.Nil.String()).Signed(),
		"a person by name":       good.Claim("sub", "admin").Signed(),
		"no company":             good.Claim("tenant_id", nil).Signed(),
		"a list of companies":    good.Claim("tenant_id", []any{good.Claims["tenant_id"]}).Signed(),
		"a company in braces":    good.Claim("tenant_id", "{"+uuid.NewString()+"}").Signed(),
		"SQL as the company":     good.Claim("tenant_id", "' or true --").Signed(),
		"no session":             good.Claim("sid", nil).Signed(),
		"no role":                good.Claim("role", nil).Signed(),
		"an unknown role":        good.Claim("role", "operator").Signed(),
		"a role in capitals":     good.Claim("role", "Admin").Signed(),
		"a list of roles":        good.Claim("role", []string{"admin"}).Signed(),
		"a home in part":         good.With(func(_, c map[string]any) { delete(c, "development_id"); c["unit_id"] = uuid.NewString() }).Signed(),
	}
}

// misspelt are signed by the right key over what is no plain set of claims, or are spelt in another way than issued.
func misspelt(good Token) map[string]string {
	whole, claims := good.Signed(), string(jsonOf(good.Claims))
	parts := strings.Split(whole, ".")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	loose := whole[:len(whole)-1] + string(alphabet[strings.IndexByte(alphabet, whole[len(whole)-1])|1])
	more := func(text string) string { return good.SignedRaw(strings.TrimSuffix(claims, "}") + text + "}") }
	return map[string]string{
		"padding":                        whole + "==",
		"loose bits behind it":           loose,
		"a fourth part":                  whole + ".e30",
		"a blank in it":                  parts[0] + ". " + parts[1] + "." + parts[2],
		"the other alphabet":             parts[0] + "." + parts[1] + "." + base64.StdEncoding.EncodeToString(make([]byte, ed25519.SignatureSize)),
		"percent signs":                  parts[0] + "%2E" + parts[1] + "%2E" + parts[2],
		"9 KB, well signed":              good.Claim("role", strings.Repeat("x", 9<<10)).Signed(),
		"9 KB of signature":              whole + strings.Repeat("A", 9<<10),
		"the company twice":              more(`,"tenant_id":"` + uuid.NewString() + `"`),
		"the role twice":                 more(`,"role":"admin"`),
		"the company in capitals too":    more(`,"TENANT_ID":"` + uuid.NewString() + `"`),
		"an unknown claim":               more(`,"admin":true`),
		"a nested claim":                 more(`,"act":{"sub":"` + uuid.NewString() + `"}`),
		"claims inside claims":           good.SignedRaw(`{"claims":` + claims + `}`),
		"claims that are a list":         good.SignedRaw("[" + claims + "]"),
		"claims that are a text":         good.SignedRaw(string(jsonOf(claims))),
		"claims that are null":           good.SignedRaw("null"),
		"no claims":                      good.SignedRaw("{}"),
		"claims that are cut off":        good.SignedRaw(claims[:len(claims)-2]),
		"claims with something behind":   good.SignedRaw(claims + "{}"),
		"claims that are deeply nested":  good.SignedRaw(strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900)),
		"claims that are not UTF-8":      good.SignedRaw(strings.Replace(claims, `"role":"`, "\"role\":\"\xff", 1)),
		"claims that are not base64url":  parts[0] + "." + parts[1] + "!." + parts[2],
		"claims in another token's head": parts[1] + "." + parts[0] + "." + parts[2],
	}
}

// otherThings are secrets that open something else, and texts that open nothing.
func otherThings(good Token) map[string]string {
	return map[string]string{
		"a dot":               ".",
		"two dots":            "..",
		"not a token":         "abc.def.ghi",
		"a link's secret":     b64.EncodeToString([]byte(strings.Repeat("\x5a", 32))),
		"a printed code":      "7H3K9-QX2MV",
		"a session's id":      fmt.Sprint(good.Claims["sid"]),
		"a person's id":       fmt.Sprint(good.Claims["sub"]),
		"its claims, plain":   b64.EncodeToString(jsonOf(good.Claims)),
		"a choice of company": b64.EncodeToString([]byte(`{"a":[],"e":9999999999}`)) + "." + b64.EncodeToString(make([]byte, 32)),
		"two tokens":          good.Signed() + "," + good.Signed(),
		"SQL":                 "'--.or.true",
	}
}
