package standin

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	refreshTokenLifetime = 30 * 24 * time.Hour // from the issue of each token (GoTo guide)
	codeLifetime         = 10 * time.Minute    // from the issue of each code (seen on the live service)
)

// login is the consent of a person to a client. Its tokens end when it is revoked.
type login struct {
	client    string
	principal string
	scope     string
	revoked   bool
}

// code is an authorization code (RFC 6749 section 4.1.2).
type code struct {
	*login
	redirectURI string // As sent in the authorize call; empty if none was sent.
	challenge   string // RFC 7636; empty without PKCE.
	expires     time.Time
	used        bool
}

type refreshToken struct {
	*login
	issued, expires time.Time
	replaced        bool
}

type accessToken struct {
	*login
	client  string // The client that got it; a personal access token itself belongs to none.
	expires time.Time
	revoked bool
}

// store contains everything that was issued, by its text. The server's lock guards it.
type store struct {
	codes                map[string]*code
	refreshTokens        map[string]*refreshToken
	accessTokens         map[string]*accessToken
	personalAccessTokens map[string]*login
	issued               []string
}

func newStore() store {
	return store{
		codes:                map[string]*code{},
		refreshTokens:        map[string]*refreshToken{},
		accessTokens:         map[string]*accessToken{},
		personalAccessTokens: map[string]*login{},
	}
}

func (s *store) addCode(c *code) string {
	text := s.newText("code")
	s.codes[text] = c
	return text
}

func (s *store) addRefreshToken(t *refreshToken) string {
	text := s.newText("refresh")
	s.refreshTokens[text] = t
	return text
}

func (s *store) addAccessToken(t *accessToken) string {
	text := s.newText("access")
	s.accessTokens[text] = t
	return text
}

// newText returns the text of a code or token: long, random, and in the format of a JWT, like GoTo's. Its signature is
// not valid, which does not matter, because it is opaque to clients (RFC 6749 section 1.4).
func (s *store) newText(kind string) string {
	random := make([]byte, 256)
	_, _ = rand.Read(random) // It never fails.
	header, _ := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT"})
	payload, _ := json.Marshal(map[string]string{"kind": kind, "jti": rand.Text()}) // These never fail either.
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(header) + "." + encode(payload) + "." + encode(random)
	s.issued = append(s.issued, text)
	return text
}

// Login describes the token for [Server.IssueRefreshTokenFor]. An empty field means the default.
type Login struct{ ClientID, Principal, Scope string }

// IssueRefreshToken returns a new refresh token of the default client and person, as from a login elsewhere.
func (s *Server) IssueRefreshToken() string { return s.IssueRefreshTokenFor(Login{}) }

// IssueRefreshTokenFor is [Server.IssueRefreshToken] for another client, person or scope. It panics if the client is
// not registered, because then the test is wrong.
func (s *Server) IssueRefreshTokenFor(of Login) string {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newRefreshToken(s.newLogin(of), now)
}

// NewestRefreshToken returns the refresh token that was issued last, or an empty string. If there is only one login,
// the client has to use this token next.
func (s *Server) NewestRefreshToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range slices.Backward(s.store.issued) {
		if s.store.refreshTokens[text] != nil {
			return text
		}
	}
	return ""
}

// IssuePersonalAccessToken returns a new personal access token of the default person. Every client
// may send it.
func (s *Server) IssuePersonalAccessToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.store.newText("pat")
	s.store.personalAccessTokens[text] = s.newLogin(Login{})
	return text
}

// RevokeAll revokes every refresh token, as if the person had logged out. Access tokens keep their lifetime.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.store.refreshTokens)
}

// RevokeAccessTokens revokes every access token. The logins behind them continue.
func (s *Server) RevokeAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.store.accessTokens {
		token.revoked = true
	}
}

// Secrets returns every text that must not leak: all codes and tokens that were issued, the client secrets, and the
// Basic credentials that contain those secrets.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	secrets := make([]string, 0, len(s.store.issued)+2*len(s.clients))
	for _, c := range s.clients {
		secrets = append(secrets, c.secret, base64.StdEncoding.EncodeToString([]byte(c.id+":"+c.secret)))
	}
	return append(secrets, s.store.issued...)
}

func (s *Server) newLogin(of Login) *login {
	l := &login{client: of.ClientID, principal: of.Principal, scope: of.Scope}
	if l.client == "" {
		l.client = s.clients[0].id
	}
	if _, known := s.client(l.client); !known {
		panic(fmt.Sprintf("standin: client %q is not registered", l.client))
	}
	if l.principal == "" {
		l.principal = Principal
	}
	if l.scope == "" {
		l.scope = Scope
	}
	return l
}

func (s *Server) newRefreshToken(l *login, now time.Time) string {
	return s.store.addRefreshToken(&refreshToken{
		login: l, issued: now, expires: now.Add(refreshTokenLifetime),
	})
}
