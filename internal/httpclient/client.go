// Package httpclient contains what the clients of GoTo's APIs share: connections, base URLs, and the reading of replies
// and errors.
package httpclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// New returns a client for requests that carry credentials: it follows no redirects, takes the proxy from the
// environment, requires TLS 1.2 or later, and gives up after timeout, which covers a whole request with its reply. It
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
			// Requests are rare. If the server closed an idle connection just as a request used it, the client could
			// not tell whether the server processed the request.
			DisableKeepAlives: true,
		},
	}
}
