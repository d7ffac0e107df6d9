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

// entry is what the cache holds for a session. The zero entry is empty.
type entry struct {
	// leadsTo is the key of the entry that has the login, or nil if this one has it. Profiles and replaced refresh
	// tokens lead to the entry of the credential that began the login.
	leadsTo *cache.Key
	// login is the login of the credential, or nil if there is none yet.
	login *Login
	// intent is the token request in progress, or one whose process never stored its result.
	intent *Intent
	// lost is the last token request whose answer was lost. A later request that brings a token clears it.
	lost *Intent
	// failures are token requests that have just failed.
	failures []failure
}

// leads reports whether the entry leads to the one at key.
func (n entry) leads(key cache.Key) bool { return n.leadsTo != nil && *n.leadsTo == key }

// kind returns whether the entry is worth keeping.
func (n entry) kind() cache.Kind {
	if n.leadsTo == nil && n.login == nil && n.intent == nil && n.lost == nil {
		return cache.Transient
	}
	return cache.Retained
}

type failure struct {
	Sending string // what was sent, see [fingerprint]
	At      time.Time
	Err     *oauth.TokenError
}

// failureLifetime is how long the error of a token request answers all requests that would send the same: a hundred
// blocks and processes with one refused credential send one request. It is short, because people fix the cause of the
// error and run again.
const failureLifetime = 5 * time.Second

// recentFailure returns the error of a recent request that sent the same, or nil if there is none. A failure is recent
// within [failureLifetime], and also if it was stored after the caller first read the entry and began to wait.
func (n entry) recentFailure(sending string, first entry, now time.Time) *oauth.TokenError {
	for _, f := range n.failures {
		age := now.Sub(f.At)
		isNew := !slices.ContainsFunc(first.failures, func(old failure) bool { return old.Sending == f.Sending && old.At.Equal(f.At) })
		if f.Sending == sending && (0 <= age && age <= failureLifetime || isNew) {
			return f.Err
		}
	}
	return nil
}

// withFailure returns the entry with one more failure, and without those that are too old.
func (n entry) withFailure(f failure) entry {
	n.failures = append(slices.DeleteFunc(slices.Clone(n.failures), func(old failure) bool {
		return old.Sending == f.Sending || f.At.Sub(old.At) > failureLifetime
	}), f)
	return n
}

// fingerprint identifies what a token request sends, without revealing it, and its time budget: the failure of a
// request that gives up early does not answer one that tries longer.
func fingerprint(client oauth.Client, grant oauth.Grant, budget time.Duration) string {
	parts := []string{"token request", budget.String(), string(grant.Type), grant.Credential.Reveal()}
	if grant.Type == oauth.AuthorizationCode {
		parts = append(parts, client.RedirectURI, grant.CodeVerifier.Reveal())
	}
	return cache.NewKey(parts...).String()
}

// storedEntry is the JSON of an entry. Its names never change.
type storedEntry struct {
	Format   int          `json:"format"` // [entryFormat]; the first format had no such name
	LeadsTo  string       `json:"leads_to,omitempty"`
	Login    *storedLogin `json:"login,omitempty"`
	Intent   *Intent      `json:"intent,omitempty"`
	Lost     *Intent      `json:"lost,omitempty"`
	Failures []failure    `json:"failures,omitempty"`
}

const entryFormat = 2

// storedLogin is the JSON of a login, in an entry or, in the first format, in its place.
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

var errNoEntry = errors.New("its contents are not a valid entry")

// decodeFormat1 reads the first format, which held a login or, for a profile, the key that it leads to.
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
