package standin

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
)

// The grant types (RFC 6749 sections 4.1.3 and 6; GoTo guide).
const (
	grantCode                = "authorization_code"
	grantRefresh             = "refresh_token"
	grantPersonalAccessToken = "personal_access_token"
)

const maxForm = 1 << 20 // A token has at most 4096 characters (GoTo guide).

// token answers a token request (RFC 6749 section 3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) { c.Token++ })
	form, malformed := readForm(w, r)
	s.countGrant(form)
	if s.limited(w) || s.intercepted(w, r) {
		return
	}
	reply, refused := s.answerToken(r, form, malformed)
	s.holdAnswer(r)
	if refused != nil {
		refused.write(w)
		return
	}
	writeJSON(w, http.StatusOK, reply)
}

// answerToken handles one request under the lock, so that only one of many requests with the same code is granted.
func (s *Server) answerToken(r *http.Request, form url.Values, refused *refusal) (map[string]any, *refusal) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var reply map[string]any
	if refused == nil {
		var authenticated client
		if authenticated, refused = s.authenticateClient(r); refused == nil {
			reply, refused = s.grant(authenticated, form, now)
		}
	}
	if refused != nil {
		s.counts.Refused++
		return nil, refused
	}
	s.counts.Granted++
	maps.Copy(reply, s.behavior.ExtraReply)
	for _, name := range s.behavior.OmitReply {
		delete(reply, name)
	}
	return reply, nil
}

// authenticateClient compares the Basic header without decoding its parts. RFC 6749 section 2.3.1 requires them to be
// URL-encoded, but GoTo's sample header has a raw "+" and "==".
func (s *Server) authenticateClient(r *http.Request) (client, *refusal) {
	refuse := func(description string) (client, *refusal) {
		return client{}, &refusal{http.StatusUnauthorized, "invalid_client", description}
	}
	id, secret, found := r.BasicAuth()
	if !found {
		return refuse("client authentication is missing")
	}
	known, found := s.client(id)
	if !found {
		return refuse("client not found")
	}
	if !known.has(secret) {
		return refuse("client authentication failed")
	}
	return known, nil
}

// readForm reads the body and puts it back for [Behavior.Intercept].
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return nil, invalidRequest("the body cannot be read: " + err.Error())
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("the body must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalidRequest("the body is not a form")
	}
	if name := repeated(form); name != "" {
		return form, invalidRequest(name + " appears more than once")
	}
	return form, nil
}
