package oauth

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryable decides whether a token request may be sent again after an attempt.
//
// An authorization code is sent again only when the request surely was not processed: one that got
// through the first time is used up, and showing it again may revoke what it was exchanged for
// (RFC 6749 section 4.1.2).
func retryable(grant Grant, last attempt) bool {
	if last.reached == answered {
		return surelyUnprocessed(last.status) || last.status >= 500 && grant.Reusable()
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	if errors.As(last.err, &certificate) || (errors.As(last.err, &lookup) && lookup.IsNotFound) {
		return false
	}
	return grant.Reusable() || last.reached != sent
}

// RetryAfter reads the Retry-After header, in seconds or as a date (RFC 9110 section 10.2.3). It
// returns 0 where there is none, where it cannot be read and where its time has come.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if limit := int64(maxRetryAfter / time.Second); err != nil || seconds > limit {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}

// maxRetryAfter only keeps absurd values from overflowing: waiting ends with the budget of the request.
const maxRetryAfter = 365 * 24 * time.Hour

// fits tells whether wait ends before ctx does.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || wait < time.Until(deadline)
}
