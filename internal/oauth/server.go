// Package oauth speaks GoTo's OAuth 2.0: the authorize URL, the address the browser lands on, the
// three grants, the token endpoint's replies and its errors.
//
// It is written on net/http and not on golang.org/x/oauth2, which URL-escapes the client secret in
// the Basic header (GoTo compares it raw, so every secret with a "+" or "=" fails), repeats a
// refused POST with the credentials in the body, and puts whole response bodies into its errors.
package oauth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
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

// Server is an authorization server: the base under which its authorize and token endpoints lie.
type Server struct{ base string }

// NewServer checks base, an absolute https URL without query (http is allowed to a loopback
// address), and returns the server there. Its errors are sentences about base.
func NewServer(base string) (Server, error) {
	parsed, err := ParseBaseURL(base)
	if err != nil {
		return Server{}, err
	}
	if strings.EqualFold(parsed.Hostname(), retiredHost) {
		return Server{}, fmt.Errorf("GoTo has retired the OAuth endpoints on %s (/oauth/v2). Use %s, which is the default",
			retiredHost, DefaultAuthenticationURL)
	}
	for _, endpoint := range []string{authorizePath, tokenPath} {
		if strings.HasSuffix(parsed.Path, endpoint) {
			return Server{}, fmt.Errorf("the address must be the base of the endpoints, without %q", endpoint)
		}
	}
	return Server{base: parsed.String()}, nil
}

// String returns the base URL in its normal form, without a slash at the end.
func (s Server) String() string { return s.base }

// ParseBaseURL reads the address of a server that is sent credentials. It must be https, or http
// to a loopback address, and carry neither user name, query nor fragment. The slash at its end is
// dropped.
func ParseBaseURL(raw string) (*url.URL, error) {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme == "" || parsed.Hostname() == "" {
		// The parser's own error repeats the text, which may hold a password.
		return nil, errors.New(`the address is not an absolute URL like "https://host"`)
	}
	if parsed.User != nil {
		return nil, errors.New("the address must not contain a user name or password")
	}
	if parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "" {
		return nil, errors.New("the address must not have a query or a fragment")
	}
	switch parsed.Scheme {
	case "https":
	case "http":
		if !isLoopback(parsed.Hostname()) {
			return nil, fmt.Errorf("credentials are sent to %s and would travel in the clear. Use https (http is accepted for a loopback address only)",
				parsed.Hostname())
		}
	default:
		return nil, fmt.Errorf("the address must start with https://, not with %s://", parsed.Scheme)
	}
	parsed.Path = strings.TrimRight(parsed.Path, "/")
	parsed.RawPath = ""
	parsed.Host = strings.ToLower(authority(parsed)) // one server has one name, in the keys of the cache too
	return parsed, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
