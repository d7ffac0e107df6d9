package engine

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Login is what a credential has brought: an access token and, usually, the refresh token that
// brings the next one. It is what an entry of the cache holds.
type Login struct {
	AccessToken secret.Value
	// RefreshToken is always the one to use next, whatever the server has replaced; empty for a
	// personal access token.
	RefreshToken secret.Value
	Scope        string // space-separated, as sent
	Principal    string // who signed in, as sent
	// IssuedAt is when the access token was asked for, ExpiresAt when it ends at the latest.
	IssuedAt, ExpiresAt time.Time
}

// clockTolerance is how far the clocks of two machines that share a cache may be apart.
const clockTolerance = time.Minute

// valid tells whether the access token may be handed out: it lives for minValidity from now. A
// token whose whole life is no longer than that counts as valid for the first half of its life:
// asking again would bring nothing better, and never end.
func (l Login) valid(now time.Time, minValidity time.Duration) bool {
	if now.Before(l.IssuedAt.Add(-clockTolerance)) {
		return false // the clock has been set back: nobody knows how much is left
	}
	life := l.ExpiresAt.Sub(l.IssuedAt)
	if life <= minValidity {
		minValidity = life / 2
	}
	left := l.ExpiresAt.Sub(now)
	return left > 0 && left >= minValidity
}

// after returns the login once the server has answered grant with reply. What the reply leaves out
// stays as it was; a refresh token that was not replaced stays in use (GoTo guide "Refresh a token").
func (l Login) after(grant oauth.Grant, reply oauth.Token, sent time.Time) Login {
	sent = sent.UTC()
	fresh := Login{
		AccessToken:  reply.AccessToken,
		RefreshToken: reply.RefreshToken,
		Scope:        reply.Scope,
		Principal:    reply.Principal,
		IssuedAt:     sent,
		ExpiresAt:    sent.Add(reply.Lifetime),
	}
	if fresh.RefreshToken.IsEmpty() && grant.Type == oauth.RefreshToken {
		fresh.RefreshToken = grant.Credential
	}
	if fresh.Scope == "" {
		fresh.Scope = l.Scope
	}
	if fresh.Principal == "" {
		fresh.Principal = l.Principal
	}
	return fresh
}

// storedLogin is the text of an entry. The names are part of entry format 1.
type storedLogin struct {
	AccessToken  *string   `json:"access_token"`
	RefreshToken *string   `json:"refresh_token,omitempty"`
	Scope        string    `json:"scope,omitempty"`
	Principal    string    `json:"principal,omitempty"`
	IssuedAt     time.Time `json:"issued_at"`
	ExpiresAt    time.Time `json:"expires_at"`
}

func (l Login) encode() ([]byte, error) {
	accessToken, refreshToken := l.AccessToken.Reveal(), l.RefreshToken.Reveal()
	return json.Marshal(storedLogin{
		AccessToken:  &accessToken,
		RefreshToken: &refreshToken,
		Scope:        l.Scope,
		Principal:    l.Principal,
		IssuedAt:     l.IssuedAt,
		ExpiresAt:    l.ExpiresAt,
	})
}

func decodeLogin(text []byte) (Login, error) {
	var stored storedLogin
	if json.Unmarshal(text, &stored) != nil || stored.AccessToken == nil || *stored.AccessToken == "" {
		return Login{}, errors.New("its text is not that of a login")
	}
	login := Login{
		AccessToken: secret.New(*stored.AccessToken),
		Scope:       stored.Scope,
		Principal:   stored.Principal,
		IssuedAt:    stored.IssuedAt,
		ExpiresAt:   stored.ExpiresAt,
	}
	if stored.RefreshToken != nil {
		login.RefreshToken = secret.New(*stored.RefreshToken)
	}
	return login, nil
}
