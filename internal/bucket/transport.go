package bucket

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// newClient returns a client that follows no redirects, because they could send credentials elsewhere. It has no
// timeout, because contexts limit its requests.
func newClient(transport *http.Transport) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newTransport() *http.Transport {
	transport := &http.Transport{}
	configure(transport)
	return transport
}

// configure applies the settings of all connections to stores. It shares no state with the defaults of net/http.
func configure(transport *http.Transport) {
	transport.Proxy = http.ProxyFromEnvironment
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = 5 * time.Second
	transport.ForceAttemptHTTP2 = true
	transport.DisableCompression = true // encrypted contents don't shrink
	// A write on a connection that the server is closing would be ambiguous. Servers keep idle ones longer than this.
	transport.IdleConnTimeout = 3 * time.Second
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
}

// connectionFailure interprets an error without an answer.
func connectionFailure(err error) failure {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL may be signed
	}
	operation, isNet := errors.AsType[*net.OpError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case strings.Contains(err.Error(), "invalid proxy address"): // the error repeats it, password included
		return failure{reason: Unreachable, detail: "the proxy in the environment is not a URL"}
	case isUntrusted(err):
		return failure{reason: Untrusted, detail: clean(err.Error())}
	case isDNS, isNet && (operation.Op == "dial" || operation.Op == "proxyconnect" || operation.Op == "socks connect"):
		return failure{reason: Unreachable, detail: clean(err.Error())}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return failure{reason: NoAnswer, sent: true}
	}
	return failure{reason: NoAnswer, detail: clean(err.Error()), sent: true}
}

func isUntrusted(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, roots := errors.AsType[x509.SystemRootsError](err)
	return certificate || record || alert || roots || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}
