package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const (
	adminPath = "/admin/rest/v1/me"
	scimPath  = "/identity/v1/Users/me"
	// invalidToken is the error code that api.getgo.com sends, with status 403, for an expired token.
	invalidToken = "InvalidToken"
)

// Client asks GoTo's APIs who owns a token.
type Client struct {
	// URL is the base of both APIs, without a trailing slash.
	URL        string
	UserAgent  string
	HTTP       *http.Client // see [httpclient.New]
	MaxRetries int
	// Now returns the time with which dates in Retry-After are compared.
	Now func() time.Time
}

// Error is a failed request. It contains no secret.
type Error struct {
	Endpoint string
	Status   int    // HTTP status, 0 without an answer
	Code     string // GoTo's error code; may be empty
	Reason   string // what came back or went wrong
}

// Error implements the error interface.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("GET %s: %s", e.Endpoint, e.Reason)
	}
	return fmt.Sprintf("GET %s: %d %s: %s", e.Endpoint, e.Status, http.StatusText(e.Status), e.Reason)
}

// refused reports whether the API refused the token: it has expired or lacks a scope, or its person lacks a permission.
func (e *Error) refused() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// RefusedError reports that the Admin API refused the token, and that the request to SCIM failed too.
type RefusedError struct{ Admin, SCIM *Error }

// Error implements the error interface.
func (e *RefusedError) Error() string { return e.Admin.Error() + ". " + e.SCIM.Error() }

// TokenEnded reports whether the token may have been refused because it has expired: with
// status 401, or on api.getgo.com with status 403 and [invalidToken].
func (e *RefusedError) TokenEnded() bool {
	return e.Admin.Status == http.StatusUnauthorized || e.Admin.Code == invalidToken
}

// Me returns the owner of accessToken. It asks the Admin API (GoTo guide "Admin API", GET Me) and, if that refuses the
// token, SCIM, which requires a different scope. The error is an [*Error] or a [*RefusedError].
func (c *Client) Me(ctx context.Context, accessToken secret.Value) (Person, error) {
	person, failure := c.fetch(ctx, adminPath, accessToken, decodePerson)
	if failure == nil {
		person.Source = AdminAPI
		return person, nil
	}
	if !failure.refused() {
		return Person{}, failure
	}
	person, scimFailure := c.fetch(ctx, scimPath, accessToken, decodeUser)
	if scimFailure == nil {
		person.Source = SCIM
		return person, nil
	}
	return Person{}, &RefusedError{Admin: failure, SCIM: scimFailure}
}

// fetch sends one request, with retries, and decodes the reply.
func (c *Client) fetch(ctx context.Context, path string, accessToken secret.Value, decode func([]byte) (Person, error)) (Person, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.HTTP.Timeout*time.Duration(c.MaxRetries+1))
	defer cancel()
	failure := &Error{Endpoint: c.URL + path}
	response, err := c.get(ctx, failure.Endpoint, accessToken)
	if err != nil {
		failure.Reason = redact.Text(httpclient.Cause(err).Error(), []secret.Value{accessToken})
		return Person{}, failure
	}
	defer func() { _ = response.Body.Close() }() // already read, or not needed
	failure.Status = response.StatusCode
	body, err := httpclient.ReadBody(response.Body)
	switch {
	case err != nil:
		failure.Reason = "the reply was cut off"
	case response.StatusCode != http.StatusOK:
		failure.Code, failure.Reason = httpclient.Explain(response.StatusCode, response.Header.Get("Content-Type"), body, []secret.Value{accessToken})
	case len(body) > httpclient.MaxBody:
		failure.Reason = "the reply is longer than 1 MiB"
	default:
		person, err := decode(body)
		if err == nil {
			return person, nil
		}
		failure.Reason = err.Error()
	}
	return Person{}, failure
}

func (c *Client) get(ctx context.Context, endpoint string, accessToken secret.Value) (*http.Response, error) {
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+accessToken.Reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.UserAgent)
	return (&retryablehttp.Client{
		HTTPClient:   c.HTTP,
		RetryMax:     c.MaxRetries,
		RetryWaitMin: 250 * time.Millisecond,
		RetryWaitMax: 750 * time.Millisecond,
		CheckRetry:   c.shouldRetry,
		Backoff:      retryablehttp.RateLimitLinearJitterBackoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}).Do(request)
}

// shouldRetry is the library's policy, except that it gives up if the server asks for a longer wait than the request's
// deadline allows.
func (c *Client) shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if response != nil {
		wait := httpclient.RetryAfter(response.Header, c.Now())
		if deadline, limited := ctx.Deadline(); limited && wait > time.Until(deadline) {
			return false, nil
		}
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, err)
}
