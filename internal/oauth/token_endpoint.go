package oauth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// TokenEndpoint sends token requests. All fields except Wait, Abandon and Log are required. An endpoint must not be
// copied.
type TokenEndpoint struct {
	Server    Server
	UserAgent string
	HTTP      *http.Client // see [httpclient.New]; its Timeout bounds each single request
	// MaxRetries limits the retries of a request.
	MaxRetries int
	// Now returns the time with which dates in Retry-After are compared.
	Now func() time.Time
	// Wait returns how long to wait before retry n = 1, 2, … unless the server says how long. Nil means about n half
	// seconds, or about n seconds after 429.
	Wait func(n int) time.Duration
	// Abandon ends even the wait for the answer to a request that has been sent. Nil never ends.
	Abandon context.Context
	// Log receives a message for each retry. Nothing is logged if it is nil.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	limiter rateLimiter
}

// Token exchanges grant for an access token (RFC 6749 sections 4.1.3 and 6; GoTo guide "Personal access tokens"). The
// error is a [*TokenError].
//
// When ctx is canceled, Token still waits for the answer to a request that has been sent if that answer cannot be
// obtained again (see [cancelGrace]), but it does not retry. Token calls ready when the rate limit admits the request,
// before anything is sent, and returns its error unchanged.
func (e *TokenEndpoint) Token(ctx context.Context, client Client, grant Grant, ready func() error) (Token, error) {
	x := &exchange{
		endpoint: e,
		client:   client,
		grant:    grant,
		secrets:  []secret.Value{client.Secret, grant.Credential, grant.CodeVerifier, secret.New(client.basicCredentials())},
	}
	slot, err := e.limiter.acquire(ctx)
	if err != nil {
		return Token{}, x.failed(ctx, attempt{err: err})
	}
	if err := ready(); err != nil {
		slot.release()
		return Token{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.Budget())
	defer cancel()
	for retry := 1; ; retry++ {
		last := x.send(ctx, slot)
		wait := e.waitBefore(retry, last)
		if retry > e.MaxRetries || ctx.Err() != nil || !fits(ctx, wait) || !retryable(grant, last) {
			return x.decide(ctx, last)
		}
		x.ambiguous = x.ambiguous || last.maybeProcessed()
		if slot, err = x.waitToRetry(ctx, wait, retry); err != nil {
			return Token{}, x.failed(ctx, attempt{err: err, lastStatus: last.unavailableStatus()})
		}
	}
}

// Budget returns the longest time that [TokenEndpoint.Token] takes after the rate limit has admitted its request, with
// all retries and waits.
func (e *TokenEndpoint) Budget() time.Duration {
	return e.HTTP.Timeout * time.Duration(e.MaxRetries+1)
}

// exchange is a token request with its retries.
type exchange struct {
	endpoint *TokenEndpoint
	client   Client
	grant    Grant
	secrets  []secret.Value
	// ambiguous reports whether the server may have processed an earlier attempt.
	ambiguous bool
}

// waitBefore returns how long to wait before retry n, after the last attempt.
func (e *TokenEndpoint) waitBefore(n int, last attempt) time.Duration {
	step := waitStep
	if retryAfter := httpclient.RetryAfter(last.header, e.Now()); retryAfter > 0 {
		return retryAfter
	}
	if last.status == http.StatusTooManyRequests {
		step = rateWindow // a retry within the same second would exceed the limit again
	}
	if e.Wait != nil {
		return e.Wait(n)
	}
	// Random, so that processes that got 429 at the same time do not retry at the same time.
	half := time.Duration(n) * step / 2
	return half + rand.N(2*half) //nolint:gosec // not a secret
}

// waitStep is the wait before the first retry, on average. The wait before retry n is n times as long.
const waitStep = 500 * time.Millisecond

// waitToRetry waits, and returns the slot for a retry.
func (x *exchange) waitToRetry(ctx context.Context, wait time.Duration, retry int) (*slot, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if x.endpoint.Log != nil {
		x.endpoint.Log(ctx, "retrying the token request",
			map[string]any{"retry": retry, "grant_type": string(x.grant.Type)})
	}
	return x.endpoint.limiter.acquire(ctx)
}

// decide turns the last attempt into a token or an error.
func (x *exchange) decide(ctx context.Context, last attempt) (Token, error) {
	if last.stage != answered {
		return Token{}, x.failed(ctx, last)
	}
	failure := &TokenError{
		Outcome:    Refused,
		Grant:      x.grant.Type,
		Endpoint:   x.url(),
		Status:     last.status,
		RetryAfter: httpclient.RetryAfter(last.header, x.endpoint.Now()),
		Ambiguous:  x.ambiguous,
	}
	if last.status < 200 || last.status > 299 {
		failure.Code, failure.Reason = httpclient.Explain(last.status, last.header.Get("Content-Type"), last.body, x.secrets)
		if unavailable(last.status) {
			failure.Outcome = Unavailable
		}
		return Token{}, failure
	}
	if len(last.body) > httpclient.MaxBody {
		failure.Outcome, failure.Reason = Unusable, "the reply is longer than 1 MiB"
		return Token{}, failure
	}
	token, err := decodeToken(last.body)
	if err != nil {
		failure.Outcome, failure.Reason = Unusable, err.Error()
		return Token{}, failure
	}
	return token, nil
}

// failed returns the error for an exchange that ended without a complete answer.
func (x *exchange) failed(ctx context.Context, last attempt) error {
	outcome := NotSent
	switch {
	case last.lastStatus != 0:
		outcome = Unavailable
	case last.stage == sent || x.ambiguous:
		outcome = Interrupted
	}
	err := httpclient.Cause(last.err)
	reason := redact.Text(err.Error(), x.secrets)
	timedOut := isTimeout(err) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason = "the run was canceled"
	case last.lastStatus != 0 && timedOut:
		reason = fmt.Sprintf("it could not be sent again within %s", x.endpoint.Budget())
	case timedOut:
		reason = fmt.Sprintf("no answer within %s", x.endpoint.HTTP.Timeout)
	}
	return &TokenError{Outcome: outcome, Grant: x.grant.Type, Endpoint: x.url(), Status: last.lastStatus, Reason: reason,
		Ambiguous: x.ambiguous, Err: ctx.Err()}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (x *exchange) url() string { return x.endpoint.Server.base + tokenPath }
