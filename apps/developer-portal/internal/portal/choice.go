package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
)

// choiceLife is how long a person may think about which company to work for.
const choiceLife = 5 * time.Minute

// provedAccount is what a proof keeps of an account: never its password's hash.
type provedAccount struct {
	TenantID uuid.UUID            `json:"t"`
	StaffID  uuid.UUID            `json:"s"`
	Role     string               `json:"r"`
	Password *store.PasswordState `json:"p,omitempty"`
	Provider uuid.UUID            `json:"i,omitzero"`
}

type proof struct {
	Accounts []provedAccount `json:"a"`
	Ends     int64           `json:"e"` // Unix seconds
}

// proof says, signed, that the bearer has the password of these accounts. Nothing is stored: it ends by itself.
func (p *Portal) proof(accounts []store.Account) (string, error) {
	v := proof{Ends: p.now().Add(choiceLife).Unix()}
	for _, a := range accounts {
		v.Accounts = append(v.Accounts, provedAccount{a.TenantID, a.StaffID, a.Role, a.Password, a.Provider})
	}
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write a choice of company: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode(body) + "." + encode(p.sign(body)), nil
}

// proved reads a proof; none of the accounts count when it is forged or too old.
func (p *Portal) proved(choice string) []store.Account {
	left, right, _ := strings.Cut(choice, ".")
	body, err := base64.RawURLEncoding.DecodeString(left)
	if err != nil {
		return nil
	}
	mark, err := base64.RawURLEncoding.DecodeString(right)
	if err != nil || !hmac.Equal(mark, p.sign(body)) {
		return nil
	}
	var v proof
	if err := json.Unmarshal(body, &v); err != nil || p.now().Unix() >= v.Ends {
		return nil
	}
	accounts := make([]store.Account, len(v.Accounts))
	for i, a := range v.Accounts {
		accounts[i] = store.Account{TenantID: a.TenantID, StaffID: a.StaffID, Role: a.Role, Password: a.Password, Provider: a.Provider}
	}
	return accounts
}

func (p *Portal) sign(body []byte) []byte {
	h := hmac.New(sha256.New, p.choiceKey)
	h.Write(body)
	return h.Sum(nil)
}
