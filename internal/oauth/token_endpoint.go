package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const (
	// maxReply bounds what is read of a reply, in bytes.
	maxReply = 1 << 20
	// The wait before the n-th repetition is about n times this long, or n seconds after 429.
	retryWait = 500 * time.Millisecond
)

// TokenEndpoint sends token requests. All fields but Wait and Log are required; an endpoint must not be
// copied.
type TokenEndpoint struct {
	Server    Server
	UserAgent string
	HTTP      *http.Client // see [NewHTTPClient]; its Timeout bounds each single request
	// MaxRetries is how often a request is repeated at most.
	MaxRetries int
	// Now is the clock that dates in Retry-After are compared with.
	Now func() time.Time
	// Wait says how long to wait before repetition n = 1, 2, … where the server does not say; nil
	// means about n half seconds, and n seconds after 429.
	Wait func(n int) time.Duration
	// Log is told about repetitions; nil is silent.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	turns turns
}

// Budget is the longest time a call of [TokenEndpoint.Token] takes once it is its turn, repetitions and
// waiting included.
func (e *TokenEndpoint) Budget() time.Duration {
	return e.HTTP.Timeout * time.Duration(e.MaxRetries+1)
}

// Token trades grant for an access token (RFC 6749 sections 4.1.3 and 6; GoTo guide "Personal
// access tokens"). A failure is a [*TokenError].
func (e *TokenEndpoint) Token(ctx context.Context, client Client, grant Grant) (Token, error) {
	exchange := &exchange{
		endpoint: e,
		grant:    grant,
		secrets:  []secret.Value{client.Secret, grant.Credential, grant.CodeVerifier, secret.New(client.basicCredentials())},
	}
	if err := exchange.takeTurn(ctx); err != nil {
		return Token{}, exchange.failed(ctx, err)
	}
	defer exchange.endTurn()
	ctx, cancel := context.WithTimeout(ctx, e.Budget())
	defer cancel()
	return exchange.run(ctx, client)
}

// exchange is one token request with its repetitions.
type exchange struct {
	endpoint *TokenEndpoint
	grant    Grant
	secrets  []secret.Value
	// sent tells whether the request at hand has had a connection to travel on. Set on the
	// transport's goroutines.
	sent atomic.Bool
	// turn is that of the request at hand. Ended on the transport's goroutines.
	turn atomic.Pointer[turn]
	// ambiguous tells whether the server may have processed an earlier repetition.
	ambiguous bool
	// turnedAway is the status of the answer that is being waited after, 0 while a request is under way.
	turnedAway int
	repetition int
	// pause is how long to wait before the next one.
	pause time.Duration
	body  []byte
}

func (x *exchange) run(ctx context.Context, client Client) (Token, error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { x.sent.Store(true) },
		WroteRequest: func(httptrace.WroteRequestInfo) { x.endTurn() },
	})
	form := x.grant.form(client).Encode()
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, x.url(), strings.NewReader(form))
	if err != nil {
		return Token{}, fmt.Errorf("preparing the token request: %w", err)
	}
	request.Header.Set("Authorization", "Basic "+client.basicCredentials())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", x.endpoint.UserAgent)
	request.SetResponseHandler(x.read)

	response, err := (&retryablehttp.Client{
		HTTPClient:     x.endpoint.HTTP,
		RetryMax:       x.endpoint.MaxRetries,
		RequestLogHook: x.prepare,
		CheckRetry:     x.retry,
		Backoff:        x.wait,
		ErrorHandler:   retryablehttp.PassthroughErrorHandler,
	}).Do(request)
	if response != nil {
		defer response.Body.Close() //nolint:errcheck // read to its end or given up: nothing depends on it
	}
	// A whole answer counts, even where the context ended right after it.
	if err != nil && (response == nil || x.body == nil) {
		return Token{}, x.failed(ctx, err)
	}
	// A reply after which the last repetition was spent has not been read yet.
	if x.body == nil {
		if err := x.read(response); err != nil {
			return Token{}, x.failed(ctx, err)
		}
	}
	return x.decide(response)
}

func (x *exchange) url() string { return x.endpoint.Server.base + tokenPath }

func (x *exchange) prepare(_ retryablehttp.Logger, request *http.Request, repetition int) {
	if repetition > 0 {
		if x.endpoint.Log != nil {
			x.endpoint.Log(request.Context(), "repeating the token request",
				map[string]any{"repetition": repetition, "grant_type": string(x.grant.Type)})
		}
		if err := x.takeTurn(request.Context()); err != nil {
			return // the context has ended, which the request itself will find out
		}
	}
	x.sent.Store(false)
	x.body, x.turnedAway = nil, 0
	x.repetition = repetition
}

func (x *exchange) takeTurn(ctx context.Context) error {
	turn, err := x.endpoint.turns.take(ctx)
	if err == nil {
		x.turn.Store(turn)
	}
	return err
}

func (x *exchange) endTurn() { x.turn.Load().end() }

// read takes in the reply. Its errors are failures of the connection.
func (x *exchange) read(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	if err != nil && !unavailable(response.StatusCode) { // there the status says enough
		return fmt.Errorf("reading the reply: %w", err)
	}
	x.body = body
	return nil
}

func (x *exchange) retry(ctx context.Context, response *http.Response, err error) (bool, error) {
	x.endTurn() // where no request was written
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	x.pause = x.endpoint.pause(x.repetition+1, response)
	return fits(ctx, x.pause) && retryable(x.grant, x.sent.Load(), response, err), nil
}

// wait is called when the request is going to be repeated after response, nil: after none.
func (x *exchange) wait(_, _ time.Duration, _ int, response *http.Response) time.Duration {
	if response != nil && unavailable(response.StatusCode) {
		x.turnedAway = response.StatusCode
	}
	x.ambiguous = x.ambiguous || (x.sent.Load() && !surelyUnprocessed(x.turnedAway))
	return x.pause
}

// pause returns how long to wait before repetition n, after response or, if that is nil, after none.
func (e *TokenEndpoint) pause(n int, response *http.Response) time.Duration {
	step := retryWait
	if response != nil {
		if asked := RetryAfter(response.Header, e.Now()); asked > 0 {
			return asked
		}
		if response.StatusCode == http.StatusTooManyRequests {
			step = second // within the same one it would be too many again
		}
	}
	if e.Wait != nil {
		return e.Wait(n)
	}
	// Spread, so that processes turned away together do not come back together.
	half := time.Duration(n) * step / 2
	return half + rand.N(2*half) //nolint:gosec // not a secret
}

// failed describes a request without a whole answer.
func (x *exchange) failed(ctx context.Context, err error) error {
	outcome := NotSent
	switch {
	case x.turnedAway != 0:
		outcome = Unavailable
	case x.sent.Load() || x.ambiguous:
		outcome = Interrupted
	}
	if wrapped, isURL := errors.AsType[*url.Error](err); isURL {
		err = wrapped.Err // without the method and URL, which TokenError has
	}
	reason := Clean(err.Error(), x.secrets)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason = "the run was cancelled"
	case x.turnedAway != 0 && errors.Is(err, context.DeadlineExceeded):
		reason = fmt.Sprintf("its turn to be sent again did not come within %s", x.endpoint.Budget())
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		reason = fmt.Sprintf("no answer within %s", x.endpoint.HTTP.Timeout)
	}
	return &TokenError{Outcome: outcome, Grant: x.grant.Type, Endpoint: x.url(), Status: x.turnedAway, Reason: reason, Err: ctx.Err()}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// decide turns an answer into a token or an error.
func (x *exchange) decide(response *http.Response) (Token, error) {
	failure := &TokenError{
		Outcome:    Refused,
		Grant:      x.grant.Type,
		Endpoint:   x.url(),
		Status:     response.StatusCode,
		RetryAfter: RetryAfter(response.Header, x.endpoint.Now()),
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		failure.Code, failure.Reason = Explain(response.StatusCode, response.Header.Get("Content-Type"), x.body, x.secrets)
		if unavailable(response.StatusCode) {
			failure.Outcome = Unavailable
		}
		return Token{}, failure
	}
	if len(x.body) > maxReply {
		failure.Outcome, failure.Reason = Unusable, "the reply is longer than 1 MiB"
		return Token{}, failure
	}
	token, err := decodeToken(x.body)
	if err != nil {
		failure.Outcome, failure.Reason = Unusable, err.Error()
		return Token{}, failure
	}
	return token, nil
}
