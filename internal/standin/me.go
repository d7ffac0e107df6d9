package standin

import (
	"net/http"
	"slices"
	"strings"
)

// me answers GET Me of the Admin API (GoTo guide), where 401 and 403 have each other's usual meaning.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) { c.Me++ })
	s.answerMe(w, r, person.me, AdminCenterScope)
}

// scimMe answers GET Me of SCIM. No guide documents it; this is what the live service does.
func (s *Server) scimMe(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) { c.SCIM++ })
	s.answerMe(w, r, person.scim, AdminCenterScope, ProfileScope)
}

// answerMe answers with the owner of the token if the token is valid and has one of the scopes.
func (s *Server) answerMe(w http.ResponseWriter, r *http.Request, reply func(person) map[string]any, scopes ...string) {
	if s.intercepted(w, r) {
		return
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token, state := s.lookUp(text)
	switch {
	case state == dead:
		writeJSON(w, http.StatusForbidden, map[string]any{
			"int_err_code": "InvalidToken", "msg": "Invalid token passed",
		})
	case !strings.EqualFold(scheme, "Bearer"), state == unknown,
		!slices.ContainsFunc(strings.Fields(token.scope), func(scope string) bool { return slices.Contains(scopes, scope) }):
		writeJSON(w, http.StatusUnauthorized, map[string]any{
			"errorCode": "not.authenticated", "msg": "The request is not authenticated",
		})
	default:
		caller, _ := findPerson(token.principal)
		writeJSON(w, http.StatusOK, reply(caller))
	}
}

type tokenState int

const (
	unknown tokenState = iota
	alive
	dead
)

func (s *Server) lookUp(text string) (login, tokenState) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.store.accessTokens[text]
	switch {
	case !found:
		return login{}, unknown
	case token.revoked || token.login.revoked || expired(token.expires, now):
		return *token.login, dead
	}
	return *token.login, alive
}
