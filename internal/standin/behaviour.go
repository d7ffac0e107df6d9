package standin

import (
	"net/http"
	"time"
)

// ReplacementPolicy says when a refresh is answered with a new refresh token.
type ReplacementPolicy int

const (
	// AfterSixtyPercent replaces a refresh token once 60 % of its life has passed (GoTo guide).
	AfterSixtyPercent ReplacementPolicy = iota
	// Never keeps every refresh token to the end of its life.
	Never
	// Always replaces a refresh token whenever it is used.
	Always
)

// Behaviour is what a test may change about the server while it runs.
type Behaviour struct {
	// ReplaceRefreshToken says when a refresh token is replaced.
	ReplaceRefreshToken ReplacementPolicy
	// ReplacedTokenLives keeps a replaced refresh token usable. GoTo's pages contradict each other.
	ReplacedTokenLives bool
	// ReuseKillsFamily revokes everything that came from a login when its code or a dead replaced
	// refresh token is sent again (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
	ReuseKillsFamily bool
	// EchoRefreshToken sends the same refresh token back, as GoTo did until 2024.
	EchoRefreshToken bool
	// InvalidGrantStatus is the HTTP status of invalid_grant: 400 by RFC 6749 section 5.2; what
	// GoTo sends is not documented.
	InvalidGrantStatus int

	// AccessTokenLifetime counts from the issue of each token: 3600 s (GoTo guide).
	AccessTokenLifetime time.Duration
	// RefreshTokenLifetime counts from the issue of each token: 30 days (GoTo guide).
	RefreshTokenLifetime time.Duration
	// CodeLifetime counts from the issue of each code: 600 s (seen on the live service).
	CodeLifetime time.Duration

	// RequestsPerSecond is how many token requests are answered in any second; the others get 429. 0
	// is no limit. GoTo documents 10.
	RequestsPerSecond int
	// RetryAfter is sent with 429, in whole seconds; 0 sends no such header. GoTo may do either.
	RetryAfter time.Duration

	// PersonalAccessTokenDisabled switches that grant type off, as on GoTo's client page.
	PersonalAccessTokenDisabled bool

	// ExtraReply is merged into every granted token reply: another expires_in, unknown members.
	ExtraReply map[string]any
	// OmitReply names members that granted token replies leave out.
	OmitReply []string

	// Intercept sees every request to the token endpoint that is within the limit and every GET Me (that of SCIM as
	// well) first, counted already and with its body still to be read; true means that it has answered. It runs outside
	// the lock, so it may wait, and may call the server's methods.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	// BeforeAnswer sees every token request that the stand-in has processed: a refresh token is replaced by then, a
	// code is used up. The answer waits for it, and panic(http.ErrAbortHandler) loses the answer. It is called even
	// if the client has gone, runs outside the lock, and may call the server's methods.
	BeforeAnswer func(r *http.Request)
}

// documented is what GoTo documents.
func documented() Behaviour {
	return Behaviour{
		InvalidGrantStatus:   http.StatusBadRequest,
		AccessTokenLifetime:  time.Hour,
		RefreshTokenLifetime: 30 * 24 * time.Hour,
		CodeLifetime:         10 * time.Minute,
	}
}

// Configure changes the behaviour, starting from the present one. Tokens and codes keep the
// lifetime they were issued with. Changed in one call, fields take effect together. The function
// runs under the lock and must not call the server.
func (s *Server) Configure(change func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.behaviour)
}

// intercepted lets a test answer in the server's place.
func (s *Server) intercepted(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	intercept := s.behaviour.Intercept
	s.mu.Unlock()
	return intercept != nil && intercept(w, r)
}

// holdAnswer lets a test delay or lose the answer to a request that has been processed.
func (s *Server) holdAnswer(r *http.Request) {
	s.mu.Lock()
	before := s.behaviour.BeforeAnswer
	s.mu.Unlock()
	if before != nil {
		before(r)
	}
}

// replaces tells whether the policy asks for a new refresh token now.
func (p ReplacementPolicy) replaces(t *refreshToken, now time.Time) bool {
	switch p {
	case Always:
		return true
	case Never:
		return false
	default:
		life := t.expires.Sub(t.issued)
		return !now.Before(t.issued.Add(life / 10 * 6))
	}
}
