package standin

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a stand-in knows when it is not told otherwise.
const (
	// ClientID is the default client, in the shape of GoTo's.
	ClientID = "7c1f3a52-0d4e-4b8a-9f66-2f5b1c9e0a37"
	// ClientSecret is its secret. URL-encoding would change it, as it would GoTo's secrets.
	ClientSecret = "not+a+real/secret=="
	// RedirectURI is the redirect URI registered by default.
	RedirectURI = "https://example.com/oauth-landing"
	// AdminCenterScope is what a token needs for GET Me (GoTo's client page calls it Admin Center).
	AdminCenterScope = "identity:"
	// ProfileScope is enough for SCIM, which AdminCenterScope opens as well (GoTo's client page calls it Profile).
	ProfileScope = "identity:scim.me"
	// Scope is what a login gets when nothing is asked for and no scopes are registered.
	Scope = "collab: " + AdminCenterScope + " users.v1.lines.read"
)

// Option changes a stand-in before it starts.
type Option func(*settings)

// WithClient registers a client. It may be repeated; the first one named takes the place of
// [ClientID] as the default client, which is then no longer known.
func WithClient(id, secret string) Option {
	return func(s *settings) { s.clients = append(s.clients, client{id, secret}) }
}

// WithRedirectURIs registers these redirect URIs instead of [RedirectURI]. The first one is the
// default. [Server.LandingURI] is always registered, as the last, and so alone if none is named.
func WithRedirectURIs(uris ...string) Option {
	return func(s *settings) { s.initialURIs = slices.Clone(uris) }
}

// WithScopes registers the scopes of the clients: nothing beyond them is granted, and all of them
// when nothing is asked for. Without it everything asked for is granted.
func WithScopes(scopes ...string) Option {
	return func(s *settings) { s.scopes = slices.Clone(scopes) }
}

// WithAddress listens on this address instead of a free loopback port.
func WithAddress(address string) Option {
	return func(s *settings) { s.address = address }
}

// WithClock makes the stand-in read the time from now.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.now = now }
}

// settings do not change once the server has started, and are read without the lock.
type settings struct {
	clients     []client
	initialURIs []string // Redirect URIs; more may be registered later.
	scopes      []string
	address     string
	now         func() time.Time
}

type client struct{ id, secret string }

// has compares in time that does not tell how much of the secret is right.
func (c client) has(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(c.secret), []byte(secret)) == 1
}

func newSettings(options []Option) settings {
	s := settings{
		initialURIs: []string{RedirectURI},
		address:     "127.0.0.1:0",
		now:         time.Now,
	}
	for _, option := range options {
		option(&s)
	}
	if len(s.clients) == 0 {
		s.clients = []client{{ClientID, ClientSecret}}
	}
	return s
}

func (s *settings) check() error {
	for i, c := range s.clients {
		// The user name of a Basic header ends at the first colon (RFC 7617 section 2).
		if c.id == "" || strings.Contains(c.id, ":") {
			return fmt.Errorf("client id %q: it must be non-empty and without a colon", c.id)
		}
		if slices.ContainsFunc(s.clients[:i], func(other client) bool { return other.id == c.id }) {
			return fmt.Errorf("client id %q is registered twice", c.id)
		}
	}
	for _, uri := range s.initialURIs {
		if err := checkRedirectURI(uri); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) client(id string) (client, bool) {
	i := slices.IndexFunc(s.clients, func(c client) bool { return c.id == id })
	if i < 0 {
		return client{}, false
	}
	return s.clients[i], true
}

// defaultScope is what a login gets that asks for nothing: all scopes of the client (GoTo guide).
func (s *settings) defaultScope() string {
	if len(s.scopes) == 0 {
		return Scope
	}
	return strings.Join(s.scopes, " ")
}

// allows tells whether a client may ask for this scope.
func (s *settings) allows(scope string) bool {
	return len(s.scopes) == 0 || !slices.ContainsFunc(strings.Fields(scope), func(one string) bool {
		return !slices.Contains(s.scopes, one)
	})
}
