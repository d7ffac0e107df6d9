package oauth

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// retryable reports whether a token request may be sent again after an attempt.
//
// An authorization code is sent again only if the request was certainly not processed. Otherwise, the code may be used
// up, and sending it again may revoke the tokens that it was exchanged for (RFC 6749 section 4.1.2).
func retryable(grant Grant, last attempt) bool {
	if last.stage == answered {
		return isUnprocessed(last.status) || last.status >= 500 && grant.Reusable()
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	if errors.As(last.err, &certificate) || (errors.As(last.err, &lookup) && lookup.IsNotFound) {
		return false
	}
	return grant.Reusable() || last.stage != sent
}

// fits reports whether wait ends before ctx does.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || wait < time.Until(deadline)
}
