package engine

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// entry is what the cache holds for a session. The zero entry stands for nothing.
type entry struct {
	// leadsTo is the key of the entry that has the login, nil if this one has it: profiles and replaced refresh
	// tokens lead to the entry of the credential that began the login.
	leadsTo *cache.Key
	// login is what the credential has brought, nil if it has brought nothing yet.
	login *Login
	// intent is the token request that is under way, or of which its process never told the end.
	intent *Intent
	// lost is the last token request whose answer nobody has seen, until another one has brought a token.
	lost *Intent
	// failures are token requests that have just ended without a token.
	failures []failure
}

// leads tells whether the entry leads to the one at key.
func (n entry) leads(key cache.Key) bool { return n.leadsTo != nil && *n.leadsTo == key }

// worth tells what is lost with the entry.
func (n entry) worth() cache.Worth {
	if n.leadsTo == nil && n.login == nil && n.intent == nil && n.lost == nil {
		return cache.Passing
	}
	return cache.Lasting
}

type failure struct {
	Sending string // what was sent, see [fingerprint]
	At      time.Time
	Err     *oauth.TokenError
}

// failureMemory is how long a failed token request answers for everybody who would send the same: a hundred blocks
// and processes with one dead credential are one refused request. It is short, because the person who sees the
// failure fixes its cause and runs again.
const failureMemory = 5 * time.Second

// recentFailure returns how a request that sends the same has just ended, nil if there was none: one within
// [failureMemory], or one that was not there when the asker read the entry first and has waited since.
func (n entry) recentFailure(sending string, first entry, now time.Time) *oauth.TokenError {
	for _, f := range n.failures {
		age := now.Sub(f.At)
		isNew := !slices.ContainsFunc(first.failures, func(old failure) bool { return old.Sending == f.Sending && old.At.Equal(f.At) })
		if f.Sending == sending && (0 <= age && age <= failureMemory || isNew) {
			return f.Err
		}
	}
	return nil
}

// withFailure returns the entry with one more failure, and without those that are of no use any more.
func (n entry) withFailure(f failure) entry {
	n.failures = append(slices.DeleteFunc(slices.Clone(n.failures), func(old failure) bool {
		return old.Sending == f.Sending || f.At.Sub(old.At) > failureMemory
	}), f)
	return n
}

// fingerprint names what a token request sends, without telling it, and how long it is tried: one that gives up
// early does not answer for one with more patience.
func fingerprint(client oauth.Client, grant oauth.Grant, budget time.Duration) string {
	parts := []string{"token request", budget.String(), string(grant.Type), grant.Credential.Reveal()}
	if grant.Type == oauth.AuthorizationCode {
		parts = append(parts, client.RedirectURI, grant.CodeVerifier.Reveal())
	}
	return cache.NewKey(parts...).String()
}

// storedEntry is the text of an entry. Its names never change.
type storedEntry struct {
	Format   int          `json:"format"` // [entryFormat]; the first format had no such name
	LeadsTo  string       `json:"leads_to,omitempty"`
	Login    *storedLogin `json:"login,omitempty"`
	Intent   *Intent      `json:"intent,omitempty"`
	Lost     *Intent      `json:"lost,omitempty"`
	Failures []failure    `json:"failures,omitempty"`
}

const entryFormat = 2

// storedLogin is the text of a login, in an entry or, in the first format, instead of one.
type storedLogin struct {
	AccessToken           *string   `json:"access_token"`
	RefreshToken          *string   `json:"refresh_token,omitempty"`
	Scope                 string    `json:"scope,omitempty"`
	Principal             string    `json:"principal,omitempty"`
	SignedInAt            time.Time `json:"signed_in_at,omitzero"`
	Generation            int       `json:"generation,omitempty"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
	AskedFor              *string   `json:"asked_for,omitempty"`
	IssuedAt              time.Time `json:"issued_at"`
	ExpiresAt             time.Time `json:"expires_at"`
}

func (n entry) encode() ([]byte, error) {
	stored := storedEntry{Format: entryFormat, Intent: n.intent, Lost: n.lost, Failures: n.failures}
	if n.leadsTo != nil {
		stored.LeadsTo = n.leadsTo.String()
	}
	if l := n.login; l != nil {
		accessToken, refreshToken := l.AccessToken.Reveal(), l.RefreshToken.Reveal()
		stored.Login = &storedLogin{&accessToken, &refreshToken, l.Scope, l.Principal, l.SignedInAt, l.Generation, l.RefreshTokenExpiresAt, l.AskedFor, l.IssuedAt, l.ExpiresAt}
	}
	return json.Marshal(stored)
}

func decodeEntry(text []byte) (entry, error) {
	var stored storedEntry
	if err := json.Unmarshal(text, &stored); err != nil || stored.Format == 0 {
		return decodeFormat1(text)
	}
	n := entry{intent: stored.Intent, lost: stored.Lost, failures: stored.Failures}
	if stored.Login != nil {
		n.login = stored.Login.login()
	}
	if stored.LeadsTo != "" {
		return n, n.lead([]byte(stored.LeadsTo))
	}
	return n, nil
}

var errNoEntry = errors.New("its text is not that of an entry")

// decodeFormat1 reads what the first format kept: a login, or for a profile the key that it leads to.
func decodeFormat1(text []byte) (n entry, err error) {
	var stored storedLogin
	if json.Unmarshal(text, &stored) != nil {
		return n, n.lead(text)
	}
	n.login = stored.login()
	if n.login.AccessToken.IsEmpty() && n.login.RefreshToken.IsEmpty() {
		return entry{}, errNoEntry
	}
	return n, nil
}

func (n *entry) lead(text []byte) error {
	var key cache.Key
	if len(text) != hex.EncodedLen(len(key)) {
		return errNoEntry
	}
	if _, err := hex.Decode(key[:], text); err != nil {
		return errNoEntry
	}
	n.leadsTo = &key
	return nil
}

func (stored *storedLogin) login() *Login {
	return &Login{
		AccessToken:           secretOf(stored.AccessToken),
		RefreshToken:          secretOf(stored.RefreshToken),
		Scope:                 stored.Scope,
		Principal:             stored.Principal,
		SignedInAt:            stored.SignedInAt,
		Generation:            stored.Generation,
		RefreshTokenExpiresAt: stored.RefreshTokenExpiresAt,
		AskedFor:              stored.AskedFor,
		IssuedAt:              stored.IssuedAt,
		ExpiresAt:             stored.ExpiresAt,
	}
}

func secretOf(text *string) secret.Value {
	if text == nil {
		return secret.Value{}
	}
	return secret.New(*text)
}
