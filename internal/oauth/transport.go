package oauth

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// NewHTTPClient returns a client for requests that carry credentials: it follows no redirects,
// takes the proxy from the environment, speaks TLS 1.2 or later and gives up after timeout, which
// covers a whole request with its reply. It shares nothing with the defaults of net/http.
func NewHTTPClient(timeout time.Duration) *http.Client {
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
			// Requests are rare, and one that meets an idle connection which the server has just closed
			// leaves open whether it was processed.
			DisableKeepAlives: true,
		},
	}
}
