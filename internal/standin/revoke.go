package standin

import "net/http"

// revoke implements RFC 7009. Revoking an access token ends only that token, and revoking a refresh token ends its
// whole login. An unknown token counts as revoked.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) { c.Revoke++ })
	form, refused := readForm(w, r)
	var authenticated client
	if refused == nil {
		authenticated, refused = s.authenticateClient(r)
	}
	if refused == nil {
		refused = s.revokeToken(authenticated, form.Get("token"))
	}
	if refused != nil {
		refused.write(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revokeToken(c client, text string) *refusal {
	if text == "" {
		return invalidRequest("token is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	access, isAccess := s.store.accessTokens[text]
	refresh, isRefresh := s.store.refreshTokens[text]
	switch {
	case isAccess && access.client != c.id, isRefresh && refresh.client != c.id:
		return &refusal{http.StatusBadRequest, "invalid_grant", "the token was issued to another client"}
	case isAccess:
		access.revoked = true
	case isRefresh:
		refresh.login.revoked = true
	}
	return nil
}
