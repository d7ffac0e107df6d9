package engine

import (
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Login is an access token and, usually, the refresh token for the next one. It is stored in an entry of the cache.
type Login struct {
	AccessToken secret.Value
	// RefreshToken is always the one to use next, even after the server has replaced others. It is empty for a personal
	// access token.
	RefreshToken secret.Value
	Scope        string // space-separated, as sent
	Principal    string // who signed in, as sent
	// SignedInAt is when the login began: when its code was exchanged, or its refresh token first used here. It is zero
	// for a login that began under the first format.
	SignedInAt time.Time
	// Generation counts the token requests of the login. The version of a login with the higher generation is newer,
	// regardless of the clocks of the machines.
	Generation int
	// RefreshTokenExpiresAt is when the refresh token expires, if that is known or can be estimated, and zero
	// otherwise.
	RefreshTokenExpiresAt time.Time
	// AskedFor is the profile that the sign-in was requested for. It is nil if the login did not begin with a sign-in
	// that this provider had requested. The code that began the login can store it under no other profile.
	AskedFor *string
	// IssuedAt is when the access token was requested, ExpiresAt when it expires at the latest.
	IssuedAt, ExpiresAt time.Time
}

// Ended reports whether both tokens of the login have expired, according to their dates.
func (l Login) Ended(now time.Time) bool {
	end := l.RefreshTokenExpiresAt
	mayRefresh := !l.RefreshToken.IsEmpty() && (end.IsZero() || now.Before(end))
	return !mayRefresh && (l.AccessToken.IsEmpty() || !now.Before(l.ExpiresAt))
}

// askedFor returns the profile that the code of request was meant for, or nil if that is the profile of request.
func (l *Login) askedFor(request Request) *string {
	if l == nil || l.AskedFor == nil || request.Grant.Type != oauth.AuthorizationCode || *l.AskedFor == request.Profile {
		return nil
	}
	return l.AskedFor
}

// after returns the login after the server has answered grant with reply. What the reply leaves out stays as it was; a
// refresh token that was not replaced stays in use (GoTo guide "Refresh a token").
func (l Login) after(grant oauth.Grant, reply oauth.Token, sent time.Time) Login {
	sent = sent.UTC()
	fresh := Login{
		AccessToken:  reply.AccessToken,
		RefreshToken: reply.RefreshToken,
		Scope:        reply.Scope,
		Principal:    reply.Principal,
		SignedInAt:   l.SignedInAt,
		Generation:   l.Generation + 1,
		AskedFor:     l.AskedFor,
		IssuedAt:     sent,
		ExpiresAt:    sent.Add(reply.Lifetime),
	}
	if fresh.RefreshToken.IsEmpty() && grant.Type == oauth.RefreshToken {
		fresh.RefreshToken = grant.Credential
	}
	fresh.RefreshTokenExpiresAt = oauth.RefreshTokenExpiry(fresh.RefreshToken)
	if fresh.RefreshTokenExpiresAt.IsZero() && !fresh.RefreshToken.IsEmpty() {
		if isNew := !fresh.RefreshToken.Equal(grant.Credential); isNew {
			fresh.RefreshTokenExpiresAt = sent.Add(oauth.RefreshTokenLifetime)
		} else {
			fresh.RefreshTokenExpiresAt = l.RefreshTokenExpiresAt
		}
	}
	if fresh.Scope == "" {
		fresh.Scope = l.Scope
	}
	if fresh.Principal == "" {
		fresh.Principal = l.Principal
	}
	return fresh
}

// withAccessTokenOf returns the login with the access token of other, which may have none.
func (l Login) withAccessTokenOf(other *Login) Login {
	l.AccessToken, l.IssuedAt, l.ExpiresAt = secret.Value{}, time.Time{}, time.Time{}
	if other != nil {
		l.AccessToken, l.IssuedAt, l.ExpiresAt = other.AccessToken, other.IssuedAt, other.ExpiresAt
	}
	return l
}
