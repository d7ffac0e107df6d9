package standin

import "net/url"

// Counts are the numbers of requests that have arrived.
type Counts struct {
	Token int // Every POST that reached the token endpoint.

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

// ResetCounts sets all counts to zero.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = Counts{}
}

func (s *Server) count(change func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counts)
}

// countGrant counts a token request by its grant type.
func (s *Server) countGrant(form url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch form.Get("grant_type") {
	case grantCode:
		s.counts.Code++
	case grantRefresh:
		s.counts.Refresh++
	case grantPersonalAccessToken:
		s.counts.PersonalAccessToken++
	}
}
