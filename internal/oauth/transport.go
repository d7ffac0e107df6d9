package oauth

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
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
			Proxy:               proxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: timeout,
			ForceAttemptHTTP2:   true,
			IdleConnTimeout:     30 * time.Second,
		},
	}
}

var errProxyAddress = errors.New("the proxy address in the environment (HTTPS_PROXY or HTTP_PROXY) cannot be read")

func proxyFromEnvironment(request *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil {
		// The error repeats the address, which may hold a password.
		return nil, errProxyAddress
	}
	return proxy, nil
}
