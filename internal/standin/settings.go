package standin

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The defaults of a stand-in.
const (
	// ClientID is the ID of the default client, in GoTo's format.
	ClientID = "7c1f3a52-0d4e-4b8a-9f66-2f5b1c9e0a37"
	// ClientSecret is its secret. As in GoTo's secrets, URL-encoding would change some characters.
	ClientSecret = "not+a+real/secret=="
	// RedirectURI is the redirect URI registered by default.
	RedirectURI = "https://example.com/oauth-landing"
	// AdminCenterScope is the scope for GET Me ("Admin Center" on GoTo's client page).
	AdminCenterScope = "identity:"
	// ProfileScope is enough for SCIM ("Profile" on GoTo's client page). AdminCenterScope is enough as well.
	ProfileScope = "identity:scim.me"
	// Scope is the scope of a login that requests none.
	Scope = "collab: " + AdminCenterScope + " users.v1.lines.read"
)

// Option changes a stand-in before it starts.
type Option func(*settings)

// WithClient registers a client. It may be repeated. The first client replaces [ClientID], which is then unknown, as
// the default client.
func WithClient(id, secret string) Option {
	return func(s *settings) { s.clients = append(s.clients, client{id, secret}) }
}

// WithRedirectURIs registers these redirect URIs instead of [RedirectURI]. The first one is the default.
// [Server.LandingURI] is always registered as the last one, so it is the default if uris is empty.
func WithRedirectURIs(uris ...string) Option {
	return func(s *settings) { s.initialURIs = slices.Clone(uris) }
}

// WithAddress listens on this address instead of a free loopback port.
func WithAddress(address string) Option {
	return func(s *settings) { s.address = address }
}

// WithClock makes the stand-in read the time from now.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.now = now }
}

// settings never change after the server has started, so they are read without the lock.
type settings struct {
	clients     []client
	initialURIs []string // Redirect URIs; more may be registered later.
	address     string
	now         func() time.Time
}

type client struct{ id, secret string }

// has compares secrets in constant time.
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
