package standin

import (
	"net/http"
	"net/url"
)

// Counts are the numbers of requests that have arrived.
type Counts struct {
	Authorize int // Sign-in pages shown or refused.
	Token     int // Every POST that reached the token endpoint.

	// Token requests by grant type, regardless of their result.
	Code, Refresh, PersonalAccessToken int

	// Token requests by result. Requests that [Behavior.Intercept] answered are not counted here.
	Granted, Refused int
	// Token requests beyond [Behavior.RequestsPerSecond].
	TurnedAway int

	Me     int // GET Me of the Admin API.
	SCIM   int // GET Me of SCIM.
	Revoke int // Revocation requests.
}

// Counts returns the counts since the start or the last [Server.ResetCounts].
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// ResetCounts sets all counts to zero and forgets the last token request.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.last = Counts{}, TokenRequest{}
}

func (s *Server) count(change func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counts)
}

// TokenRequest is a token request as it arrived.
type TokenRequest struct {
	// Username and Password are those of the Basic header, base64-decoded but otherwise unchanged.
	Username, Password string
	Form               url.Values
	Header             http.Header
}

// LastToken returns the token request that arrived last, or the zero value if there was none.
func (s *Server) LastToken() TokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.last
	last.Form, last.Header = url.Values(http.Header(last.Form).Clone()), last.Header.Clone()
	return last
}

// remember counts a token request by its grant type and keeps it for [Server.LastToken].
func (s *Server) remember(r *http.Request, form url.Values) {
	request := TokenRequest{Form: form, Header: r.Header.Clone()}
	request.Username, request.Password, _ = r.BasicAuth() // Both are empty without the header.

	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = request
	switch form.Get("grant_type") {
	case grantCode:
		s.counts.Code++
	case grantRefresh:
		s.counts.Refresh++
	case grantPersonalAccessToken:
		s.counts.PersonalAccessToken++
	}
}
