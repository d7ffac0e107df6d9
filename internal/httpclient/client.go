// Package httpclient holds what the clients of GoTo's APIs have in common: the connection, the address of a server, and
// the reading of replies and errors.
package httpclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// New returns a client for requests that carry credentials: it follows no redirects, takes the proxy from the
// environment, speaks TLS 1.2 or later and gives up after timeout, which covers a whole request with its reply. It
// shares no state with the default client of net/http.
func New(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: timeout}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: timeout,
			ForceAttemptHTTP2:   true,
			// Requests are rare. If one used an idle connection that the server has just closed, nobody would know
			// whether it was processed.
			DisableKeepAlives: true,
		},
	}
}
