package httpclient

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ParseBaseURL parses the address of a server that receives credentials. It must be https, or http to a loopback
// address, and have no user name, query or fragment. A trailing slash is dropped.
func ParseBaseURL(raw string) (*url.URL, error) {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme == "" || parsed.Hostname() == "" {
		// The parser's own error repeats the text, which may contain a password.
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
			return nil, fmt.Errorf("credentials are sent to %s and would travel unencrypted. Use https (http is accepted for a loopback address only)",
				parsed.Hostname())
		}
	default:
		return nil, fmt.Errorf("the address must start with https://, not with %s://", parsed.Scheme)
	}
	parsed.Path = strings.TrimRight(parsed.Path, "/")
	parsed.RawPath = ""
	parsed.Host = strings.ToLower(Authority(parsed)) // so that each server has one name, also in cache keys
	return parsed, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Authority returns the host with its port, but without the default port of the scheme, which browsers do not show.
func Authority(u *url.URL) string {
	defaultPort := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return strings.TrimSuffix(u.Host, defaultPort)
}
