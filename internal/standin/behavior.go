package standin

import (
	"net/http"
	"time"
)

// ReplacementPolicy says when a refresh returns a new refresh token.
type ReplacementPolicy int

const (
	// AfterSixtyPercent replaces a refresh token once 60 % of its life has passed (GoTo guide).
	AfterSixtyPercent ReplacementPolicy = iota
	// Never keeps every refresh token to the end of its life.
	Never
	// Always replaces a refresh token whenever it is used.
	Always
)

// Behavior is what a test can change while the server runs.
type Behavior struct {
	// ReplaceRefreshToken says when a refresh token is replaced.
	ReplaceRefreshToken ReplacementPolicy
	// ReplacedTokenLives keeps a replaced refresh token usable. GoTo's pages contradict each other about this.
	ReplacedTokenLives bool
	// ReuseKillsFamily revokes all tokens of a login when its code or a dead replaced refresh token is sent again (RFC
	// 6749 section 4.1.2, RFC 9700 section 4.14.2).
	ReuseKillsFamily bool
	// EchoRefreshToken sends the same refresh token back, as GoTo did until 2024.
	EchoRefreshToken bool
	// InvalidGrantStatus is the HTTP status of invalid_grant: 400 by RFC 6749 section 5.2. GoTo's is not documented.
	InvalidGrantStatus int

	// AccessTokenLifetime counts from the issue of each token: 3600 s (GoTo guide).
	AccessTokenLifetime time.Duration

	// RequestsPerSecond is how many token requests are served in any second; the others get 429. 0 means no limit. GoTo
	// documents 10.
	RequestsPerSecond int
	// RetryAfter is sent with 429, in whole seconds. 0 sends no such header. GoTo may do either.
	RetryAfter time.Duration

	// PersonalAccessTokenDisabled turns that grant type off, as on GoTo's client page.
	PersonalAccessTokenDisabled bool

	// ExtraReply is merged into every successful token reply: another expires_in or unknown members, for example.
	ExtraReply map[string]any
	// OmitReply names members that successful token replies leave out.
	OmitReply []string

	// Intercept is called for every request to the token endpoint that is within the limit, and for every GET Me of the
	// Admin API and of SCIM. The request is already counted, and its body is unread. Intercept returns true if it has
	// answered the request. It runs outside the lock, so it may wait and may call the server's methods.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	// BeforeAnswer is called for every token request after the stand-in has processed it: the refresh token is already
	// replaced, or the code used up. The answer is sent when BeforeAnswer returns, and is lost if it panics with
	// http.ErrAbortHandler. It is called even if the client has disconnected. It runs outside the lock, and may call
	// the server's methods.
	BeforeAnswer func(r *http.Request)
}

// documented returns the behavior that GoTo documents.
func documented() Behavior {
	return Behavior{
		InvalidGrantStatus:  http.StatusBadRequest,
		AccessTokenLifetime: time.Hour,
	}
}

// Configure changes the current behavior. Tokens and codes keep the lifetime they were issued with. Fields that are
// changed in one call take effect together. The function runs under the lock and must not call the server.
func (s *Server) Configure(change func(*Behavior)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.behavior)
}

// intercepted lets a test answer a request.
func (s *Server) intercepted(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	intercept := s.behavior.Intercept
	s.mu.Unlock()
	return intercept != nil && intercept(w, r)
}

// holdAnswer lets a test delay or lose the answer to a request that has been processed.
func (s *Server) holdAnswer(r *http.Request) {
	s.mu.Lock()
	before := s.behavior.BeforeAnswer
	s.mu.Unlock()
	if before != nil {
		before(r)
	}
}

// replaces reports whether the policy requires a new refresh token now.
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
