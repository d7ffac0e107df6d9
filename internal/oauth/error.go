package oauth

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Outcome is what is known about a failed token request.
type Outcome int

const (
	// NotSent: there was no connection, so the server has seen nothing.
	NotSent Outcome = iota + 1
	// Interrupted: the request was sent, but no complete answer came back. It may have been processed.
	Interrupted
	// Unavailable: the server, or a gateway before it, answered that it cannot serve now (429, 5xx).
	Unavailable
	// Refused: the server refused the request (RFC 6749 section 5.2).
	Refused
	// Unusable: the server reported success with a reply that cannot be used.
	Unusable
)

// Codes of RFC 6749 section 5.2 that callers distinguish.
const (
	InvalidClient      = "invalid_client"
	InvalidGrant       = "invalid_grant"
	UnauthorizedClient = "unauthorized_client"
)

// TokenError is a failed token request. It contains no secret, even if the server repeated one.
type TokenError struct {
	Outcome  Outcome
	Grant    GrantType
	Endpoint string
	// Status is the HTTP status, or 0 without an answer.
	Status int
	// Code is the error code of the reply, or empty.
	Code string
	// Reason says in words what came back or went wrong.
	Reason string
	// Ambiguous reports whether the server may have processed an earlier attempt of the same request, because that
	// attempt got no answer or an unclear one.
	Ambiguous bool
	// RetryAfter is how long the server asked to wait, or 0.
	RetryAfter time.Duration
	// Err is the context's error if the context ended the request, and nil otherwise. It is never the error of
	// net/http, which repeats what a server sends instead of HTTP.
	Err error `json:"-"`
}

// Error implements the error interface.
func (e *TokenError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("POST %s: %s", e.Endpoint, e.Reason)
	}
	status := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
	return fmt.Sprintf("POST %s: %s: %s", e.Endpoint, status, e.Reason)
}

// Unwrap returns the context's error if the context ended the request.
func (e *TokenError) Unwrap() error { return e.Err }

// MaybeProcessed reports whether the server may have processed the request anyway, which uses up an authorization code.
func (e *TokenError) MaybeProcessed() bool {
	if e.Ambiguous {
		return true
	}
	switch e.Outcome {
	case Interrupted, Unusable:
		return true
	case Unavailable:
		return !isUnprocessed(e.Status)
	case NotSent, Refused:
	}
	return false
}

// unavailable reports whether a status says "not now".
func unavailable(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// isUnprocessed reports whether a status means that the server has not processed the request.
func isUnprocessed(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
