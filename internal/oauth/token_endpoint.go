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
	// MaxRetries is how often a request is repeated at most.
	MaxRetries int
	// Now returns the time with which dates in Retry-After are compared.
	Now func() time.Time
	// Wait returns how long to wait before repetition n = 1, 2, … if the server does not say. Nil means about n half
	// seconds, and n seconds after 429.
	Wait func(n int) time.Duration
	// Abandon ends the wait even for a request that has been sent. Nil never does.
	Abandon context.Context
	// Log receives repetitions. Nothing is logged if it is nil.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	turns turns
}

// Token exchanges grant for an access token (RFC 6749 sections 4.1.3 and 6; GoTo guide "Personal access tokens"). The
// error is a [*TokenError].
//
// When ctx is canceled, Token still waits for a request that has been sent and whose answer cannot be obtained again,
// see [homecoming]; it does not repeat it. Token calls ready when it is the request's turn, before anything is sent,
// and returns its error unchanged.
func (e *TokenEndpoint) Token(ctx context.Context, client Client, grant Grant, ready func() error) (Token, error) {
	x := &exchange{
		endpoint: e,
		client:   client,
		grant:    grant,
		secrets:  []secret.Value{client.Secret, grant.Credential, grant.CodeVerifier, secret.New(client.basicCredentials())},
	}
	turn, err := e.turns.take(ctx)
	if err != nil {
		return Token{}, x.failed(ctx, attempt{err: err})
	}
	if err := ready(); err != nil {
		turn.end()
		return Token{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.Budget())
	defer cancel()
	for repetition := 1; ; repetition++ {
		last := x.send(ctx, turn)
		pause := e.pause(repetition, last)
		if repetition > e.MaxRetries || ctx.Err() != nil || !fits(ctx, pause) || !retryable(grant, last) {
			return x.decide(ctx, last)
		}
		x.ambiguous = x.ambiguous || last.maybeProcessed()
		if turn, err = x.waitForTurn(ctx, pause, repetition); err != nil {
			return Token{}, x.failed(ctx, attempt{err: err, turnedAway: last.turnedAwayBy()})
		}
	}
}

// Budget returns the longest time that a call of [TokenEndpoint.Token] takes once it is its turn, with all repetitions
// and waits.
func (e *TokenEndpoint) Budget() time.Duration {
	return e.HTTP.Timeout * time.Duration(e.MaxRetries+1)
}

// exchange is a token request with its repetitions.
type exchange struct {
	endpoint *TokenEndpoint
	client   Client
	grant    Grant
	secrets  []secret.Value
	// ambiguous reports whether the server may have processed an earlier attempt.
	ambiguous bool
}

// pause returns how long to wait before repetition n, after the last attempt.
func (e *TokenEndpoint) pause(n int, last attempt) time.Duration {
	step := retryWait
	if asked := httpclient.RetryAfter(last.header, e.Now()); asked > 0 {
		return asked
	}
	if last.status == http.StatusTooManyRequests {
		step = second // within the same second there would be too many requests again
	}
	if e.Wait != nil {
		return e.Wait(n)
	}
	// Random, so that processes that were turned away together do not come back together.
	half := time.Duration(n) * step / 2
	return half + rand.N(2*half) //nolint:gosec // not a secret
}

// The wait before the n-th repetition is about n times this long, or n seconds after 429.
const retryWait = 500 * time.Millisecond

// waitForTurn returns the turn of a repetition, after a pause.
func (x *exchange) waitForTurn(ctx context.Context, pause time.Duration, repetition int) (*turn, error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if x.endpoint.Log != nil {
		x.endpoint.Log(ctx, "repeating the token request",
			map[string]any{"repetition": repetition, "grant_type": string(x.grant.Type)})
	}
	return x.endpoint.turns.take(ctx)
}

// decide turns the last attempt into a token or an error.
func (x *exchange) decide(ctx context.Context, last attempt) (Token, error) {
	if last.reached != answered {
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

// failed returns the error for a request without a complete answer.
func (x *exchange) failed(ctx context.Context, last attempt) error {
	outcome := NotSent
	switch {
	case last.turnedAway != 0:
		outcome = Unavailable
	case last.reached == sent || x.ambiguous:
		outcome = Interrupted
	}
	err := httpclient.Cause(last.err)
	reason := redact.Text(err.Error(), x.secrets)
	timedOut := isTimeout(err) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason = "the run was canceled"
	case last.turnedAway != 0 && timedOut:
		reason = fmt.Sprintf("its turn to be sent again did not come within %s", x.endpoint.Budget())
	case timedOut:
		reason = fmt.Sprintf("no answer within %s", x.endpoint.HTTP.Timeout)
	}
	return &TokenError{Outcome: outcome, Grant: x.grant.Type, Endpoint: x.url(), Status: last.turnedAway, Reason: reason,
		Ambiguous: x.ambiguous, Err: ctx.Err()}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (x *exchange) url() string { return x.endpoint.Server.base + tokenPath }
