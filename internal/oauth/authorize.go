package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// AuthorizationRequest is the request that a person allows in the browser (RFC 6749 section 4.1.1). Only ClientID is
// required.
type AuthorizationRequest struct {
	ClientID    string
	RedirectURI string
	// Scopes are the requested scopes; none means every scope of the client.
	Scopes        []string
	State         string
	CodeChallenge string // S256 (RFC 7636 section 4.3)
}

// AuthorizeURL returns the address at which a person signs in and allows the request. The order of the scopes does not
// matter.
func (s Server) AuthorizeURL(request AuthorizationRequest) string {
	query := url.Values{"response_type": {"code"}, "client_id": {request.ClientID}}
	if request.RedirectURI != "" {
		query.Set("redirect_uri", request.RedirectURI)
	}
	if len(request.Scopes) > 0 {
		query.Set("scope", strings.Join(slices.Sorted(slices.Values(request.Scopes)), " "))
	}
	if request.State != "" {
		query.Set("state", request.State)
	}
	if request.CodeChallenge != "" {
		query.Set("code_challenge", request.CodeChallenge)
		query.Set("code_challenge_method", "S256")
	}
	// "%20" means a space in every URL, "+" only in forms.
	return s.base + authorizePath + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// CheckScope returns an error if scope is not a single scope.
func CheckScope(scope string) error {
	if !scopeToken().MatchString(scope) {
		return fmt.Errorf("%q is not a scope: a scope is one word without spaces, quotes or backslashes", scope)
	}
	return nil
}

// scopeToken is the scope-token of RFC 6749 section 3.3.
var scopeToken = lazyRegexp(`^[\x21\x23-\x5b\x5d-\x7e]+$`)

// CheckCodeChallenge returns an error if challenge is not an S256 code challenge (RFC 7636 section 4.2).
func CheckCodeChallenge(challenge string) error {
	if !codeChallenge().MatchString(challenge) {
		return errors.New("an S256 code challenge is 43 characters of unpadded base64url: the SHA-256 of the code verifier")
	}
	return nil
}

// CheckCodeVerifier returns an error if verifier is not a PKCE code verifier (RFC 7636 section 4.1). The error does not
// repeat it.
func CheckCodeVerifier(verifier string) error {
	if !codeVerifier().MatchString(verifier) {
		return errors.New("a code verifier has 43 to 128 characters, from A-Z a-z 0-9 - . _ ~")
	}
	return nil
}

var (
	codeChallenge = lazyRegexp(`^[A-Za-z0-9_-]{43}$`)
	codeVerifier  = lazyRegexp(`^[A-Za-z0-9._~-]{43,128}$`)
)

// S256 returns the code challenge of verifier (RFC 7636 section 4.2).
func S256(verifier secret.Value) string {
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// lazyRegexp compiles an expression on first use. Compiling all expressions at the start would slow every process
// noticeably, and most processes use none.
func lazyRegexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
