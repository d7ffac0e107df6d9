package standin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"
)

// grant answers an authenticated token request. The caller holds the lock.
func (s *Server) grant(c client, form url.Values, now time.Time) (map[string]any, *refusal) {
	switch form.Get("grant_type") {
	case grantCode:
		return s.exchangeCode(c, form, now)
	case grantRefresh:
		return s.refresh(c, form, now)
	case grantPersonalAccessToken:
		return s.exchangePersonalAccessToken(c, form, now)
	case "":
		return nil, invalidRequest("grant_type is missing")
	default:
		return nil, &refusal{http.StatusBadRequest, "unsupported_grant_type", "grant_type is not supported"}
	}
}

func (s *Server) invalidGrant(description string) *refusal {
	return &refusal{s.behavior.InvalidGrantStatus, "invalid_grant", description}
}

// exchangeCode implements RFC 6749 section 4.1.3. A refused request does not use up the code.
func (s *Server) exchangeCode(c client, form url.Values, now time.Time) (map[string]any, *refusal) {
	if form.Get("code") == "" {
		return nil, invalidRequest("code is missing")
	}
	code, found := s.store.codes[form.Get("code")]
	switch {
	case !found || code.client != c.id:
		return nil, s.invalidGrant("the authorization code is not known")
	case code.used:
		s.reused(code.login)
		return nil, s.invalidGrant("the authorization code was used before")
	case expired(code.expires, now):
		return nil, s.invalidGrant("the authorization code has expired")
	case form.Get("redirect_uri") != code.redirectURI: // Exactly what was sent then.
		return nil, s.invalidGrant("redirect_uri is not the one of the authorize call")
	case !verifies(form.Get("code_verifier"), code.challenge):
		return nil, s.invalidGrant("code_verifier does not match code_challenge")
	}
	code.used = true
	reply := s.newAccessToken(code.login, c, now)
	reply["token_type"] = "Bearer"
	reply["refresh_token"] = s.newRefreshToken(code.login, now)
	reply["loa"] = 2 // Seen, but not documented; probably the level of assurance.
	return reply, nil
}

// verifies implements RFC 7636 section 4.6. It also refuses a verifier without a challenge (RFC 9700 section 2.1.1), so
// that a client that forgets the challenge is noticed.
func verifies(verifier, challenge string) bool {
	if verifier == "" || challenge == "" {
		return verifier == challenge
	}
	sum := sha256.Sum256([]byte(verifier))
	computed := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(computed), []byte(challenge)) == 1
}

// refresh implements RFC 6749 section 6. GoTo's documented reply has neither a token_type nor a
// refresh_token, unless the refresh token is replaced.
func (s *Server) refresh(c client, form url.Values, now time.Time) (map[string]any, *refusal) {
	text := form.Get("refresh_token")
	if text == "" {
		return nil, invalidRequest("refresh_token is missing")
	}
	token, found := s.store.refreshTokens[text]
	switch {
	case !found || token.client != c.id:
		return nil, s.invalidGrant("the refresh token is not known")
	case token.replaced && !s.behavior.ReplacedTokenLives:
		s.reused(token.login)
		return nil, s.invalidGrant("the refresh token was replaced")
	case token.revoked:
		return nil, s.invalidGrant("the refresh token was revoked")
	case expired(token.expires, now):
		return nil, s.invalidGrant("the refresh token has expired")
	}
	reply := s.newAccessToken(token.login, c, now)
	switch {
	case s.behavior.ReplaceRefreshToken.replaces(token, now):
		token.replaced = true
		reply["token_type"] = "Bearer"
		reply["refresh_token"] = s.newRefreshToken(token.login, now)
	case s.behavior.EchoRefreshToken:
		reply["token_type"] = "Bearer"
		reply["refresh_token"] = text
	}
	return reply, nil
}

// exchangePersonalAccessToken implements GoTo's own grant (GoTo guide).
func (s *Server) exchangePersonalAccessToken(c client, form url.Values, now time.Time) (map[string]any, *refusal) {
	if s.behavior.PersonalAccessTokenDisabled {
		// GoTo's own text. The error code is the most likely one.
		return nil, &refusal{http.StatusUnauthorized, "invalid_client", "Unauthorized grant type"}
	}
	if form.Get("pat") == "" {
		return nil, invalidRequest("pat is missing")
	}
	login, found := s.store.personalAccessTokens[form.Get("pat")]
	if !found {
		return nil, s.invalidGrant("the personal access token is not known")
	}
	reply := s.newAccessToken(login, c, now)
	reply["token_type"] = "Bearer"
	return reply, nil
}

// newAccessToken issues an access token and returns the members that the replies of all grants share.
func (s *Server) newAccessToken(l *login, c client, now time.Time) map[string]any {
	life := s.behavior.AccessTokenLifetime
	return map[string]any{
		"access_token": s.store.addAccessToken(&accessToken{login: l, client: c.id, expires: now.Add(life)}),
		"expires_in":   int64(life / time.Second),
		"scope":        l.scope,
		"principal":    l.principal,
	}
}

// reused handles the reuse of a code or replaced refresh token of this login.
func (s *Server) reused(l *login) {
	if s.behavior.ReuseKillsFamily {
		l.revoked = true
	}
}
