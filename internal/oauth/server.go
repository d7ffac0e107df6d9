// Package oauth implements GoTo's OAuth 2.0: the authorize URL, the address that the browser lands on, the three
// grants, and the replies and errors of the token endpoint.
//
// It uses net/http rather than golang.org/x/oauth2, which URL-escapes the client secret in the Basic header (GoTo
// compares it raw, so every secret with a "+" or "=" fails), repeats a refused POST with the credentials in the body,
// and puts whole response bodies into its errors.
package oauth

import (
	"fmt"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
)

const (
	// DefaultAuthenticationURL is the base of GoTo's authorize and token endpoints
	// (GoTo guide "How to get an access token").
	DefaultAuthenticationURL = "https://authentication.logmeininc.com"

	authorizePath = "/oauth/authorize"
	tokenPath     = "/oauth/token"

	// retiredHost served the endpoints below /oauth/v2 until 2025-09-30.
	retiredHost = "api.getgo.com"
)

// Server is an authorization server, identified by the base URL of its authorize and token endpoints.
type Server struct{ base string }

// NewServer returns the server at base, which must be an absolute https URL without a query. A loopback address may use
// http.
func NewServer(base string) (Server, error) {
	parsed, err := httpclient.ParseBaseURL(base)
	if err != nil {
		return Server{}, err
	}
	if strings.EqualFold(parsed.Hostname(), retiredHost) {
		return Server{}, fmt.Errorf("GoTo has retired the OAuth endpoints on %s (/oauth/v2). Use %s, which is the default",
			retiredHost, DefaultAuthenticationURL)
	}
	for _, endpoint := range []string{authorizePath, tokenPath} {
		if strings.HasSuffix(parsed.Path, endpoint) {
			return Server{}, fmt.Errorf("the address must be the base URL of the endpoints, without %q", endpoint)
		}
	}
	return Server{base: parsed.String()}, nil
}

// String returns the base URL in its normal form, without a trailing slash.
func (s Server) String() string { return s.base }
