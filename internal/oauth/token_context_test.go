package oauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// wire stands in for the network. It answers the nth request, starting at 1.
type wire func(n int, request *http.Request) (*http.Response, error)

// errDial is the error of a failed connection attempt.
var errDial = errors.New("connection refused")

type counting struct {
	wire wire
	at   []time.Duration // times of the requests since the first one
	from time.Time
}

func (c *counting) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil { // as in a real transport
		return nil, err
	}
	if c.at == nil {
		c.from = time.Now()
	}
	c.at = append(c.at, time.Since(c.from))
	_, _ = io.Copy(io.Discard, request.Body)
	_ = request.Body.Close()
	response, err := c.wire(len(c.at), request)
	if trace := httptrace.ContextClientTrace(request.Context()); !errors.Is(err, errDial) && trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return response, err
}

func replied(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func repliedAfter(status int, retryAfter string) *http.Response {
	response := replied(status, "")
	response.Header.Set("Retry-After", retryAfter)
	return response
}

// wired returns an endpoint that uses wire as its network, with the default waits. Its budget is four times timeout.
func wired(t *testing.T, timeout time.Duration, wire wire) (*oauth.TokenEndpoint, *counting) {
	t.Helper()
	sent := &counting{wire: wire}
	endpoint := newEndpoint(t, "https://goto.invalid")
	endpoint.HTTP.Transport = sent
	endpoint.HTTP.Timeout = timeout
	endpoint.MaxRetries = 3
	endpoint.Wait = nil
	return endpoint, sent
}

func TestWaitFollowsRetryAfter(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		wire  wire
		want  []time.Duration
		asked time.Duration // Retry-After of the last answer
	}{
		"seconds": {func(n int, _ *http.Request) (*http.Response, error) {
			return repliedAfter(429, []string{"2", "5", "1", "1"}[n-1]), nil
		}, []time.Duration{0, 2 * time.Second, 7 * time.Second, 8 * time.Second}, time.Second},
		"date": {func(int, *http.Request) (*http.Response, error) {
			return repliedAfter(503, time.Now().Add(3*time.Second).UTC().Format(http.TimeFormat)), nil
		}, []time.Duration{0, 3 * time.Second, 6 * time.Second, 9 * time.Second}, 3 * time.Second},
		"longer than the budget": {func(int, *http.Request) (*http.Response, error) {
			return repliedAfter(429, "41"), nil
		}, []time.Duration{0}, 41 * time.Second},
		"longer than what is left": {func(int, *http.Request) (*http.Response, error) {
			return repliedAfter(429, "30"), nil
		}, []time.Duration{0, 30 * time.Second}, 30 * time.Second},
	} {
		for _, grant := range everyGrant {
			synctest.Test(t, func(t *testing.T) {
				endpoint, sent := wired(t, 10*time.Second, test.wire)
				started := time.Now()
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				if failure := tokenError(t, err); failure.Outcome != oauth.Unavailable || failure.MaybeProcessed() || failure.RetryAfter != test.asked {
					t.Errorf("%s: outcome %d, %v, retry after %s", name, failure.Outcome, err, failure.RetryAfter)
				}
				if diff := cmp.Diff(test.want, sent.at); diff != "" {
					t.Errorf("%s: request times (-want +got):\n%s", name, diff)
				}
				if took, last := time.Since(started), test.want[len(test.want)-1]; took != last {
					t.Errorf("%s: failed after %s, but the last request was sent after %s", name, took, last)
				}
			})
		}
	}
}

func TestDefaultWaitBetweenRetries(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		wire    wire
		step    time.Duration
		outcome oauth.Outcome
	}{
		"not reached":   {func(int, *http.Request) (*http.Response, error) { return nil, errDial }, 500 * time.Millisecond, oauth.NotSent},
		"not available": {func(int, *http.Request) (*http.Response, error) { return replied(503, ""), nil }, 500 * time.Millisecond, oauth.Unavailable},
		"too many":      {func(int, *http.Request) (*http.Response, error) { return replied(429, ""), nil }, rateWindow, oauth.Unavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			endpoint, sent := wired(t, 30*time.Second, test.wire)
			_, err := endpoint.Token(t.Context(), theClient, codeGrant, ready)
			if failure := tokenError(t, err); failure.Outcome != test.outcome || len(sent.at) != 4 {
				t.Fatalf("%s: outcome %d after %d requests", name, failure.Outcome, len(sent.at))
			}
			for n := 1; n < 4; n++ {
				about := time.Duration(n) * test.step
				if wait := sent.at[n] - sent.at[n-1]; wait < about/2 || wait > about*3/2 {
					t.Errorf("%s: the wait before retry %d was %s", name, n, wait)
				}
			}
		})
	}
}

func TestNoAnswerTimesOut(t *testing.T) {
	t.Parallel()

	drip := func(status int) wire {
		return func(_ int, request *http.Request) (*http.Response, error) {
			response := replied(status, "")
			response.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
				select {
				case <-request.Context().Done():
					return 0, request.Context().Err()
				case <-time.After(100 * time.Millisecond):
					return copy(p, "{"), nil
				}
			}))
			return response, nil
		}
	}
	for name, test := range map[string]struct {
		wire wire
		failing
	}{
		"no answer": {func(_ int, request *http.Request) (*http.Response, error) {
			<-request.Context().Done()
			return nil, request.Context().Err()
		}, failing{[2]int32{1, 4}, oauth.Interrupted, 0, true, "no answer within 10s"}},
		"200 byte by byte": {drip(200), failing{[2]int32{1, 4}, oauth.Interrupted, 0, true, "no answer within 10s"}},
		"400 byte by byte": {drip(400), failing{[2]int32{1, 4}, oauth.Interrupted, 0, true, "no answer within 10s"}},
		"500 byte by byte": {drip(500), failing{[2]int32{1, 4}, oauth.Unavailable, 500, true, "~{{"}},
		"503 byte by byte": {drip(503), failing{[2]int32{4, 4}, oauth.Unavailable, 503, false, "~{{"}},
	} {
		for _, grant := range everyGrant {
			synctest.Test(t, func(t *testing.T) {
				endpoint, sent := wired(t, 10*time.Second, test.wire)
				if got := endpoint.Budget(); got != 40*time.Second {
					t.Errorf("got a budget of %s", got)
				}
				started := time.Now()
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				test.check(t, grant, err, int32(len(sent.at)))
				if took := time.Since(started); took > endpoint.Budget() || took < 9*time.Second*time.Duration(len(sent.at)) {
					t.Errorf("%s: %s: took %s", name, grant.Type, took)
				}
			})
		}
	}
}

// If its answer cannot be obtained again, a request that has been sent outlasts the cancellation of its run: for 10
// seconds, until the request timeout, or until the second Ctrl-C.
func TestCanceledDuringARequest(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		timeout time.Duration
		answer  time.Duration // time of the answer; 0 means never
		abandon time.Duration // time of the second Ctrl-C; 0 means never
		ended   time.Duration // for a code or a refresh token
	}{
		"no answer":                {timeout: time.Minute, ended: 10 * time.Second},
		"request timeout":          {timeout: 3 * time.Second, ended: 3 * time.Second},
		"answer":                   {timeout: time.Minute, answer: 9 * time.Second, ended: 9 * time.Second},
		"second Ctrl-C":            {timeout: time.Minute, abandon: 2 * time.Second, ended: 2 * time.Second},
		"answer before the second": {timeout: time.Minute, answer: time.Second, abandon: 2 * time.Second, ended: time.Second},
	} {
		for _, grant := range everyGrant {
			synctest.Test(t, func(t *testing.T) {
				endpoint, sent := wired(t, test.timeout, nil)
				ctx, cancel := context.WithCancel(t.Context())
				abandoned, abandon := context.WithCancel(t.Context())
				defer abandon()
				endpoint.Abandon = abandoned
				sent.wire = func(_ int, request *http.Request) (*http.Response, error) {
					httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{})
					cancel()
					var answered <-chan time.Time
					if test.answer > 0 {
						answered = time.After(test.answer)
					}
					select {
					case <-answered:
						return replied(200, documentedBody), nil
					case <-request.Context().Done():
						return nil, request.Context().Err()
					}
				}
				if test.abandon > 0 {
					time.AfterFunc(test.abandon, abandon)
				}
				started := time.Now()
				_, err := endpoint.Token(ctx, theClient, grant, ready)
				want := test.ended
				if grant.Type == oauth.PersonalAccessToken {
					want = 0
				}
				if took := time.Since(started); took != want {
					t.Errorf("%s, %s: took %s, want %s", name, grant.Type, took, want)
				}
				if comesHome := want > 0 && want == test.answer; comesHome && err != nil {
					t.Errorf("%s, %s: %v", name, grant.Type, err)
				} else if !comesHome {
					failing{[2]int32{1, 1}, oauth.Interrupted, 0, true, "the run was canceled"}.check(t, grant, err, int32(len(sent.at)))
				}
			})
		}
	}
}

func TestCanceledBeforeTheRequest(t *testing.T) {
	t.Parallel()

	base, requests := counted(t, answer(http.StatusOK, "application/json", documentedBody))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, grant := range everyGrant {
		_, err := newEndpoint(t, base).Token(ctx, theClient, grant, ready)
		failing{[2]int32{0, 0}, oauth.NotSent, 0, false, "the run was canceled"}.check(t, grant, err, requests.Load())
	}
}

func TestCanceledBetweenRetries(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		wire wire
		failing
	}{
		"unavailable": {func(int, *http.Request) (*http.Response, error) { return repliedAfter(429, "9"), nil },
			failing{[2]int32{1, 1}, oauth.Unavailable, 429, false, "the run was canceled"}},
		"not reached": {func(int, *http.Request) (*http.Response, error) { return nil, errDial },
			failing{[2]int32{1, 1}, oauth.NotSent, 0, false, "the run was canceled"}},
	} {
		for _, grant := range everyGrant {
			synctest.Test(t, func(t *testing.T) {
				endpoint, sent := wired(t, 10*time.Second, test.wire)
				ctx, cancel := context.WithCancel(t.Context())
				started := time.Now()
				go func() {
					synctest.Wait() // until Token waits
					cancel()
				}()
				_, err := endpoint.Token(ctx, theClient, grant, ready)
				test.check(t, grant, err, int32(len(sent.at)))
				if took := time.Since(started); took != 0 || !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v after %s", name, err, took)
				}
			})
		}
	}
}

// A request that the server may have processed stays ambiguous even if its retries never reach the server.
func TestRequestStaysAmbiguousAfterRetries(t *testing.T) {
	t.Parallel()

	for name, first := range map[string]func() (*http.Response, error){
		"interrupted": func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"500":         func() (*http.Response, error) { return replied(500, ""), nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			endpoint, sent := wired(t, 10*time.Second, func(n int, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return first()
				}
				return nil, errDial
			})
			_, err := endpoint.Token(t.Context(), theClient, refreshing, ready)
			failure := tokenError(t, err)
			if failure.Outcome != oauth.Interrupted || failure.Status != 0 || len(sent.at) != 4 {
				t.Errorf("%s: outcome %d after %d requests, %v", name, failure.Outcome, len(sent.at), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		endpoint, _ := wired(t, 10*time.Second, func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return replied(429, ""), nil
			}
			return nil, errDial
		})
		_, err := endpoint.Token(t.Context(), theClient, codeGrant, ready)
		if failure := tokenError(t, err); failure.Outcome != oauth.NotSent {
			t.Errorf("429, then no connection: outcome %d, %v", failure.Outcome, err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
